import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, type RawResponse, send } from '../testing/raw-http.ts';
import { TestCluster } from '../testing/test-cluster.ts';
import { createHttpApp } from './app.ts';
import { NodeMetrics } from './metrics.ts';
import { Problem } from './problem-details.ts';
import { statusSchema } from './status-schema.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.close());

const get = (path: string): Promise<RawResponse> => send({ port: cluster.ports[0] ?? 0, path });
const json = async (path: string): Promise<unknown> => JSON.parse((await get(path)).body.toString());

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, unknown>; operationId: string }>>;
  components: { schemas: Record<string, unknown> };
}

describe('what a node tells of itself', () => {
  it('its status has the documented form and names every member', async () => {
    const status = statusSchema.strict().parse(await json('/v1/cluster/status'));
    expect(status).toMatchObject({ name: 'node-1', ready: true, generation: 1, epoch: 1, partitions: 64 });
    expect(status.members.map(({ name, state }) => ({ name, state }))).toEqual([
      { name: 'node-1', state: 'alive' },
      { name: 'node-2', state: 'alive' },
      { name: 'node-3', state: 'alive' },
    ]);
    expect(status.members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(status.clockOffsets.map(({ member }) => member).sort()).toEqual(['node-2', 'node-3']);
    for (const { offsetMs, errorMs } of status.clockOffsets) expect(Math.abs(offsetMs)).toBeLessThanOrEqual(errorMs);
    expect(status.clockCorrectionMs).toBe(0);
    expect(status.keyspaces).toMatchObject([{ id: 1, name: 'default', replicas: 3, mode: 'eventual', since: 1 }]);
  });

  it('GET / is one screen of text with its cluster, its members and links', async () => {
    const { headers, body } = await get('/');
    const lines = body.toString().split('\n');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const text of [cluster.topology.clusterId, 'node-2', '/v1/cluster/status', '/metrics', '/openapi.json']) {
      expect(body.toString()).toContain(text);
    }
  });

  it('lives and is ready', async () => {
    expect((await get('/livez')).body.toString()).toBe('alive\n');
    expect((await get('/readyz')).body.toString()).toBe('ready\n');
  });
});

