import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ keyspaces: [{ id: 2, name: 'strong', replicas: 3, mode: 'strong' }] });
});
afterAll(() => cluster.close());

const keys = '/v1/keyspaces/strong/keys';

/** To the node with this number, 0 to 2. */
function to(node: number, path: string, options: Omit<RawRequest, 'port' | 'path'> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[node] ?? 0, path, ...options });
}

function put(node: number, key: string, body: string, headers: Record<string, string> = {}): Promise<RawResponse> {
  return to(node, `${keys}/${key}`, { method: 'PUT', body, headers });
}

const etagOf = ({ headers }: RawResponse): string => String(headers.etag);

describe('a key of a strong keyspace over HTTP', () => {
  it('has the value that was put last, under a version that rises', async () => {
    const first = await put(0, 'key', 'first', { 'content-type': 'text/plain' });
    expect([first.status, first.headers['kv-outcome']]).toEqual([204, 'applied']);
    expect(`"${String(first.headers['kv-version'])}"`).toBe(etagOf(first));
    const second = await put(1, 'key', 'second', { 'content-type': 'text/plain' });
    expect(etagOf(second) > etagOf(first)).toBe(true);
    for (const node of [0, 1, 2]) {
      const got = await to(node, `${keys}/key`);
      expect([got.status, got.body.toString(), etagOf(got)]).toEqual([200, 'second', etagOf(second)]);
      expect(got.headers['content-type']).toBe('text/plain');
      const cached = await to(node, `${keys}/key`, { headers: { 'if-none-match': etagOf(second) } });
      expect(cached.status).toBe(304);
    }
    const deleted = await to(2, `${keys}/key`, { method: 'DELETE' });
    expect([deleted.status, deleted.headers.etag]).toEqual([204, undefined]);
    const gone = await to(0, `${keys}/key`);
    expect(gone.status).toBe(404);
    expect(gone.headers['kv-version']).toBe(deleted.headers['kv-version']);
  });

  it('says in its receipt what each owner answered', async () => {
    const changed = await put(0, 'receipt', 'x');
    const receipt = JSON.parse(String(changed.headers['kv-receipt'])) as Record<string, unknown>;
    expect(receipt).toMatchObject({ mode: 'strict', epoch: 1, needed: 2, got: 2 });
    const replicas = receipt['replicas'] as { name: string; answer: string; version?: string }[];
    expect(replicas.map(({ name }) => name).sort()).toEqual(['node-1', 'node-2', 'node-3']);
    const holders = replicas.filter(({ answer }) => answer === 'applied');
    expect(holders.length).toBeGreaterThanOrEqual(2);
    expect(new Set(holders.map(({ version }) => version))).toEqual(new Set([changed.headers['kv-version']]));
    const got = JSON.parse(String((await to(1, `${keys}/receipt`)).headers['kv-receipt'])) as Record<string, unknown>;
    expect(got).toMatchObject({ needed: 2, got: 2 });
  });

  it('is compared and set by If-Match, and created by If-None-Match', async () => {
    const created = await put(0, 'cas', 'one', { 'if-none-match': '*' });
    expect(created.status).toBe(204);
    const again = await put(1, 'cas', 'other', { 'if-none-match': '*' });
    expect(problemOf(again)).toMatchObject({ status: 412, code: 'CONDITION_FAILED', outcome: 'conflict' });
    expect(problemOf(again)).toMatchObject({ current: created.headers['kv-version'], receipt: { needed: 2 } });
    expect([etagOf(again), again.headers['kv-outcome']]).toEqual([etagOf(created), 'conflict']);
    const set = await put(2, 'cas', 'two', { 'if-match': etagOf(created) });
    expect(set.status).toBe(204);
    const stale = await put(0, 'cas', 'three', { 'if-match': etagOf(created) });
    expect(problemOf(stale)).toMatchObject({ status: 412, current: set.headers['kv-version'] });
    const kept = await to(1, `${keys}/cas`, { method: 'DELETE', headers: { 'if-match': etagOf(created) } });
    expect(kept.status).toBe(412);
    expect((await to(2, `${keys}/cas`)).body.toString()).toBe('two');
    const removed = await to(1, `${keys}/cas`, { method: 'DELETE', headers: { 'if-match': etagOf(set) } });
    expect(removed.status).toBe(204);
    const absent = await put(0, 'cas', 'four', { 'if-match': etagOf(set) });
    expect(problemOf(absent)).not.toHaveProperty('current');
    expect([absent.status, absent.headers.etag]).toEqual([412, undefined]);
  });

  it.each([
    ['if-match', '*'],
    ['if-match', '"a", "b"'],
    ['if-match', 'W/"018bcfe568000000-00000000000000000000000000000001"'],
    ['if-match', '"1"'],
    ['if-none-match', '"018bcfe568000000-00000000000000000000000000000001"'],
  ])('refuses the condition %s: %s, which it could not keep', async (header, value) => {
    const response = await put(0, 'untouched', 'x', { [header]: value });
    expect(problemOf(response)).toMatchObject({ status: 400, code: 'INVALID_CONDITION' });
    const both = await put(0, 'untouched', 'x', { 'if-match': '"x"', 'if-none-match': '*' });
    expect(problemOf(both)).toMatchObject({ status: 400, code: 'INVALID_CONDITION' });
    expect((await to(0, `${keys}/untouched`)).status).toBe(404);
  });

  it.each([
    ['PUT', 'w=3'],
    ['PUT', 'level=one'],
    ['DELETE', 'w=1'],
    ['GET', 'r=1'],
    ['GET', 'level=all'],
    ['PUT', 'sloppy=true'],
  ])('refuses %s with %s by name', async (method, parameter) => {
    const response = await to(0, `${keys}/untouched?${parameter}`, { method, ...(method === 'PUT' && { body: 'x' }) });
    expect(problemOf(response)).toMatchObject({ status: 400, code: 'NOT_SUPPORTED' });
    expect(response.body.toString()).toContain(parameter.split('=')[0]);
  });

  it('is unavailable without a majority, and says that nothing was changed', async () => {
    await put(0, 'minority', 'before');
    await cluster.stopNode(1);
    await cluster.stopNode(2);
    const read = await to(0, `${keys}/minority`);
    expect(problemOf(read)).toMatchObject({ status: 503, code: 'TOO_FEW_REPLICAS' });
    const write = await put(0, 'minority', 'after');
    expect(problemOf(write)).toMatchObject({
      status: 503,
      code: 'TOO_FEW_REPLICAS',
      outcome: 'unavailable',
      needed: 2,
    });
    expect(String(problemOf(write)['detail'])).toMatch(/nothing was changed/);
    await Promise.all([cluster.startNode(1), cluster.startNode(2)]);
    expect((await to(1, `${keys}/minority`)).body.toString()).toBe('before');
  });
});
