/**
 * Node's HTTP server around the application: its limits, and the answers to what never becomes a request. One port
 * serves HTTP and, by upgrade, frames.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Log } from '@kv/cluster-node';
import { writeProblem } from '../connections/upgrade.ts';
import { asProblem, type HttpApp } from './app.ts';
import { discardRest } from './bounded-body.ts';
import { holdBack } from './expectations.ts';
import { Problem } from './problem-details.ts';
import { onceEnded, whileHandled } from './request-end.ts';

export interface HttpServerDependencies {
  readonly app: HttpApp;
  readonly log: Log;
  readonly upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** Times are in milliseconds. */
export interface HttpLimits {
  /** How long request line and headers may take to arrive: a slow client holds a connection no longer. */
  readonly headersTimeout: number;
  /** How long a whole request may take to arrive. */
  readonly requestTimeout: number;
  /**
   * How long a connection may stand still in the midst of a request or its answer: longer than any request may take. A client that
   * does not read its answer must not keep for ever what it holds of the request budget.
   */
  readonly stallTimeout: number;
  /** How often the first two are looked at. */
  readonly connectionsCheckingInterval: number;
  /** How long an idle connection is kept: longer than clients keep it, so that it is they who close it. */
  readonly keepAliveTimeout: number;
  /** Bytes of request line and headers: a key of 4096 escaped bytes fits, and is refused for what is wrong with it. */
  readonly maxHeaderSize: number;
}

const defaultLimits: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  stallTimeout: 120_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 64 * 1024,
};

export class HttpServer {
  readonly server: Server;
  readonly #answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  #requests = 0;

  constructor({ app, log, upgrade, limits }: HttpServerDependencies) {
    const fetch = (request: Request, env: HttpBindings) => whileHandled(env, () => app.fetch(request, env));
    this.#answer = getRequestListener((request, env) => fetch(request, env as HttpBindings), {
      hostname: 'localhost',
      autoCleanupIncoming: false,
      errorHandler: (error) => asProblem(unreadable(error), log).toResponse(),
    });
    const { stallTimeout, ...others } = { ...defaultLimits, ...limits };
    this.server = createServer({ ...others, noDelay: true });
    this.server.setTimeout(stallTimeout);
    this.server.maxHeadersCount = 128;
    this.server.on('request', (incoming, outgoing) => this.#serve(incoming, outgoing));
    this.server.on('checkContinue', (incoming, outgoing) => {
      holdBack(incoming, outgoing);
      this.#serve(incoming, outgoing);
    });
    this.server.on('upgrade', (incoming, socket, head) => {
      incoming.socket.setTimeout(0);
      upgrade(incoming, socket, head);
    });
    this.server.on('clientError', answerClientError);
  }

  /** Requests under way. */
  get requests(): number {
    return this.#requests;
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#requests += 1;
    onceEnded({ incoming, outgoing }, () => (this.#requests -= 1));
    outgoing.once('finish', () => discardRest(incoming));
    void this.#answer(incoming, outgoing);
  }
}

/** What Hono's adapter refuses before it makes a request of it: a target or a host that cannot be read. */
function unreadable(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'RequestError') return error;
  return new Problem('INVALID_TARGET', `the request cannot be read: ${error.message}`, { cause: error });
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else writeProblem(socket, clientProblem(error.code));
}

function clientProblem(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('HEADER_TOO_LARGE', 'the request line and headers have at most 64 KiB');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(
        'REQUEST_TIMEOUT',
        'headers arrive within 10 s and the whole request within 30 s, or not at all',
      );
    default:
      return new Problem('INVALID_TARGET', 'this is not a request of HTTP/1.1');
  }
}
