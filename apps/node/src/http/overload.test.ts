/** A node that has too much under way says so before it takes in more, and goes on with what it has. */
import type { AddressInfo } from 'node:net';
import { defaultOptions } from '@kv/cluster-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { problemOf, RawConnection, send } from '../testing/raw-http.ts';
import { eventually, TestCluster } from '../testing/test-cluster.ts';
import { createHttpApp } from './app.ts';
import { HttpServer } from './http-server.ts';

let cluster: TestCluster;
let port: number;
beforeAll(async () => {
  cluster = await TestCluster.start({ requestBudget: 1 });
  [port = 0] = cluster.ports;
});
afterAll(() => cluster.close());

const keys = '/v1/keyspaces/default/keys';
/** With its three copies more than half of what may be under way. */
const bytes = 200_000;

/** A write whose body does not come, but for its first byte. */
async function beginPut(headers: string, first: string): Promise<RawConnection> {
  const connection = new RawConnection(port);
  await connection.write(`PUT ${keys}/slow HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n${first}`);
  return connection;
}

const requestBytes = (): number => cluster.node(0).member.status().requestBytes;

async function metric(name: string): Promise<number> {
  const { body } = await send({ port, path: '/metrics' });
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(body.toString())?.[1]);
}

describe('a node with too much under way', () => {
  it('refuses writes as BUSY, certainly not done and worth another try, until there is room again', async () => {
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    const before = await metric('kv_busy_refusals_total');
    for (const [method, body] of [
      ['PUT', Buffer.alloc(bytes)],
      ['POST', Buffer.alloc(bytes)],
    ] as const) {
      const path = method === 'PUT' ? `${keys}/other` : '/v1/keyspaces/default/batch';
      const refused = await send({ port, path, method, body });
      expect(refused.status).toBe(503);
      expect(problemOf(refused)).toMatchObject({ code: 'BUSY', outcome: 'rejected' });
      expect(refused.headers).toMatchObject({ 'retry-after': '1', 'kv-outcome': 'rejected' });
    }
    expect(await metric('kv_busy_refusals_total')).toBe(before + 2);
    expect(await metric('kv_request_bytes')).toBeGreaterThan(4 * bytes);
    await slow.write('x'.repeat(bytes - 1));
    await eventually(() => slow.text.startsWith('HTTP/1.1 204'));
    await eventually(() => requestBytes() === 0);
    expect((await send({ port, path: `${keys}/other`, method: 'PUT', body: Buffer.alloc(bytes) })).status).toBe(204);
    slow.socket.destroy();
  });

  it('does not ask for the body of a write that it refuses (RFC 9110 §10.1.1)', async () => {
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    const refused = await beginPut(`content-length: ${bytes}\r\nexpect: 100-continue`, '');
    await eventually(() => refused.closed);
    expect(refused.text).toMatch(/^HTTP\/1\.1 503 .*connection: close.*"code":"BUSY"/is);
    slow.socket.destroy();
    await eventually(() => requestBytes() === 0);
  });

  it('gets back what requests held that came in a row over a connection which then broke', async () => {
    const connection = new RawConnection(port);
    await connection.write(`GET ${keys}/none HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(30));
    connection.socket.destroy();
    await eventually(() => requestBytes() === 0);
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await slow.write(`${'x'.repeat(bytes - 1)}${`GET ${keys}/none HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(30)}`);
    slow.socket.destroy();
    await eventually(() => requestBytes() === 0);
  });

  it('lets a batch in that is alone, and counts what its gets bring beyond a page', async () => {
    const path = '/v1/keyspaces/default/batch';
    const value = { text: 'x'.repeat(600_000) };
    const batchOf = (operations: object[]): Promise<Buffer> =>
      send({ port, path, method: 'POST', body: JSON.stringify({ operations }) }).then(({ body }) => body);
    for (const key of ['large1', 'large2']) {
      const put = await batchOf([
        { type: 'put', key, value },
        { type: 'get', key: 'none' },
      ]);
      expect(JSON.parse(put.toString())).toMatchObject({ results: [{ status: 204 }, {}] });
    }
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    const refused = await batchOf([{ type: 'get', key: 'large1' }]);
    expect(JSON.parse(refused.toString())).toMatchObject({ code: 'BUSY' });
    slow.socket.destroy();
    await eventually(() => requestBytes() === 0);
    let most = 0;
    const { admission } = cluster.node(0).member;
    const grow = vi.spyOn(admission, 'grow').mockImplementation((share, more) => {
      share.resize(share.bytes + more);
      most = Math.max(most, admission.heldBytes);
    });
    await batchOf(Array.from({ length: 4 }, (_, n) => ({ type: 'get', key: `large${(n % 2) + 1}` })));
    grow.mockRestore();
    expect(most).toBeGreaterThan(1.5 * 1024 * 1024);
    await eventually(() => requestBytes() === 0);
  });

  it('serves small requests meanwhile', async () => {
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    expect((await send({ port, path: `${keys}/small`, method: 'PUT', body: 'x' })).status).toBe(204);
    expect((await send({ port, path: `${keys}/small` })).status).toBe(200);
    slow.socket.destroy();
  });

  it('has room again when a client goes away in the midst of its request', async () => {
    const slow = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    slow.socket.destroy();
    await eventually(() => requestBytes() === 0);
  });

  it('counts a body of unknown length as it comes', async () => {
    const whole = await beginPut(`content-length: ${bytes}`, 'x');
    await eventually(() => requestBytes() > 4 * bytes);
    const chunk = 'x'.repeat(0x10000);
    const slow = await beginPut('transfer-encoding: chunked', `10000\r\n${chunk}\r\n`);
    await eventually(() => slow.text.startsWith('HTTP/1.1 503'));
    expect(slow.text).toContain('"code":"BUSY"');
    for (const { socket } of [whole, slow]) socket.destroy();
    await eventually(() => requestBytes() === 0);
  });
});

describe('a client that goes away while the voters are asked for a keyspace', () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let http: HttpServer;
  let open: number;
  beforeEach(async () => {
    const { member } = cluster.node(0);
    const { maxValueBytes } = defaultOptions;
    const own = { status: () => member.status(), connections: () => 0, nameOf: (id: string) => id, maxValueBytes, log };
    const app = createHttpApp({ member: () => member, ...own });
    http = new HttpServer({ app, log, upgrade: () => undefined });
    open = 0;
    http.server.on('connection', (socket) => {
      open += 1;
      socket.once('close', () => (open -= 1));
    });
    await new Promise<void>((resolve) => http.server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => http.server.close(resolve)));

  it.each([
    ['PUT', 'nope', '/keys/x', `content-length: ${bytes}`],
    ['PUT', 'late-put', '/keys/x', `content-length: ${bytes}`],
    ['PUT', 'late-chunks', '/keys/x', 'transfer-encoding: chunked'],
    ['DELETE', 'late-delete', '/keys/x', 'x: x'],
    ['GET', 'late-get', '/keys/x', 'x: x'],
    ['GET', 'late-scan', '/keys', 'x: x'],
    ['POST', 'late-batch', '/batch', `content-length: ${bytes}`],
  ])('holds nothing any more: %s in %s', async (method, keyspace, rest, header) => {
    const { member } = cluster.node(0);
    const held: Parameters<typeof member.refreshTopology>[0][] = [];
    const asking = vi.spyOn(member, 'refreshTopology').mockImplementation((done) => void held.push(done));
    const connection = new RawConnection((http.server.address() as AddressInfo).port);
    await connection.write(`${method} /v1/keyspaces/${keyspace}${rest} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
    await eventually(() => held.length === 1);
    connection.socket.destroy();
    await eventually(() => open === 0);
    asking.mockRestore();
    if (keyspace !== 'nope') await send({ port, path: `/v1/keyspaces/${keyspace}`, method: 'PUT' });
    expect(http.requests).toBe(1);
    held[0]?.(undefined);
    await eventually(() => http.requests === 0);
    expect(requestBytes()).toBe(0);
  });
});
