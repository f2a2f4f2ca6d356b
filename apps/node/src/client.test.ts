/** The SDK against real nodes: what one client writes over kv/1, another reads over HTTP, and the reverse. */
import { connect, type KvClient, KvError } from '@kv/client-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { send } from './testing/raw-http.ts';
import { eventually, freePorts, TestCluster } from './testing/test-cluster.ts';

let cluster: TestCluster;
let kv: KvClient;
beforeAll(async () => {
  cluster = await TestCluster.start({ keyspaces: [{ id: 2, name: 'carts', replicas: 3, conflict: 'siblings' }] });
  kv = await connect({ nodes: cluster.ports.map((port) => `127.0.0.1:${port}`) });
});
afterAll(async () => {
  await kv.close();
  await cluster.close();
});

const keys = '/v1/keyspaces/default/keys';
const port = (index: number): number => cluster.ports[index] ?? 0;

describe('scans and batches', () => {
  it('list over frames what they list over HTTP, and a cursor of the one goes on in the other', async () => {
    const values = kv.keyspace<number>();
    const written = Array.from({ length: 25 }, (_, n) => `{listed}${String(n).padStart(2, '0')}`);
    const set = await values.batch(written.map((key, n) => ({ type: 'set', key, value: n }) as const));
    expect(set.every(({ ok }) => ok)).toBe(true);
    const found: string[] = [];
    for await (const { key, value } of values.scan({ prefix: '{listed}', pageSize: 4 })) {
      expect(value).toBe(found.length);
      found.push(String(key));
    }
    expect(found).toEqual(written);
    const { entries, cursor = '' } = await values.scanPage({ prefix: '{listed}', limit: 10, values: false });
    expect(entries.map(({ key }) => key)).toEqual(written.slice(0, 10));
    const rest = await send({ port: port(1), path: `${keys}?prefix=%7Blisted%7D&cursor=${cursor}` });
    const { items } = JSON.parse(rest.body.toString()) as { items: { key: string }[] };
    expect(items.map(({ key }) => key)).toEqual(written.slice(10));
    const read = await values.getMany([...written, '{listed}none']);
    expect(read.map((it) => it.ok && it.result.found && it.result.value)).toEqual([...written.keys(), false]);
  });

  it('an untagged prefix gives its keys of every partition, and no others', async () => {
    const values = kv.keyspace<number>();
    const written = Array.from({ length: 150 }, (_, n) => `member:${n}`);
    const others = ['membes:1', 'nember:1', 'member', 'member9'];
    const set = await values.batch([...written, ...others].map((key, n) => ({ type: 'set', key, value: n }) as const));
    expect(set.every(({ ok }) => ok)).toBe(true);
    const found: string[] = [];
    for await (const { key, value } of values.scan({ prefix: 'member:', pageSize: 40 })) {
      expect(written[value ?? -1]).toBe(key);
      found.push(String(key));
    }
    expect(found.sort()).toEqual([...written].sort());
  });

  it('a hash tag with more bytes than one stretch has comes whole, with its values', async () => {
    const blobs = kv.keyspace<Uint8Array>();
    const written = Array.from({ length: 30 }, (_, n) => `{large}${String(n).padStart(2, '0')}`);
    const valueOf = (n: number): Uint8Array => new Uint8Array(100_000).fill(n);
    for (const [n, key] of written.entries()) await blobs.set(key, valueOf(n));
    await blobs.set('{largf}', valueOf(0));
    const found: string[] = [];
    for await (const { key, value } of blobs.scan({ prefix: '{large}' })) {
      expect(Buffer.from(value ?? []).equals(valueOf(found.length))).toBe(true);
      found.push(String(key));
    }
    expect(found).toEqual(written);
  });

  it('a keyspace is scanned whole, keys of bytes among them, each once', async () => {
    const values = kv.keyspace<unknown>();
    const binary = Uint8Array.of(0xff, 0xfe);
    await values.set(binary, 'bytes');
    await values.set('\0', 'nul');
    const found = [];
    for await (const { key } of values.scan({ values: false, pageSize: 7 })) found.push(key);
    expect(new Set(found.map(String)).size).toBe(found.length);
    expect(found).toContainEqual(binary);
    expect(found).toContain('\0');
  });
});

