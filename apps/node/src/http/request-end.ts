/**
 * When a request over HTTP is over: nobody works on it any more, and its response has left or its connection broke. Of requests that
 * came in a row without waiting, Node has only the first response hear that the connection is gone; the others would never end.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Socket } from 'node:net';

class RequestEnd {
  #isHandled = true;
  #hasLeft = false;
  readonly #listeners: (() => void)[] = [];

  get isOver(): boolean {
    return this.#isHandled && this.#hasLeft;
  }

  onEnd(listener: () => void): void {
    if (this.isOver) listener();
    else this.#listeners.push(listener);
  }

  handling(): void {
    this.#isHandled = false;
  }

  handled(): void {
    this.#isHandled = true;
    this.#tell();
  }

  left(): void {
    this.#hasLeft = true;
    this.#tell();
  }

  #tell(): void {
    if (this.isOver) for (const listener of this.#listeners.splice(0)) listener();
  }
}

const ends = new WeakMap<HttpBindings['outgoing'], RequestEnd>();
/** Requests whose response has not left. */
const connections = new WeakMap<Socket, Set<RequestEnd>>();

/** Calls `ended` once; at once where the request is over already. */
export function onceEnded(env: HttpBindings, ended: () => void): void {
  endOf(env).onEnd(ended);
}

/** The request is not over before `work` is. */
export async function whileHandled<Result>(env: HttpBindings, work: () => Result | Promise<Result>): Promise<Result> {
  const end = endOf(env);
  end.handling();
  try {
    return await work();
  } finally {
    end.handled();
  }
}

function endOf({ incoming: { socket }, outgoing }: HttpBindings): RequestEnd {
  const known = ends.get(outgoing);
  if (known !== undefined) return known;
  const end = new RequestEnd();
  ends.set(outgoing, end);
  if (outgoing.closed || socket.destroyed) {
    end.left();
    return end;
  }
  const others = connections.get(socket) ?? watched(socket);
  others.add(end);
  outgoing.once('close', () => {
    others.delete(end);
    end.left();
  });
  return end;
}

/** One listener for all requests of a connection. */
function watched(socket: Socket): Set<RequestEnd> {
  const requests = new Set<RequestEnd>();
  connections.set(socket, requests);
  socket.once('close', () => {
    for (const end of requests) end.left();
    requests.clear();
  });
  return requests;
}