describe('the metrics', () => {
  /** The text format of Prometheus 0.0.4: comments, and `name{labels} value`. */
  function samplesOf(text: string): Map<string, number> {
    const samples = new Map<string, number>();
    for (const line of text.split('\n')) {
      if (line === '' || /^# (HELP|TYPE) \w+ .+$/.test(line)) continue;
      const [, name = '', value] = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
      expect(line).toBe(`${name} ${value}`);
      samples.set(name, Number(value));
    }
    return samples;
  }

  it('parse, count what happened, and do not count twice when asked twice', async () => {
    const before = samplesOf((await get('/metrics')).body.toString());
    const key = '/v1/keyspaces/default/keys/counted';
    await send({ port: cluster.ports[0] ?? 0, path: key, method: 'PUT', body: 'x' });
    await get(key);
    await get('/metrics');
    const after = samplesOf((await get('/metrics')).body.toString());
    const gained = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(gained('kv_writes_total{outcome="applied"}')).toBe(1);
    expect(gained('kv_reads_total{outcome="found"}')).toBe(1);
    expect(gained('kv_reads_total{outcome="absent"}')).toBe(0);
    expect(after.get('kv_members{state="alive"}')).toBe(3);
    expect(after.get('kv_ready')).toBe(1);
    expect(after.get('kv_clock_correction_seconds')).toBe(0);
    expect(Math.abs(after.get('kv_clock_offset_seconds{member="node-2"}') ?? 1)).toBeLessThan(1);
    expect(after.get('kv_connections')).toBeGreaterThanOrEqual(2);
    expect(after.get('kv_storage_memtable_bytes')).toBeGreaterThan(0);
    expect(after.has('nodejs_eventloop_lag_seconds')).toBe(true);
  });
});

describe('the metrics of a failure', () => {
  it('name whom hints are for and how many were dropped, and who is not known to have everything', async () => {
    const status = cluster.node(0).member.status();
    const [, second, third] = status.members.map(({ id }) => id);
    const hints = [{ owner: second!, count: 2, bytes: 10, oldestAgeMs: 5000, replayed: 1, dropped: 3 }];
    const repairDebt = { partition: 1, keyspaceId: 1, peer: third!, ageMs: 61_000 };
    const purgeDebt = { partition: 1, keyspaceId: 1, member: second!, reason: 'HINTS_KEPT', ageMs: 7000 };
    const metrics = new NodeMetrics();
    for (const time of ['once', 'twice']) {
      const lines = (await metrics.render({ ...status, hints, repairDebt, purgeDebt }, 0)).split('\n');
      expect(lines, time).toEqual(
        expect.arrayContaining([
          'kv_hints_queued{owner="node-2"} 2',
          'kv_hints_bytes{owner="node-2"} 10',
          'kv_hints_oldest_seconds{owner="node-2"} 5',
          'kv_hints_dropped_total{owner="node-2"} 3',
          'kv_repair_debt_seconds{member="node-3"} 61',
          'kv_purge_debt_seconds{member="node-2",reason="HINTS_KEPT"} 7',
        ]),
      );
    }
  });
});

describe('the description of the API', () => {
  it('lists every route with its method, and nothing else', async () => {
    const document = (await json('/openapi.json')) as OpenApi;
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const { routes } = createHttpApp(nothing);
    const registered = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`);
    expect(described.sort()).toEqual([...new Set(registered)].sort());
    expect(described).toContain('PUT /v1/keyspaces/{keyspace}/keys/{key}');
  });

  it('is OpenAPI 3.1 whose references lead somewhere and whose operations have answers', async () => {
    const document = (await json('/openapi.json')) as OpenApi;
    expect(document.openapi).toMatch(/^3\.1\./);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    for (const [, name = ''] of references) expect(document.components.schemas).toHaveProperty(name);
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    for (const { responses } of operations) expect(Object.keys(responses).length).toBeGreaterThan(0);
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** What an application is made of when there is no member. */
const nothing = {
  member: () => {
    throw new Problem('NOT_READY', 'this node is starting');
  },
  status: () => undefined,
  connections: () => 0,
  nameOf: (id: string) => id,
  maxValueBytes: 1,
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
};

describe('a node whose member is not open yet', () => {
  const app = createHttpApp(nothing);
  const ask = async (path: string): Promise<Response> =>
    app.fetch(new Request(`http://x${path}`), { incoming: { url: path, headers: {} } });

  it.each(['/readyz', '/v1/cluster/status', '/v1/keyspaces/default/keys/a'])('answers 503 for %s', async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ code: 'NOT_READY' });
  });

  it('lives, and says what it is', async () => {
    expect((await ask('/livez')).status).toBe(200);
    expect(await (await ask('/')).text()).toMatch(/starting/);
    expect(await (await ask('/metrics')).text()).toMatch(/^kv_ready 0$/m);
  });
});

describe('a defect', () => {
  it('is logged whole and answered without a word of it', async () => {
    const logged: unknown[] = [];
    const app = createHttpApp({
      ...nothing,
      member: () => {
        throw new TypeError('the secret inside');
      },
      log: { ...nothing.log, error: (_event, fields) => logged.push(fields?.['error']) },
    });
    const incoming = { url: '/v1/keyspaces/default/keys/a', headers: {} };
    const response = await app.fetch(new Request('http://x/'), { incoming });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(text).not.toContain('secret');
    expect(logged[0]).toBeInstanceOf(TypeError);
  });

  it('of a request that is none is a problem too', async () => {
    const response = await send({ port: cluster.ports[0] ?? 0, path: '/livez', headers: { host: 'a b' } });
    expect(problemOf(response)).toMatchObject({ code: 'INVALID_TARGET', status: 400 });
  });
});
