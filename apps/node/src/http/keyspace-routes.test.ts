import { changeIdAt } from '@kv/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';

/** What these tests look at of an answer. */
interface Answer {
  readonly code?: string;
  readonly since?: number;
  readonly ttlMs?: number;
  readonly outcome?: string;
  /** Of the description of the API. */
  readonly paths?: Record<string, Record<string, { readonly responses: object }>>;
}

describe('keyspaces over HTTP', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start();
  });
  afterAll(() => cluster.close());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    { node = 0, headers = {} }: { node?: number; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; outcome: unknown; json: Answer }> {
    const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const port = cluster.ports[node] ?? 0;
    const answer = await send({ port, path, method, headers, ...(text !== undefined && { body: text }) });
    const received = answer.body.toString();
    const json = (received === '' ? {} : JSON.parse(received)) as Answer;
    return { status: answer.status, outcome: answer.headers['kv-outcome'], json };
  }

  it('are made, listed, used at another node, altered and dropped', async () => {
    const made = await ask('PUT', '/v1/keyspaces/orders', { replicas: 2, readLevel: 'all', ttlMs: 60_000 });
    expect(made).toMatchObject({ status: 201, json: { name: 'orders', replicas: 2, readLevel: 'all', ttlMs: 60_000 } });
    const since = made.json.since ?? 0;
    const listed = await ask('GET', '/v1/keyspaces', undefined, { node: 1 });
    expect(listed.json).toMatchObject({ epoch: since, keyspaces: [{ name: 'default' }, { name: 'orders' }] });
    expect((await ask('PUT', '/v1/keyspaces/orders/keys/a', 'text', { node: 2 })).status).toBe(204);
    const altered = await ask('PATCH', '/v1/keyspaces/orders', { readLevel: 'one', ttlMs: null }, { node: 1 });
    expect(altered).toMatchObject({ status: 200, json: { readLevel: 'one', since: since + 1 } });
    expect(altered.json.ttlMs).toBeUndefined();
    expect((await ask('GET', '/v1/keyspaces/orders')).json).toEqual(altered.json);
    expect(await ask('DELETE', '/v1/keyspaces/orders')).toMatchObject({
      status: 400,
      json: { code: 'CONFIRMATION_NEEDED' },
    });
    expect((await ask('DELETE', '/v1/keyspaces/orders?confirm=orders', undefined, { node: 2 })).status).toBe(204);
    expect(await ask('PUT', '/v1/keyspaces/orders/keys/a', 'text', { node: 2 })).toMatchObject({
      status: 404,
      json: { code: 'UNKNOWN_KEYSPACE' },
    });
  });

  it('a creation that is tried again under its idempotency key is the same one', async () => {
    const headers = { 'idempotency-key': changeIdAt(Date.now(), '0123456789abcdef012') };
    const first = await ask('PUT', '/v1/keyspaces/once', {}, { headers });
    const again = await ask('PUT', '/v1/keyspaces/once', {}, { headers, node: 1 });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    expect(await ask('PUT', '/v1/keyspaces/once', {})).toMatchObject({
      status: 409,
      json: { code: 'KEYSPACE_EXISTS' },
    });
  });

  it('a change that is tried again when it is forgotten may have been made, which is said and described', async () => {
    const headers = { 'idempotency-key': changeIdAt(Date.now(), '0123456789abcdef012') };
    const path = '/v1/keyspaces/forgotten';
    expect((await ask('PUT', path, {}, { headers })).status).toBe(201);
    for (let n = 1; n <= 16; n += 1) expect((await ask('PATCH', path, { ttlMs: n })).status).toBe(200);
    const { json } = await ask('GET', '/openapi.json');
    for (const [method, target, body] of [
      ['PUT', path, {}],
      ['PATCH', path, {}],
      ['DELETE', `${path}?confirm=forgotten`, undefined],
    ] as const) {
      const again = await ask(method, target, body, { headers });
      expect(again).toMatchObject({ status: 409, outcome: 'unknown' });
      expect(again.json).toMatchObject({ code: 'OPERATION_FORGOTTEN', outcome: 'unknown' });
      expect(json.paths?.['/v1/keyspaces/{keyspace}']?.[method.toLowerCase()]?.responses).toHaveProperty('409');
    }
    expect((await ask('GET', path)).json).toMatchObject({ ttlMs: 16 });
  });

  it('an idempotency key tells a time that is not to come', async () => {
    const refusal = async (key: string): Promise<unknown> => {
      const headers = { 'idempotency-key': key };
      const { status, json } = await ask('PUT', '/v1/keyspaces/never', {}, { headers });
      return [status, json.code];
    };
    expect(await refusal('00000000-0000-4000-8000-0000000000aa')).toEqual([400, 'INVALID_CHANGE_ID']);
    const tomorrow = changeIdAt(Date.now() + 86_400_000, '0123456789abcdef012');
    expect(await refusal(tomorrow)).toEqual([400, 'STAMP_TOO_FAR_AHEAD']);
  });

  it.each([
    ['PUT', '/v1/keyspaces/x', 'not json', 400, 'MALFORMED_BODY'],
    ['PUT', '/v1/keyspaces/x', { colour: 'red' }, 400, 'MALFORMED_BODY'],
    ['PUT', '/v1/keyspaces/x', { replicas: 1.5 }, 400, 'MALFORMED_BODY'],
    ['PUT', '/v1/keyspaces/x', { replicas: 300 }, 400, 'INVALID_KEYSPACE'],
    ['PUT', '/v1/keyspaces/x', { replicas: 0 }, 400, 'INVALID_KEYSPACE'],
    ['PUT', '/v1/keyspaces/x', { replicas: 4 }, 400, 'INVALID_KEYSPACE'],
    ['PUT', '/v1/keyspaces/x', { mode: 'strong', conflict: 'siblings' }, 400, 'INVALID_KEYSPACE'],
    ['PUT', '/v1/keyspaces/Big', {}, 400, 'INVALID_KEYSPACE'],
    ['PUT', '/v1/keyspaces/default', {}, 409, 'KEYSPACE_EXISTS'],
    ['PATCH', '/v1/keyspaces/default', { mode: 'strong' }, 409, 'KEYSPACE_FIXED'],
    ['PATCH', '/v1/keyspaces/default', { replicas: 2 }, 409, 'KEYSPACE_FIXED'],
    ['PATCH', '/v1/keyspaces/none', {}, 404, 'UNKNOWN_KEYSPACE'],
    ['GET', '/v1/keyspaces/none', undefined, 404, 'UNKNOWN_KEYSPACE'],
    ['GET', '/v1/keyspaces?x=1', undefined, 400, 'UNKNOWN_PARAMETER'],
    ['DELETE', '/v1/keyspaces/none?confirm=none', undefined, 404, 'UNKNOWN_KEYSPACE'],
    ['PUT', '/v1/keyspaces/x/', {}, 404, 'NOT_FOUND'],
    ['POST', '/v1/keyspaces/x', {}, 405, 'METHOD_NOT_ALLOWED'],
  ])('%s %s %j is refused: %i %s', async (method, path, body, status, code) => {
    expect(await ask(method, path, body)).toMatchObject({ status, json: { code } });
  });
});
