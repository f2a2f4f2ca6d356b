import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ keyspaces: [{ id: 2, name: 'carts', replicas: 3, conflict: 'siblings' }] });
});
afterAll(() => cluster.close());

const keys = '/v1/keyspaces/carts/keys';

function to(node: number, path: string, options: Omit<RawRequest, 'port' | 'path'> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[node] ?? 0, path, ...options });
}

function put(node: number, key: string, body: string, context?: string): Promise<RawResponse> {
  const headers = { 'content-type': 'text/plain', ...(context !== undefined && { 'kv-context': context }) };
  return to(node, `${keys}/${key}`, { method: 'PUT', body, headers });
}

function contextOf(response: RawResponse): string {
  return String(response.headers['kv-context']);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface SiblingsBody {
  readonly siblings: { readonly version: string; readonly contentType: string; readonly value: string }[];
  readonly context: string;
}

function siblingsOf(response: RawResponse): SiblingsBody {
  return JSON.parse(response.body.toString()) as SiblingsBody;
}

describe('a keyspace with siblings over HTTP', () => {
  it('answers with the one value there is, as any keyspace does, and with a context', async () => {
    const written = await put(0, 'one', 'milk');
    expect(written).toMatchObject({ status: 204, headers: { 'kv-outcome': 'applied', 'kv-siblings': '1' } });
    const read = await to(1, `${keys}/one`);
    expect(read).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain', etag: written.headers.etag } });
    expect(read.body.toString()).toBe('milk');
    expect(contextOf(read)).toMatch(/^[A-Za-z0-9_-]{50,}$/);
    const again = await to(2, `${keys}/one`, { headers: { 'if-none-match': String(written.headers.etag) } });
    expect(again.status).toBe(304);
  });

  it('answers with all of several, until a write with their context replaces them', async () => {
    const first = await put(0, 'cart', 'milk');
    const second = await put(1, 'cart', 'bread');
    expect(second.headers['kv-siblings']).toBe('2');
    expect(second.headers.etag).toBeUndefined();
    const read = await to(2, `${keys}/cart`);
    expect(read).toMatchObject({
      status: 300,
      headers: { 'kv-outcome': 'siblings', 'content-type': 'application/json' },
    });
    expect(read.headers.etag).toBeUndefined();
    const { siblings, context } = siblingsOf(read);
    expect(siblings.map(({ version }) => version)).toEqual([first.headers['kv-version'], second.headers['kv-version']]);
    expect(siblings.map(({ value }) => Buffer.from(value, 'base64').toString())).toEqual(['milk', 'bread']);
    expect(siblings.map(({ contentType }) => contentType)).toEqual(['text/plain', 'text/plain']);
    expect(context).toBe(contextOf(read));
    const head = await to(2, `${keys}/cart`, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 300, headers: { 'kv-context': context } });
    expect(head.body).toHaveLength(0);

    const resolved = await put(2, 'cart', 'milk, bread', context);
    expect(resolved.headers).toMatchObject({ 'kv-siblings': '1', etag: `"${String(resolved.headers['kv-version'])}"` });
    expect((await to(0, `${keys}/cart`)).body.toString()).toBe('milk, bread');
  });

  it('deletes what the context covers and nothing else, and remembers in a context what was deleted', async () => {
    await put(0, 'gone', 'old');
    const old = contextOf(await to(0, `${keys}/gone`));
    await put(1, 'gone', 'new');
    await to(2, `${keys}/gone`, { method: 'DELETE', headers: { 'kv-context': old } });
    const left = await to(0, `${keys}/gone`);
    expect(left.body.toString()).toBe('new');
    const deleted = await to(2, `${keys}/gone`, { method: 'DELETE', headers: { 'kv-context': contextOf(left) } });
    expect(deleted).toMatchObject({ status: 204, headers: { 'kv-siblings': '0' } });
    const absent = await to(1, `${keys}/gone`);
    expect(problemOf(absent)).toMatchObject({ status: 404, code: 'KEY_NOT_FOUND' });
    expect(absent.headers['kv-version']).toBe(deleted.headers['kv-version']);
    expect(contextOf(absent)).toMatch(/^[A-Za-z0-9_-]{50,}$/);
    expect((await to(1, `${keys}/never-written`)).headers['kv-context']).toBeUndefined();
  });

  it('refuses a write that would leave too many, with what to do about it', async () => {
    for (let number = 0; number < 32; number += 1) await put(0, 'many', `blind ${number}`);
    const refused = await put(0, 'many', 'one too many');
    expect(problemOf(refused)).toMatchObject({ status: 409, code: 'TOO_MANY_SIBLINGS', outcome: 'rejected' });
    expect(refused.body.toString()).toContain('read them, reconcile them');
    const read = await to(1, `${keys}/many`);
    expect(siblingsOf(read).siblings).toHaveLength(32);
    expect((await put(1, 'many', 'one', contextOf(read))).status).toBe(204);
  });

  it('refuses a context that is none, or of another key, and one where there are no siblings', async () => {
    await put(0, 'mine', 'x');
    await put(0, 'other', 'x');
    const other = contextOf(await to(0, `${keys}/other`));
    for (const context of ['!', 'AAAA', '', `${other},${other}`, other]) {
      const refused = await put(1, 'mine', 'y', context);
      expect(problemOf(refused)).toMatchObject({ status: 400, code: 'INVALID_CONTEXT' });
    }
    expect((await to(2, `${keys}/mine`)).body.toString()).toBe('x');
    const plain = await to(0, '/v1/keyspaces/default/keys/a', {
      method: 'PUT',
      body: 'x',
      headers: { 'kv-context': other },
    });
    expect(problemOf(plain)).toMatchObject({ status: 400, code: 'NOT_SUPPORTED' });
  });

  it('works in a batch, where an operation tells and takes what a request of its own would', async () => {
    const batch = async (...operations: object[]): Promise<Record<string, unknown>[]> => {
      const body = JSON.stringify({ operations });
      const response = await to(1, '/v1/keyspaces/carts/batch', { method: 'POST', body });
      return (JSON.parse(response.body.toString()) as { results: Record<string, unknown>[] }).results;
    };
    await put(0, 'in-batch', 'milk');
    const bread = { type: 'put', key: 'in-batch', value: { text: 'bread' } };
    expect(await batch(bread)).toMatchObject([{ status: 204, outcome: 'applied', siblings: 2 }]);
    const [both] = await batch({ type: 'get', key: 'in-batch' });
    const values = [{ value: base64('milk') }, { value: base64('bread') }];
    expect(both).toMatchObject({ status: 300, outcome: 'siblings', value: { json: { siblings: values } } });
    const context = both?.['context'];
    expect(await batch({ ...bread, context })).toMatchObject([{ status: 204, siblings: 1 }]);
    const [one, ...wrong] = await batch(
      { type: 'get', key: 'in-batch' },
      { type: 'put', key: 'another', value: { text: 'x' }, context },
      { type: 'delete', key: 'in-batch', context: '!' },
      { type: 'delete', key: 'in-batch' },
      { type: 'put', key: 'in-batch', value: { text: 'x' }, ttl: '1h' },
    );
    expect(one).toMatchObject({ status: 200, value: { text: 'bread' } });
    expect(wrong.map(({ problem }) => (problem as { code: string }).code)).toEqual([
      ...Array.from({ length: 3 }, () => 'INVALID_CONTEXT'),
      'NOT_SUPPORTED',
    ]);
    expect(await batch({ type: 'delete', key: 'in-batch', context: one?.['context'] })).toMatchObject([
      { status: 204, siblings: 0 },
    ]);
  });

  it('is counted: reads that found several, and writes refused', async () => {
    const metrics = (await to(0, '/metrics')).body.toString();
    expect(metrics).toMatch(/kv_siblings_refused_total 1/);
    expect((await to(2, '/metrics')).body.toString()).toMatch(/kv_reads_siblings_total 2/);
  });
});
