import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
  await send({ port: port(0), path: '/v1/keyspaces/strong', method: 'PUT', body: '{"mode":"strong"}' });
});
afterAll(() => cluster.close());

const port = (node: number): number => cluster.ports[node] ?? 0;

function post(body: string, { keyspace = 'default', query = '', headers = {} } = {}): Promise<RawResponse> {
  return send({ port: port(0), path: `/v1/keyspaces/${keyspace}/batch${query}`, method: 'POST', body, headers });
}

interface Outcome {
  readonly type: string;
  readonly key: string;
  readonly status: number;
  readonly version?: string;
  readonly receipt?: { readonly needed: number };
  readonly problem?: { readonly code: string };
}

async function batch(operations: readonly object[], options: { keyspace?: string } = {}): Promise<Outcome[]> {
  const response = await post(JSON.stringify({ operations }), options);
  expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json']);
  return (JSON.parse(response.body.toString()) as { results: Outcome[] }).results;
}

describe('a batch over HTTP', () => {
  it('tells of each operation what it would tell of it alone, in their order', async () => {
    const binary = Buffer.from([0xff, 0]);
    const written = await batch([
      { type: 'put', key: 'a/b', value: { json: { n: [1, null] } }, ttl: '1h', w: 3 },
      { type: 'put', key: '\0', value: { text: 'é' } },
      { type: 'put', key: '..', value: { base64: binary.toString('base64') }, contentType: 'image/png', level: 'all' },
      { type: 'put', key: binary.toString('base64url'), encoding: 'base64url', value: { text: '' } },
      { type: 'put', key: 'x'.repeat(4096), value: { text: 'long' } },
      { type: 'delete', key: '%' },
    ]);
    expect(written.map(({ status }) => status)).toEqual(Array(6).fill(204));
    expect(written.map(({ receipt }) => receipt?.needed)).toEqual([3, 2, 3, 2, 2, 2]);
    const read = await batch(written.map(({ type: _, key, ...rest }) => ({ type: 'get', key, ...encodingIn(rest) })));
    expect(read).toMatchObject([
      { status: 200, outcome: 'found', contentType: 'application/json', value: { json: { n: [1, null] } } },
      { status: 200, contentType: 'text/plain; charset=utf-8', value: { text: 'é' } },
      { status: 200, contentType: 'image/png', length: 2, value: { base64: binary.toString('base64') } },
      { status: 200, key: binary.toString('base64url'), encoding: 'base64url', value: { text: '' } },
      { status: 200, value: { text: 'long' } },
      { status: 404, problem: { code: 'KEY_NOT_FOUND' } },
    ]);
    expect(read.slice(0, 5).map(({ version }) => version)).toEqual(written.slice(0, 5).map(({ version }) => version));
    expect(read[0]).toHaveProperty('deadline');
    const alone = await send({ port: port(1), path: '/v1/keyspaces/default/keys/a%2Fb' });
    expect(alone.headers).toMatchObject({ etag: `"${read[0]?.version}"`, 'content-type': 'application/json' });
  });

  it('is no transaction: what is wrong with one operation takes nothing from the others (T23)', async () => {
    const results = await batch([
      { type: 'put', key: 'one', value: { text: '1' } },
      { type: 'put', key: '', value: { text: 'x' } },
      { type: 'put', key: 'two', value: { text: '2', json: 2 } },
      { type: 'put', key: 'two', value: { base64: '=' } },
      { type: 'put', key: 'two', value: { text: '2' }, ttl: 'soon' },
      { type: 'put', key: 'two', value: { text: '2' }, contentType: 'é' },
      { type: 'put', key: 'two', value: { text: '2' }, w: 7 },
      { type: 'put', key: 'two', value: { text: '2' }, w: 300 },
      { type: 'get', key: 'one', r: 0 },
      { type: 'get', key: 'a=', encoding: 'base64url' },
      { type: 'get', key: 'x'.repeat(4097) },
      { type: 'get', key: 'two' },
      { type: 'put', key: 'three', value: { text: '3' } },
    ]);
    expect(results.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'KEY_EMPTY',
      'INVALID_VALUE',
      'INVALID_VALUE',
      'INVALID_TTL',
      'INVALID_CONTENT_TYPE',
      'INVALID_QUORUM',
      'INVALID_QUORUM',
      'INVALID_QUORUM',
      'INVALID_ENCODING',
      'KEY_TOO_LONG',
      'KEY_NOT_FOUND',
      undefined,
    ]);
    for (const { status, problem } of results) expect(problem === undefined ? 204 : status).toBe(status);
    expect(await batch([{ type: 'get', key: 'three' }])).toMatchObject([{ status: 200 }]);
  });

  it('works in strong keyspaces, where each operation is a change of its own', async () => {
    const options = { keyspace: 'strong' };
    const results = await batch(
      [
        { type: 'put', key: 'a', value: { json: 1 } },
        { type: 'put', key: 'b', value: { json: 1 }, w: 2 },
        { type: 'put', key: 'b', value: { json: 1 }, context: 'AAAA' },
        { type: 'delete', key: 'b', sloppy: true },
      ],
      options,
    );
    expect(results).toMatchObject([
      { status: 204, outcome: 'applied' },
      { status: 400, problem: { code: 'NOT_SUPPORTED' } },
      { status: 400, problem: { code: 'NOT_SUPPORTED' } },
      { status: 400, problem: { code: 'NOT_SUPPORTED' } },
    ]);
    expect(await batch([{ type: 'get', key: 'a' }], options)).toMatchObject([
      { status: 200, version: results[0]?.version, value: { json: 1 } },
    ]);
  });

  it('answers no more than it may hold: gets behind so many bytes are to be asked again', async () => {
    const value = { text: 'x'.repeat(700_000) };
    for (const key of ['large1', 'large2']) await batch([{ type: 'put', key, value }]);
    const gets = Array.from({ length: 128 }, (_, n) => ({ type: 'get', key: `large${(n % 2) + 1}` }));
    const results = await batch(gets);
    const codes = results.map(({ status }) => status);
    expect(codes.filter((status) => status === 200).length).toBeLessThanOrEqual(18);
    expect(codes[0]).toBe(200);
    expect(results.at(-1)).toMatchObject({ status: 413, problem: { code: 'ANSWER_TOO_LARGE' } });
  });
});

