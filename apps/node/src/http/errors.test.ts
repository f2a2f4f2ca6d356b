import { connect } from 'node:net';
import { decodeFrame } from '@kv/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningNode } from '../compose.ts';
import { createHttpApp } from './app.ts';
import { HttpServer } from './http-server.ts';
import { problemOf, RawConnection, type RawRequest, type RawResponse, send } from '../testing/raw-http.ts';
import { eventually, TestCluster } from '../testing/test-cluster.ts';

const keys = '/v1/keyspaces/default/keys';
const maxValueBytes = 1024 * 1024;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.close());

function ask(method: string, path: string, options: Partial<RawRequest> = {}): Promise<RawResponse> {
  return send({ port: cluster.ports[0] ?? 0, method, path, ...options });
}

describe('what a request can get wrong', () => {
  const longKey = 'x'.repeat(4097);
  const escapedLongKey = '%78'.repeat(4097);

  const mistakes: [method: string, path: string, status: number, code: string][] = [
    ['PUT', `${keys}/`, 400, 'KEY_EMPTY'],
    ['GET', `${keys}/`, 400, 'KEY_EMPTY'],
    ['DELETE', `${keys}/`, 400, 'KEY_EMPTY'],
    ['DELETE', `${keys}/?encoding=base64url`, 400, 'KEY_EMPTY'],
    ['GET', `${keys}/${longKey}`, 400, 'KEY_TOO_LONG'],
    ['PUT', `${keys}/${escapedLongKey}`, 400, 'KEY_TOO_LONG'],
    ['PUT', `${keys}/a/`, 400, 'INVALID_ENCODING'],
    ['DELETE', `${keys}/a/b`, 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/%zz`, 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/%`, 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/%ff`, 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/a=b?encoding=base64url`, 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/a?encoding=hex`, 400, 'INVALID_PARAMETER'],
    ['GET', '/v1/keyspaces/nowhere/keys/a', 404, 'UNKNOWN_KEYSPACE'],
    ['PUT', '/v1/keyspaces/constructor/keys/a', 404, 'UNKNOWN_KEYSPACE'],
    ['PUT', '/v1/keyspaces/%ff/keys/a', 400, 'INVALID_ENCODING'],
    ['GET', `${keys}/a?r=0`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?r=4`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?r=two`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?r=-1`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?r=`, 400, 'INVALID_QUORUM'],
    ['PUT', `${keys}/a?w=0`, 400, 'INVALID_QUORUM'],
    ['PUT', `${keys}/a?w=4`, 400, 'INVALID_QUORUM'],
    ['DELETE', `${keys}/a?w=1.5`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?r=1&r=2`, 400, 'INVALID_PARAMETER'],
    ['GET', `${keys}/a?timeout=0`, 400, 'INVALID_PARAMETER'],
    ['GET', `${keys}/a?timeout=60001`, 400, 'INVALID_PARAMETER'],
    ['PUT', `${keys}/a?timeout=soon`, 400, 'INVALID_PARAMETER'],
    ['GET', `${keys}/a?w=2`, 400, 'UNKNOWN_PARAMETER'],
    ['PUT', `${keys}/a?fast=yes`, 400, 'UNKNOWN_PARAMETER'],
    ['PUT', `${keys}/a?__proto__=1`, 400, 'UNKNOWN_PARAMETER'],
    ['PUT', `${keys}/a?sloppy=yes`, 400, 'INVALID_PARAMETER'],
    ['GET', `${keys}/a?level=most`, 400, 'INVALID_QUORUM'],
    ['GET', `${keys}/a?level=quorum&r=2`, 400, 'INVALID_QUORUM'],
    ['PUT', `${keys}/a?ttl=1y`, 400, 'INVALID_TTL'],
    ['GET', `${keys}/a\\b`, 400, 'INVALID_TARGET'],
    ['GET', '/nothing/here', 404, 'NOT_FOUND'],
    ['PUT', '/v1/keyspaces/default/keys', 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/livez/', 404, 'NOT_FOUND'],
    ['POST', `${keys}/a`, 405, 'METHOD_NOT_ALLOWED'],
    ['PATCH', `${keys}/`, 405, 'METHOD_NOT_ALLOWED'],
    ['PROPFIND', `${keys}/a`, 405, 'METHOD_NOT_ALLOWED'],
    ['PUT', '/livez', 405, 'METHOD_NOT_ALLOWED'],
  ];

  it.each(mistakes.map((row) => ({ row, name: row.join(' ').slice(0, 80) })))('$name', async ({ row }) => {
    const [method, path, status, code] = row;
    const response = await ask(method, path);
    expect(response.status).toBe(status);
    const problem = problemOf(response);
    expect(problem).toMatchObject({ type: `urn:kv:problem:${code}`, status, code });
    expect(Object.keys(problem)).toEqual(expect.arrayContaining(['title', 'detail']));
    expect(response.body.toString()).not.toMatch(/\bat .*\.ts|node_modules|Error:/);
  });

  it('names the methods that there are', async () => {
    expect((await ask('POST', `${keys}/a`)).headers['allow']).toBe('GET, HEAD, PUT, DELETE');
    expect((await ask('DELETE', '/metrics')).headers['allow']).toBe('GET, HEAD');
  });

  it.each([
    ['if-match', '"x"'],
    ['if-none-match', '*'],
    ['if-unmodified-since', 'Sun, 22 Nov 2026 00:00:00 GMT'],
    ['content-encoding', 'gzip'],
    ['content-range', 'bytes 0-1/2'],
  ])('a write with %s is refused, and changes nothing', async (header, value) => {
    const response = await ask('PUT', `${keys}/untouched`, { body: 'x', headers: { [header]: value } });
    expect(problemOf(response)).toMatchObject({ code: 'NOT_SUPPORTED', status: 400 });
    expect(response.body.toString()).toContain(header);
    expect((await ask('GET', `${keys}/untouched`)).status).toBe(404);
  });

  it.each([
    ['PUT', `${keys}/tried`, 'x'],
    ['DELETE', `${keys}/tried`, undefined],
    ['POST', '/v1/keyspaces/default/batch', '{"operations":[{"type":"put","key":"tried","value":{"text":"x"}}]}'],
  ])('%s %s with an idempotency key is refused, and says how to try it again', async (method, path, body) => {
    await ask('PUT', `${keys}/tried`, { body: 'before' });
    const headers = { 'idempotency-key': '0197f3b2-0000-7000-8000-000000000000' };
    const problem = problemOf(await ask(method, path, { headers, ...(body !== undefined && { body }) }));
    expect(problem).toMatchObject({ code: 'NOT_SUPPORTED', status: 400 });
    expect(problem['detail']).toMatch(/idempotency-key .*If-Match in a strong keyspace.*SDK/);
    expect((await ask('GET', `${keys}/tried`)).body.toString()).toBe('before');
  });

  it('a HEAD of nothing says so in its status alone', async () => {
    const response = await ask('HEAD', '/nothing');
    expect(response.status).toBe(404);
    expect(response.body).toHaveLength(0);
  });
});

describe('a request that is none', () => {
  async function answerTo(bytes: string): Promise<string> {
    const connection = new RawConnection(cluster.ports[0] ?? 0);
    await connection.write(bytes);
    await eventually(() => connection.closed);
    return connection.text;
  }

  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
    ['a bad host', 'GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    ['a target without a path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['two lengths', `PUT ${keys}/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
    [
      'a length and chunks',
      `PUT ${keys}/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ])('%s', async (_name, bytes, status) => {
    expect(await answerTo(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe('a value that is too large', () => {
  const tooLarge = /^HTTP\/1\.1 413 .*"code":"VALUE_TOO_LARGE"/s;

  async function begin(headers: readonly string[]): Promise<RawConnection> {
    const connection = new RawConnection(cluster.ports[1] ?? 0);
    await connection.write([`PUT ${keys}/large HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n'));
    return connection;
  }

  it('is stored up to the limit and not one byte beyond', async () => {
    const body = Buffer.alloc(maxValueBytes, 'v');
    expect((await ask('PUT', `${keys}/largest`, { body })).status).toBe(204);
    expect((await ask('GET', `${keys}/largest`)).body.equals(body)).toBe(true);
    const response = await ask('PUT', `${keys}/largest`, { body: Buffer.alloc(maxValueBytes + 1) });
    expect(problemOf(response)).toMatchObject({ code: 'VALUE_TOO_LARGE', status: 413, maxBytes: maxValueBytes });
    expect((await ask('GET', `${keys}/largest`)).body.equals(body)).toBe(true);
  });

  it('is refused by its declared length, before any of it is sent', async () => {
    const connection = await begin(['Content-Length: 1048577']);
    await eventually(() => tooLarge.test(connection.text));
    connection.socket.destroy();
  });

  it('is refused in the middle of its chunks, and the client that goes on sending reads the answer', async () => {
    const connection = await begin(['Transfer-Encoding: chunked']);
    const chunk = `10000\r\n${'v'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 17; sent += 1) await connection.write(chunk);
    await eventually(() => tooLarge.test(connection.text));
    for (let sent = 0; sent < 8; sent += 1) await connection.write(chunk);
    await connection.write('0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => connection.text.endsWith('alive\n'));
    connection.socket.destroy();
  });

  it('is not asked for from a client that waits for `100 Continue` (RFC 9110 §10.1.1)', async () => {
    const connection = await begin(['Content-Length: 1048577', 'Expect: 100-continue']);
    await eventually(() => connection.closed);
    expect(connection.text).toMatch(tooLarge);
  });

  it('a fitting one is asked for', async () => {
    const connection = await begin(['Content-Length: 1', 'Expect: 100-continue']);
    await eventually(() => connection.text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    await connection.write('x');
    await eventually(() => connection.text.includes('HTTP/1.1 204 '));
    connection.socket.destroy();
  });

  it.each([
    ['POST', '/v1/keyspaces/nowhere/batch', 404],
    ['PUT', `${keys}/a?w=two`, 400],
    ['PUT', '/v1/keyspaces/no?timeout=0', 400],
    ['DELETE', `${keys}/a`, 204],
    ['PUT', '/nothing', 404],
  ])('nor is what nobody would read: %s %s', async (method, path, status) => {
    const connection = new RawConnection(cluster.ports[1] ?? 0);
    const headers = ['Host: x', 'Content-Length: 1', 'Expect: 100-continue'];
    await connection.write([`${method} ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
    await eventually(() => connection.closed);
    expect(connection.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('a request without a body waits for nothing, and its connection goes on', async () => {
    const connection = new RawConnection(cluster.ports[1] ?? 0);
    await connection.write('GET /livez HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n');
    await eventually(() => connection.text.endsWith('alive\n'));
    await connection.write('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => connection.text.includes('HTTP/1.1 404 '));
    connection.socket.destroy();
  });

  it('a body that ends early changes nothing', async () => {
    await ask('PUT', `${keys}/large`, { body: 'before' });
    const connection = await begin(['Content-Length: 10']);
    await connection.write('12345');
    connection.socket.destroy();
    await eventually(() => connection.closed);
    expect((await ask('GET', `${keys}/large`)).body.toString()).toBe('before');
  });
});

describe('a cluster that cannot', () => {
  let crippled: TestCluster;
  beforeAll(async () => {
    crippled = await TestCluster.start();
    for (const index of [1, 2]) ignoreReplicaRequests(crippled.node(index));
  });
  afterAll(() => crippled.close());

  const crippledAsk = (method: string, path: string): Promise<RawResponse> =>
    send({ port: crippled.ports[0] ?? 0, method, path: `${keys}/${path}` });

  it('answers 504 with outcome unknown when the deadline passes during a write', async () => {
    const response = await crippledAsk('PUT', 'a?w=2&timeout=150');
    expect(response.status).toBe(504);
    expect(response.headers['kv-outcome']).toBe('unknown');
    const problem = problemOf(response);
    expect(problem).toMatchObject({ code: 'DEADLINE_PASSED', outcome: 'unknown', needed: 2, got: 1 });
    expect(problem['detail']).toMatch(/needed 2 .* got 1 before the deadline; the write may have happened/);
    expect(problem['version']).toBe(response.headers['kv-version']);
  });

  it('answers 504 when the deadline passes during a read', async () => {
    const response = await crippledAsk('GET', 'a?r=2&timeout=150');
    expect(response.status).toBe(504);
    expect(problemOf(response)).toMatchObject({ code: 'DEADLINE_PASSED', outcome: 'timed-out', needed: 2, got: 1 });
  });

  it('answers 503 when too few replicas can be reached, naming how many were needed and got', async () => {
    await crippled.stopNode(2);
    const write = await crippledAsk('PUT', 'a?w=3');
    expect(write.status).toBe(503);
    expect(write.headers['retry-after']).toBe('1');
    expect(problemOf(write)).toMatchObject({ code: 'TOO_FEW_REPLICAS', needed: 3 });
    expect(['unknown', 'rejected']).toContain(problemOf(write)['outcome']);
    expect(problemOf(write)['detail']).toMatch(/^needed 3 of the key's replicas to be durable, got [01]/);
    const read = await crippledAsk('GET', 'a?r=3');
    expect(read.status).toBe(503);
    expect(problemOf(read)).toMatchObject({ code: 'TOO_FEW_REPLICAS', outcome: 'unavailable', needed: 3 });
  });

  it('serves what it can', async () => {
    expect((await crippledAsk('PUT', 'b?w=1')).status).toBe(204);
    expect((await crippledAsk('GET', 'b?r=1')).status).toBe(200);
  });
});

/** A replica that hears everything, gossips, and never does what it is asked. */
function ignoreReplicaRequests({ member }: RunningNode): void {
  const receive = member.receive.bind(member);
  member.receive = (from, bytes) => {
    if (!decodeFrame(bytes).message.type.startsWith('replica-')) receive(from, bytes);
  };
}

describe('a slow client', () => {
  let server: HttpServer;
  beforeAll(async () => {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const app = createHttpApp({
      member: () => cluster.node(0).member,
      status: () => cluster.node(0).member.status(),
      connections: () => 0,
      nameOf: (id) => id,
      maxValueBytes,
      log,
    });
    const limits = { headersTimeout: 150, requestTimeout: 300, connectionsCheckingInterval: 20 };
    server = new HttpServer({ app, log, upgrade: () => undefined, limits });
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.server.closeAllConnections();
    await new Promise((resolve) => server.server.close(resolve));
  });

  it.each([
    ['headers', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['a body', `PUT ${keys}/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx`],
  ])('that trickles %s is cut off', async (_what, beginning) => {
    const address = server.server.address();
    const connection = new RawConnection(typeof address === 'object' ? (address?.port ?? 0) : 0);
    await connection.write(beginning);
    const trickle = setInterval(() => void connection.write('x'), 20);
    await eventually(() => connection.closed, 5000);
    clearInterval(trickle);
    expect(connection.text).toMatch(/^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s);
  });
});

it('a connection that sends nothing costs nobody else anything', async () => {
  const idle = connect(cluster.ports[0] ?? 0, '127.0.0.1');
  expect((await ask('GET', '/livez')).status).toBe(200);
  idle.destroy();
});