describe('the SDK and HTTP', () => {
  it('agree on objects, text and bytes', async () => {
    const values = kv.keyspace();
    const body = '{"n":[1,2]}';
    await send({
      port: port(0),
      path: `${keys}/json`,
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    });
    await send({ port: port(1), path: `${keys}/form`, method: 'PUT', body: 'a=1' });
    expect(await values.get('json')).toEqual({ n: [1, 2] });
    expect(await values.get('form')).toEqual(new Uint8Array(Buffer.from('a=1')));

    await values.set('object', { from: 'sdk' });
    await values.set('text', 'héllo');
    await values.set(Uint8Array.of(0xff), Uint8Array.of(1, 2, 3));
    const object = await send({ port: port(2), path: `${keys}/object` });
    expect(object.headers['content-type']).toBe('application/json');
    expect(JSON.parse(object.body.toString())).toEqual({ from: 'sdk' });
    const text = await send({ port: port(2), path: `${keys}/text` });
    expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text.body.toString()).toBe('héllo');
    const binary = await send({ port: port(0), path: `${keys}/_w?encoding=base64url` });
    expect([...binary.body]).toEqual([1, 2, 3]);
  });

  it('name a write alike: the version of the one is the ETag of the other', async () => {
    const { version, receipt } = await kv.keyspace().set('named', 1, { w: 3 });
    const get = await send({ port: port(1), path: `${keys}/named` });
    expect(get.headers.etag).toBe(`"${version}"`);
    expect(receipt.replicas.map(({ name, answer }) => `${name} ${answer}`).sort()).toEqual([
      'node-1 applied',
      'node-2 applied',
      'node-3 applied',
    ]);
    const deleted = await kv.keyspace().delete('named');
    const gone = await send({ port: port(1), path: `${keys}/named` });
    expect(gone.headers['kv-version']).toBe(deleted.version);
    expect(await kv.keyspace().getEntry('named')).toMatchObject({ found: false, version: deleted.version });
  });
});

