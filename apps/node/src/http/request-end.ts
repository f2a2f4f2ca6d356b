/**
 * When a request over HTTP is over: its response has left, or its connection broke. Of requests that came in a row without waiting,
 * Node has only the first response hear that the connection is gone; the others would never end.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Socket } from 'node:net';

const underWay = new WeakMap<Socket, Set<() => void>>();

/** Calls `ended` once; at once where the request is over already. */
export function onceEnded({ incoming: { socket }, outgoing }: HttpBindings, ended: () => void): void {
  if (outgoing.closed || socket.destroyed) return ended();
  const requests = underWay.get(socket) ?? watched(socket);
  const end = (): void => {
    if (requests.delete(end)) ended();
  };
  requests.add(end);
  outgoing.once('close', end);
}

/** One listener for all requests of a connection. */
function watched(socket: Socket): Set<() => void> {
  const requests = new Set<() => void>();
  underWay.set(socket, requests);
  socket.once('close', () => {
    for (const end of [...requests]) end();
  });
  return requests;
}
