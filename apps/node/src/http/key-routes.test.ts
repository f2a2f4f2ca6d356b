import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';
import { storedContentType } from './key-routes.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.close());

/** To the node with this number, 0 to 2. */
function to(node: number, path: string, options: Omit<RawRequest, 'port' | 'path'> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[node] ?? 0, path, ...options });
}

const keys = '/v1/keyspaces/default/keys';

interface ReceiptBody {
  needed: number;
  got: number;
  mode: string;
  replicas: {
    name: string;
    id: string;
    role: string;
    hintFor?: string;
    answer: string;
    version?: string;
    latencyMs?: number;
  }[];
}

function receiptOf(response: RawResponse): ReceiptBody {
  return JSON.parse(String(response.headers['kv-receipt'])) as ReceiptBody;
}

describe('a value over HTTP', () => {
  it('is the same bytes at every node, under the version that the write was told', async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const put = await to(0, `${keys}/bytes`, { method: 'PUT', body, headers: { 'content-type': 'image/png' } });
    expect(put.status).toBe(204);
    expect(put.headers['kv-outcome']).toBe('applied');
    expect(put.headers.etag).toMatch(/^"[0-9a-f]{16}-[0-9a-f]{32}"$/);
    expect(`"${String(put.headers['kv-version'])}"`).toBe(put.headers.etag);
    for (const node of [0, 1, 2]) {
      const get = await to(node, `${keys}/bytes`);
      expect(get.status).toBe(200);
      expect(get.headers).toMatchObject({
        'content-type': 'image/png',
        'content-length': '256',
        'kv-outcome': 'found',
        etag: put.headers.etag,
      });
      expect(get.body.equals(body)).toBe(true);
    }
  });

  it('names in its receipt the replicas that answered', async () => {
    const put = await to(1, `${keys}/receipt?w=3`, { method: 'PUT', body: 'x' });
    const receipt = receiptOf(put);
    expect(receipt).toMatchObject({
      mode: 'strict',
      epoch: 1,
      needed: 3,
      got: 3,
      repairs: { sent: 0, acknowledged: 0, needed: 0, held: 0 },
    });
    expect(receipt.replicas.map(({ name }) => name).sort()).toEqual(['node-1', 'node-2', 'node-3']);
    for (const replica of receipt.replicas) {
      expect(replica.answer).toBe('applied');
      expect(replica.version).toBe(put.headers['kv-version']);
      expect(replica.id).toMatch(/^[0-9a-f-]{36}$/);
      expect(replica.latencyMs).toBeGreaterThanOrEqual(0);
    }
    const get = await to(2, `${keys}/receipt?r=1`);
    expect(receiptOf(get)).toMatchObject({ needed: 1, got: 1 });
    expect(receiptOf(get).replicas).toHaveLength(1);
  });

  it('needs as many replicas as the level says that it names', async () => {
    const put = await to(0, `${keys}/level?level=all`, { method: 'PUT', body: 'x' });
    expect(receiptOf(put)).toMatchObject({ needed: 3, got: 3 });
    const get = await to(1, `${keys}/level?level=local-one`);
    expect(receiptOf(get)).toMatchObject({ needed: 1, got: 1 });
    const deleted = await to(2, `${keys}/level?level=one`, { method: 'DELETE' });
    expect(receiptOf(deleted)).toMatchObject({ needed: 1 });
  });

  it('answers HEAD as GET, without the bytes', async () => {
    await to(0, `${keys}/head`, { method: 'PUT', body: 'hello', headers: { 'content-type': 'text/plain' } });
    const get = await to(1, `${keys}/head`);
    const head = await to(1, `${keys}/head`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    for (const name of ['content-type', 'content-length', 'etag', 'kv-outcome'] as const) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
    expect((await to(1, `${keys}/never-written`, { method: 'HEAD' })).status).toBe(404);
  });

  it('is gone after a delete, which is remembered by its version', async () => {
    await to(0, `${keys}/deleted`, { method: 'PUT', body: 'x' });
    const deleted = await to(1, `${keys}/deleted`, { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    const get = await to(2, `${keys}/deleted`);
    expect(get.status).toBe(404);
    expect(get.headers['kv-version']).toBe(deleted.headers['kv-version']);
    expect(get.headers['kv-outcome']).toBe('absent');
    expect(problemOf(get)).toMatchObject({ code: 'KEY_NOT_FOUND', status: 404 });
    expect(receiptOf(get).needed).toBe(2);
  });

  it('can be empty', async () => {
    expect((await to(0, `${keys}/empty`, { method: 'PUT', body: '' })).status).toBe(204);
    const get = await to(1, `${keys}/empty`);
    expect(get.status).toBe(200);
    expect(get.headers['content-length']).toBe('0');
  });

  it('is not sent again to who has it (RFC 9110 §13.1.2)', async () => {
    const put = await to(0, `${keys}/cached`, { method: 'PUT', body: 'x' });
    const etag = String(put.headers.etag);
    for (const tags of [etag, `"other", W/${etag}`, '*']) {
      const get = await to(1, `${keys}/cached`, { headers: { 'if-none-match': tags } });
      expect(get.status).toBe(304);
      expect(get.headers.etag).toBe(etag);
      expect(get.body).toHaveLength(0);
    }
    expect((await to(1, `${keys}/cached`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });
});

describe('content types', () => {
  it.each([
    [undefined, 'application/octet-stream'],
    ['', 'application/octet-stream'],
    ['application/x-www-form-urlencoded', 'application/octet-stream'],
    ['Application/X-WWW-Form-Urlencoded; charset=utf-8', 'application/octet-stream'],
    ['application/x-www-form-urlencoded-not', 'application/x-www-form-urlencoded-not'],
    ['application/json', 'application/json'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
  ])('%j is stored as %j', async (given, stored) => {
    expect(storedContentType(given)).toBe(stored);
    const headers: Record<string, string> = given === undefined ? {} : { 'content-type': given };
    const put = await to(0, `${keys}/typed`, { method: 'PUT', body: '{}', headers });
    expect(put.status).toBe(204);
    expect((await to(1, `${keys}/typed?r=3`)).headers['content-type']).toBe(stored);
  });

  it('that cannot be stored are refused', async () => {
    for (const type of [`text/${'x'.repeat(200)}`, 'text/\u00e9']) {
      const put = await to(0, `${keys}/typed`, { method: 'PUT', body: 'x', headers: { 'content-type': type } });
      expect(problemOf(put)).toMatchObject({ code: 'INVALID_CONTENT_TYPE', status: 400 });
    }
  });

  it('do not let a browser run what was stored', async () => {
    await to(0, `${keys}/page`, { method: 'PUT', body: '<script>', headers: { 'content-type': 'text/html' } });
    expect((await to(0, `${keys}/page`)).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
    });
  });
});

describe('odd keys', () => {
  const escapeAll = (bytes: Buffer): string =>
    [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

  it.each([
    '/',
    '%',
    '..',
    '.',
    'é',
    '\0',
    'a/b',
    '%2F',
    '?',
    '#',
    '+',
    ' ',
    '\\',
    '__proto__',
    '👍',
    'x'.repeat(4096),
  ])('%j is itself, percent-encoded and as base64url', async (key) => {
    const bytes = Buffer.from(key);
    const value = `value of ${key}`;
    expect((await to(0, `${keys}/${escapeAll(bytes)}`, { method: 'PUT', body: value })).status).toBe(204);
    expect((await to(1, `${keys}/${encodeURIComponent(key)}`)).body.toString()).toBe(value);
    const encoded = await to(2, `${keys}/${bytes.toString('base64url')}?encoding=base64url`);
    expect(encoded.body.toString()).toBe(value);
  });

  it('that clients do not escape mean the same', async () => {
    await to(0, `${keys}/%2e%2e`, { method: 'PUT', body: 'dots' });
    expect((await to(0, `${keys}/..`)).body.toString()).toBe('dots');
    expect((await to(0, `http://127.0.0.1:${cluster.ports[0]}${keys}/..`)).body.toString()).toBe('dots');
  });

  it('may be any bytes with base64url', async () => {
    const key = Buffer.from([0xff, 0x00, 0xfe]).toString('base64url');
    await to(0, `${keys}/${key}?encoding=base64url`, { method: 'PUT', body: 'binary' });
    expect((await to(1, `${keys}/${key}?encoding=base64url`)).body.toString()).toBe('binary');
  });
});

interface BatchOutcome {
  readonly status: number;
  readonly problem?: { readonly code: string };
}

describe('while a member is away', () => {
  let small: TestCluster;
  beforeAll(async () => {
    small = await TestCluster.start({ nodes: 3, replicas: 3, absent: ['127.0.0.1:9'] });
  });
  afterAll(() => small.close());

  const put = (path: string) => send({ port: small.ports[0] ?? 0, path: `${keys}/${path}`, method: 'PUT', body: 'x' });

  it('a sloppy write counts another server, and names it, in the header, the status and the metrics', async () => {
    let kept = 0;
    for (let i = 0; i < 20; i += 1) {
      const response = await put(`sloppy-${i}?w=3`);
      expect(response.status).toBe(204);
      const { mode, replicas } = receiptOf(response);
      const hint = replicas.find(({ hintFor }) => hintFor !== undefined);
      expect(mode).toBe(hint === undefined ? 'strict' : 'sloppy');
      if (hint === undefined) continue;
      expect(hint).toMatchObject({ role: 'fallback', hintFor: 'node-4', answer: 'applied' });
      if (hint.name === 'node-1') kept += 1;
    }
    expect(kept).toBeGreaterThan(0);
    const status = await send({ port: small.ports[0] ?? 0, path: '/v1/cluster/status' });
    expect(JSON.parse(status.body.toString())).toMatchObject({
      hints: [{ owner: 'node-4', count: kept, replayed: 0 }],
    });
    const metrics = await send({ port: small.ports[0] ?? 0, path: '/metrics' });
    expect(metrics.body.toString()).toContain(`kv_hints_queued{owner="node-4"} ${kept}`);
  });

  it('a strict one counts owners only', async () => {
    const codes = new Set<unknown>();
    for (let i = 0; i < 20; i += 1) {
      const response = await put(`strict-${i}?w=3&sloppy=false&timeout=1000`);
      expect(receiptOf(response).mode).toBe('strict');
      codes.add(response.status === 204 ? 204 : problemOf(response).code);
    }
    expect(codes).toEqual(new Set([204, 'TOO_FEW_REPLICAS']));
  });

  it('nor does one in a batch that says so', async () => {
    const keysOf = Array.from({ length: 20 }, (_, i) => `batch-${i}`);
    const codesOf = async (sloppy: boolean): Promise<Set<unknown>> => {
      const operations = keysOf.map((key) => ({ type: 'put', key, value: { json: 1 }, w: 3, sloppy }));
      const path = '/v1/keyspaces/default/batch?timeout=1000';
      const body = JSON.stringify({ operations });
      const response = await send({ port: small.ports[0] ?? 0, path, method: 'POST', body });
      const { results } = JSON.parse(response.body.toString()) as { results: BatchOutcome[] };
      return new Set(results.map(({ status, problem }) => (status === 204 ? 204 : problem?.code)));
    };
    expect(await codesOf(true)).toEqual(new Set([204]));
    expect(await codesOf(false)).toEqual(new Set([204, 'TOO_FEW_REPLICAS']));
  });
});
