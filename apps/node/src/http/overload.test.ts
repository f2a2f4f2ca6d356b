/** A node that has too much under way says so before it takes in more, and goes on with what it has. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { problemOf, RawConnection, send } from '../testing/raw-http.ts';
import { eventually, TestCluster } from '../testing/test-cluster.ts';

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
