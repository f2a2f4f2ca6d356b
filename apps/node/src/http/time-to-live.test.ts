import { connect, type KvClient } from '@kv/client-sdk';
import { parseVersion } from '@kv/quorum';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { eventually, TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
let kv: KvClient;
beforeAll(async () => {
  cluster = await TestCluster.start();
  kv = await connect({ nodes: cluster.ports.map((port) => `127.0.0.1:${port}`) });
});
afterAll(async () => {
  await kv.close();
  await cluster.close();
});

const keys = '/v1/keyspaces/default/keys';

function to(node: number, path: string, options: Omit<RawRequest, 'port' | 'path'> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[node] ?? 0, path: `${keys}/${path}`, ...options });
}

async function put(key: string, ttl: string): Promise<{ readonly stampMs: number; readonly version: string }> {
  const response = await to(0, `${key}?ttl=${ttl}`, { method: 'PUT', body: 'x' });
  expect(response.status).toBe(204);
  const version = String(response.headers['kv-version']);
  const told = (await to(1, key)).headers['kv-deadline'];
  if (ttl !== '200') expect(response.headers['kv-deadline']).toBe(told);
  return { stampMs: parseVersion(version).ms, version };
}

describe('time to live over HTTP', () => {
  it.each([
    ['90000', 90_000],
    ['90000ms', 90_000],
    ['90s', 90_000],
    ['2m', 120_000],
    ['3h', 10_800_000],
    ['30d', 2_592_000_000],
  ])('ttl=%s gives a deadline so long after the version', async (ttl, ms) => {
    const { stampMs } = await put('units', ttl);
    const get = await to(1, 'units');
    expect(get.headers['kv-deadline']).toBe(new Date(stampMs + ms).toISOString());
  });

  it('ends in a 404 that still names the version', async () => {
    const { version } = await put('short', '200');
    await eventually(async () => (await to(1, 'short')).status === 404);
    const gone = await to(2, 'short?r=3');
    expect(gone.headers).toMatchObject({ 'kv-version': version, 'kv-outcome': 'absent' });
    expect(problemOf(gone)).toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('may be as long as 48 bits of milliseconds, with a deadline that RFC 3339 can say, and 0 is for ever', async () => {
    await put('long', String(2 ** 48 - 1));
    expect((await to(1, 'long')).headers['kv-deadline']).toBe('9999-12-31T23:59:59.999Z');
    await put('long', '0');
    const get = await to(1, 'long');
    expect([get.status, get.headers['kv-deadline']]).toEqual([200, undefined]);
  });

  it.each(['', '-1', '1.5', '60x', '1e3', ' 5', '5 s', 'm', String(2 ** 48), '99999999d', '1'.repeat(400)])(
    'ttl=%s is refused',
    async (ttl) => {
      const response = await to(0, `refused?ttl=${encodeURIComponent(ttl)}`, { method: 'PUT', body: 'x' });
      expect(problemOf(response)).toMatchObject({ code: 'INVALID_TTL', status: 400 });
      expect((await to(0, 'refused')).status).toBe(404);
    },
  );

  it.each(['GET', 'DELETE'])('a %s takes none', async (method) => {
    expect(problemOf(await to(0, 'any?ttl=5', { method }))).toMatchObject({ code: 'UNKNOWN_PARAMETER' });
  });
});

describe('time to live in the SDK', () => {
  it('is that of HTTP: expiresAt is the deadline', async () => {
    const values = kv.keyspace<string>();
    const { version } = await values.set('sdk', 'value', { ttlMs: 60_000 });
    const expiresAt = parseVersion(version).ms + 60_000;
    expect(await values.getEntry('sdk')).toMatchObject({ found: true, value: 'value', expiresAt });
    expect((await to(0, 'sdk')).headers['kv-deadline']).toBe(new Date(expiresAt).toISOString());
    await values.set('sdk', 'for ever');
    expect(await values.getEntry('sdk')).toMatchObject({ found: true, expiresAt: undefined });
  });

  it('ends in absence under the version of the value', async () => {
    const values = kv.keyspace<string>();
    const { version } = await values.set('brief', 'value', { ttlMs: 150 });
    await eventually(async () => (await values.get('brief')) === undefined);
    expect(await values.getEntry('brief', { r: 3 })).toMatchObject({ found: false, version });
  });
});
