import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.close());

const keys = '/v1/keyspaces/default/keys';

function to(node: number, path: string, options: Omit<RawRequest, 'port' | 'path'> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[node] ?? 0, path: `${keys}${path}`, ...options });
}

interface Item {
  readonly key: string;
  readonly encoding?: 'base64url';
  readonly version: string;
  readonly contentType: string;
  readonly length: number;
  readonly deadline?: string;
  readonly value?: unknown;
}

async function page(node: number, query: string): Promise<{ items: Item[]; cursor?: string }> {
  const response = await to(node, `?${query}`);
  expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json']);
  return JSON.parse(response.body.toString()) as { items: Item[]; cursor?: string };
}

/** Page after page, each at another node. */
async function items(query: string): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | undefined;
  let node = 0;
  do {
    const next = await page(node, `${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    found.push(...next.items);
    cursor = next.cursor;
    node = (node + 1) % 3;
  } while (cursor !== undefined);
  return found;
}

async function put(path: string, body: string | Uint8Array, contentType?: string): Promise<string> {
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  const response = await to(0, `/${path}`, { method: 'PUT', body, headers });
  expect(response.status).toBe(204);
  return String(response.headers['kv-version']);
}

describe('a scan over HTTP', () => {
  it('lists keys with values, in order within a hash tag, each page going on at another node', async () => {
    const versions: string[] = [];
    for (let n = 0; n < 9; n += 1) versions.push(await put(`%7Buser%3A1%7D%2F${n}`, `{"n":${n}}`, 'application/json'));
    await put('%7Buser%3A2%7D%2F0', 'x');
    const found = await items(`prefix=${encodeURIComponent('{user:1}/')}&limit=2`);
    expect(found).toEqual(
      versions.map((version, n) => ({
        key: `{user:1}/${n}`,
        version,
        contentType: 'application/json',
        length: 7,
        value: { json: { n } },
      })),
    );
    const range = `gte=${encodeURIComponent('{user:1}/3')}&lt=${encodeURIComponent('{user:1}/5')}&values=false`;
    const keysOnly = (await items(range)).map(({ key, value }) => [key, value]);
    expect(keysOnly).toEqual([
      ['{user:1}/3', undefined],
      ['{user:1}/4', undefined],
    ]);
  });

  it('writes each value in one form, as its content type says, and alters none', async () => {
    const body = Buffer.from([0xff, 0, 0x7b]);
    await put('form%2Fa', '{ "big": 12345678901234567890, "a": 1, "a": 2 }\n', 'application/json');
    await put('form%2Fb', 'not json', 'application/problem+json');
    await put('form%2Fc', 'héllo\n"\u2028', 'text/plain; charset=utf-8');
    await put('form%2Fd', body, 'text/plain');
    await put('form%2Fe', 'text', 'text/plain; charset=latin1');
    await put('form%2Ff', body);
    await put('form%2Fg', '');
    await to(0, '/form%2Fh?ttl=1h', { method: 'PUT', body: 'null', headers: { 'content-type': 'application/json' } });
    const response = await to(1, '?prefix=form%2F&limit=1000');
    expect(response.body.toString()).toContain('"value":{"json":{ "big": 12345678901234567890, "a": 1, "a": 2 }\n}');
    const found = (await items('prefix=form%2F')).sort((x, y) => (x.key < y.key ? -1 : 1));
    expect(found.map(({ value }) => value)).toEqual([
      { json: { big: Number('12345678901234567890'), a: 2 } },
      { base64: Buffer.from('not json').toString('base64') },
      { text: 'héllo\n"\u2028' },
      { base64: body.toString('base64') },
      { base64: Buffer.from('text').toString('base64') },
      { base64: body.toString('base64') },
      { base64: '' },
      { json: null },
    ]);
    expect(found.map(({ deadline }) => deadline === undefined)).toEqual([...Array<boolean>(7).fill(true), false]);
    const get = await to(2, '/form%2Fh');
    expect(found.at(-1)).toMatchObject({
      deadline: get.headers['kv-deadline'],
      version: get.headers.etag?.slice(1, -1),
    });
  });

  it('takes and gives any key: text as it is, others in base64url, which a get takes', async () => {
    const tag = (name: string): string => `any:${name}`;
    const texts = ['/', '%', '..', 'é', '\0', ' +&=?#', '"\\', '\u{1f600}', 'x'.repeat(4000)].map(tag);
    for (const text of texts) await put(encodeURIComponent(text), 'x');
    const binary = Buffer.from([...Buffer.from('any:'), 0xff, 0xfe]);
    await put(`${binary.toString('base64url')}?encoding=base64url`, 'x');
    const found = await items('prefix=any%3A');
    const asText = found.filter(({ encoding }) => encoding === undefined).map(({ key }) => key);
    expect(asText.sort()).toEqual([...texts].sort());
    const others = found.filter(({ encoding }) => encoding !== undefined);
    expect(others).toMatchObject([{ key: binary.toString('base64url'), encoding: 'base64url' }]);
    for (const { key, encoding, version } of found) {
      const path = encoding === undefined ? encodeURIComponent(key) : `${key}?encoding=base64url`;
      const get = await to(1, `/${path}`);
      expect(get.headers.etag).toBe(`"${version}"`);
    }
    const prefix = Buffer.from([...Buffer.from('any:'), 0xff]).toString('base64url');
    const narrowed = await items(`encoding=base64url&prefix=${prefix}`);
    expect(narrowed.map(({ key }) => key)).toEqual([binary.toString('base64url')]);
    expect((await items('prefix=any:+%2B%26')).map(({ key }) => key)).toEqual(['any: +&=?#']);
    const longest = 'y'.repeat(4096);
    await put(longest, 'x');
    expect(await items(`prefix=${longest.slice(1)}`)).toHaveLength(1);
  });

  it('gives pages of many large values that fit into memory', async () => {
    const value = createHash('sha512').update('seed').digest('hex').repeat(2400);
    for (let n = 0; n < 8; n += 1) await put(`large%2F${n}`, value, 'text/plain');
    const first = await to(0, '?prefix=large%2F');
    expect(first.body.length).toBeLessThan(2 * 1024 * 1024);
    const found = await items('prefix=large%2F');
    expect(found.map(({ value: form }) => (form as { text: string }).text)).toEqual(Array(8).fill(value));
  });

  it('is answered by HEAD too', async () => {
    const head = await to(0, '?limit=1', { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });
});

describe('a scan that is asked for wrongly', () => {
  it.each([
    ['limit=0', 'INVALID_LIMIT'],
    ['limit=1001', 'INVALID_LIMIT'],
    ['limit=ten', 'INVALID_LIMIT'],
    ['values=yes', 'INVALID_PARAMETER'],
    ['encoding=hex', 'INVALID_PARAMETER'],
    ['prefix=a&prefix=b', 'INVALID_PARAMETER'],
    ['cursor=', 'INVALID_CURSOR'],
    ['cursor=abc', 'INVALID_CURSOR'],
    ['cursor=%00', 'INVALID_CURSOR'],
    ['prefix=%ff', 'INVALID_ENCODING'],
    ['gte=%', 'INVALID_ENCODING'],
    ['encoding=base64url&lt=a', 'INVALID_ENCODING'],
    ['gte=', 'KEY_EMPTY'],
    ['lt=', 'KEY_EMPTY'],
    [`prefix=${'x'.repeat(4097)}`, 'KEY_TOO_LONG'],
    ['r=9', 'INVALID_QUORUM'],
    ['level=most', 'INVALID_QUORUM'],
    ['timeout=0', 'INVALID_PARAMETER'],
    ['w=1', 'UNKNOWN_PARAMETER'],
    ['order=desc', 'UNKNOWN_PARAMETER'],
  ])('?%s', async (query, code) => {
    const response = await to(0, `?${query}`);
    expect(problemOf(response)).toMatchObject({ status: 400, code });
  });

  it('with the cursor of another scan, or of none', async () => {
    for (let n = 0; n < 4; n += 1) await put(`mixed${n}`, 'x');
    const { cursor = '' } = await page(0, 'prefix=mixed&limit=1');
    expect(problemOf(await to(1, `?prefix=mixe&cursor=${cursor}`))).toMatchObject({ code: 'INVALID_CURSOR' });
    const damaged = `${cursor.slice(0, 8)}${cursor[8] === 'A' ? 'B' : 'A'}${cursor.slice(9)}`;
    expect(problemOf(await to(1, `?prefix=mixed&cursor=${damaged}`))).toMatchObject({ code: 'INVALID_CURSOR' });
  });

  it('of a keyspace that is not there', async () => {
    const response = await send({ port: cluster.ports[0] ?? 0, path: '/v1/keyspaces/nowhere/keys' });
    expect(problemOf(response)).toMatchObject({ status: 404, code: 'UNKNOWN_KEYSPACE' });
  });
});

describe('a scan with too few nodes', () => {
  it('fails as a read does, with the receipt of the partition', async () => {
    const small = await TestCluster.start({ nodes: 2, replicas: 2 });
    try {
      await small.stopNode(1);
      const ask = (query: string) => send({ port: small.ports[0] ?? 0, path: `${keys}?${query}` });
      const problem = problemOf(await ask('timeout=2000'));
      expect(problem).toMatchObject({ status: 503, code: 'TOO_FEW_REPLICAS', needed: 2 });
      expect(problem['receipt']).toMatchObject({ needed: 2 });
      expect((await ask('r=1&timeout=2000')).status).toBe(200);
    } finally {
      await small.close();
    }
  });
});