describe('the SDK', () => {
  it('has every request under way on one connection to a node', async () => {
    const values = kv.keyspace<number>();
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const timeoutMs = 20_000;
    await Promise.all(numbers.map((number) => values.set(`many-${number}`, number, { timeoutMs })));
    const got = await Promise.all(numbers.map((number) => values.get(`many-${number}`, { timeoutMs })));
    expect(got).toEqual(numbers);
    const metrics = (await send({ port: port(0), path: '/metrics' })).body.toString();
    expect(Number(/^kv_connections (\d+)$/m.exec(metrics)?.[1])).toBeLessThanOrEqual(3);
  });

  it('goes straight to a replica of its key, in a cluster where not every node is one', async () => {
    const wide = await TestCluster.start({ nodes: 4, replicas: 2 });
    await using client = await connect(`kv://127.0.0.1:${wide.ports[0]}`);
    const coordinated = (): number[] => [0, 1, 2, 3].map((index) => wide.node(index).member.counters.writesApplied);
    const coordinators = new Set<string>();
    for (let number = 0; number < 24; number += 1) {
      const before = coordinated();
      const { receipt } = await client.keyspace().set(`key-${number}`, number, { timeoutMs: 20_000 });
      const name = `node-${coordinated().findIndex((count, index) => count > (before[index] ?? 0)) + 1}`;
      expect(receipt.replicas.map((replica) => replica.name)).toContain(name);
      coordinators.add(name);
    }
    expect(coordinators.size).toBe(4);
    await wide.close();
  });

  it('checks values with a schema of a library', async () => {
    const users = kv.keyspace('default', { schema: z.object({ name: z.string(), age: z.coerce.number<string>() }) });
    await users.set('ada', { name: 'Ada', age: '36' });
    expect(await users.get('ada')).toEqual({ name: 'Ada', age: 36 });
  });

  it('is told what cannot be', async () => {
    const values = kv.keyspace();
    await expect(values.set('large', new Uint8Array(1024 * 1024 + 1))).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      outcome: 'rejected',
    });
    await expect(values.set('a', 1, { w: 4 })).rejects.toMatchObject({ code: 'INVALID_QUORUM' });
    await expect(kv.keyspace('nowhere').get('a')).rejects.toMatchObject({ code: 'UNKNOWN_KEYSPACE' });
  });

  it('says who it tried when nobody is there', async () => {
    const [dead = 0] = await freePorts(1);
    const error: unknown = await connect(`kv://127.0.0.1:${dead}`).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KvError);
    expect(error).toMatchObject({
      code: 'UNREACHABLE',
      message: `no node answered at 127.0.0.1:${dead} (connection refused): is it running? npm start`,
    });
  });

  it('does not take just any HTTP server for a node', async () => {
    const { createServer } = await import('node:http');
    const server = createServer((_incoming, outgoing) => outgoing.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const other = typeof address === 'object' ? address?.port : 0;
    await expect(connect(`kv://127.0.0.1:${other}`)).rejects.toThrow(/answered 200, not a connection of frames/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('goes on through the nodes that are left, and comes back to one that returns', async () => {
    const values = kv.keyspace<number>();
    await values.set('steady', 0);
    await cluster.stopNode(1);
    for (let number = 1; number <= 20; number += 1) {
      expect((await values.set('steady', number)).outcome).toBe('applied');
      expect(await values.get('steady')).toBe(number);
    }
    await cluster.startNode(1);
    await eventually(async () => (await values.set('steady', 21, { w: 3 })).receipt.got === 3);
    expect(await values.get('steady', { r: 3 })).toBe(21);
  });
});

describe('a keyspace with siblings', () => {
  it('loses no update of clients that change a key at the same time', async () => {
    await using other = await connect({ nodes: [`127.0.0.1:${port(2)}`] });
    const resolve = (carts: readonly string[][]): string[] => [...new Set(carts.flat())].sort();
    const [ours, theirs] = [kv, other].map((client) => client.keyspace<string[]>('carts', { resolve }));
    const items = Array.from({ length: 12 }, (_, number) => `item ${String(number).padStart(2, '0')}`);
    const add = (item: string, index: number): Promise<unknown> =>
      (index % 2 === 0 ? ours! : theirs!).update('ada', (cart = []) => [...cart, item]);
    await Promise.all(items.map(add));
    expect(await ours!.get('ada')).toEqual(items);
    const { siblings } = await theirs!.getSiblings('ada');
    expect(siblings.length).toBeGreaterThan(1);
    await ours!.update('ada', (cart) => cart);
    expect((await theirs!.getSiblings('ada')).siblings.map(({ value }) => value)).toEqual([items]);
  });

  it('is the same over HTTP: values, versions and contexts', async () => {
    const carts = kv.keyspace<string>('carts');
    const path = '/v1/keyspaces/carts/keys/both';
    const { version } = await carts.set('both', 'from the SDK');
    await send({ port: port(0), path, method: 'PUT', body: 'from HTTP', headers: { 'content-type': 'text/plain' } });
    const error = await carts.get('both').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'SIBLINGS',
      siblings: [{ value: 'from the SDK', version }, { value: 'from HTTP' }],
    });
    const read = await send({ port: port(1), path });
    expect(read.status).toBe(300);
    const context = (error as KvError).context!;
    expect(read.headers['kv-context']).toBe(context);
    const headers = { 'content-type': 'text/plain', 'kv-context': context };
    await send({ port: port(2), path, method: 'PUT', body: 'reconciled', headers });
    expect(await carts.get('both')).toBe('reconciled');
    const entry = await carts.getEntry('both');
    await carts.delete('both', { context: entry.context });
    expect(await carts.get('both')).toBeUndefined();
    await expect(carts.delete('both')).rejects.toMatchObject({ code: 'INVALID_CONTEXT', outcome: 'rejected' });
  });
});