describe('a batch that is none', () => {
  it.each([
    ['MALFORMED_BODY', ''],
    ['MALFORMED_BODY', '{'],
    ['MALFORMED_BODY', '[]'],
    ['MALFORMED_BODY', '{"operations":[]}'],
    ['MALFORMED_BODY', '{"operations":[{"type":"get"}]}'],
    ['MALFORMED_BODY', '{"operations":[{"type":"get","key":1}]}'],
    ['MALFORMED_BODY', '{"operations":[{"type":"get","key":"a","w":1}]}'],
    ['MALFORMED_BODY', '{"operations":[{"type":"patch","key":"a"}]}'],
    ['MALFORMED_BODY', JSON.stringify({ operations: Array(129).fill({ type: 'get', key: 'a' }) })],
  ])('%s: %s', async (code, body) => {
    expect(problemOf(await post(body))).toMatchObject({ status: 400, code });
  });

  it.each(['if-match', 'if-none-match'])(
    'is refused with %s, which none of its operations would heed',
    async (name) => {
      const body = JSON.stringify({ operations: [{ type: 'put', key: 'conditional', value: { text: 'x' } }] });
      const response = await post(body, { keyspace: 'strong', headers: { [name]: '*' } });
      expect(problemOf(response)).toMatchObject({ status: 400, code: 'NOT_SUPPORTED' });
      expect(problemOf(response)['detail']).toContain(name);
      expect((await send({ port: port(0), path: '/v1/keyspaces/strong/keys/conditional' })).status).toBe(404);
    },
  );

  it('is refused whole for its size, its parameters and its keyspace', async () => {
    expect(problemOf(await post(' '.repeat(1024 * 1024 + 1)))).toMatchObject({ status: 413, code: 'VALUE_TOO_LARGE' });
    const get = '{"operations":[{"type":"get","key":"a"}]}';
    expect(problemOf(await post(get, { query: '?w=1' }))).toMatchObject({ code: 'UNKNOWN_PARAMETER' });
    expect(problemOf(await post(get, { query: '?timeout=0' }))).toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(problemOf(await post(get, { keyspace: 'none' }))).toMatchObject({ status: 404, code: 'UNKNOWN_KEYSPACE' });
  });
});

function encodingIn(result: object): object {
  return 'encoding' in result ? { encoding: result.encoding } : {};
}
