import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/test-cluster.ts';
import { onceEnded, whileHandled } from './request-end.ts';

let server: Server;
afterEach(() => void server.close());

/** A server whose requests are worked on until the test lets them go. */
async function serve() {
  const ended: string[] = [];
  const work: (() => void)[] = [];
  const connections: Socket[] = [];
  server = createServer((incoming, outgoing) => {
    const env: HttpBindings = { incoming, outgoing };
    onceEnded(env, () => ended.push(incoming.url ?? ''));
    void whileHandled(env, () => new Promise<void>((resolve) => work.push(resolve))).then(() => outgoing.end());
  }).listen(0, '127.0.0.1');
  server.on('connection', (connection) => connections.push(connection));
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const ask = (path: string): void => void socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const finish = (): void => {
    for (const end of work.splice(0)) end();
  };
  return { ended, work, connections, socket, ask, finish };
}

describe('a request over HTTP', () => {
  it('is over when its response has left', async () => {
    const { ended, work, socket, ask, finish } = await serve();
    ask('/a');
    await eventually(() => work.length === 1);
    expect(ended).toEqual([]);
    finish();
    await eventually(() => ended.length === 1);
    socket.destroy();
  });

  it('is not over while it is worked on, though its connection broke', async () => {
    const { ended, work, connections, socket, ask, finish } = await serve();
    for (const path of ['/a', '/b', '/c']) ask(path);
    await eventually(() => work.length === 3);
    socket.destroy();
    await eventually(() => connections[0]?.destroyed === true);
    expect(ended).toEqual([]);
    finish();
    await eventually(() => ended.length === 3);
    expect([...ended].sort()).toEqual(['/a', '/b', '/c']);
  });
});
