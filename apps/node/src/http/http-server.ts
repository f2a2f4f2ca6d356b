/**
 * Node's HTTP server around the application: its limits, and the answers to what never becomes a request. One port
 * serves HTTP and, by upgrade, frames.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Log } from '@kv/cluster-node';
import { writeProblem } from '../connections/upgrade.ts';
import { asProblem, type HttpApp } from './app.ts';
import { discardRest, isDeclaredTooLarge } from './bounded-body.ts';
import { Problem } from './problem-details.ts';

export interface HttpServerDependencies {
  readonly app: HttpApp;
  readonly log: Log;
  readonly maxValueBytes: number;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Slow clients are cut off; a key of 4096 escaped bytes still fits into the header. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1000,
  /** Longer than clients keep idle connections, so that it is they who close them. */
  keepAliveTimeout: 65_000,
  maxHeaderSize: 64 * 1024,
  noDelay: true,
};

export function createHttpServer({ app, log, maxValueBytes, upgrade }: HttpServerDependencies): Server {
  const answer = getRequestListener(app.fetch, {
    hostname: 'localhost',
    autoCleanupIncoming: false,
    errorHandler: (error) => asProblem(unreadable(error), log).toResponse(),
  });
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    outgoing.once('finish', () => discardRest(incoming));
    void answer(incoming, outgoing);
  };
  const server = createServer(limits, listener);
  server.maxHeadersCount = 128;
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // A client that asked first is not told to go on with what would be refused; it may not send it at all, so that
    // nobody could tell where its next request begins.
    if (isDeclaredTooLarge(incoming, maxValueBytes)) outgoing.setHeader('connection', 'close');
    else outgoing.writeContinue();
    listener(incoming, outgoing);
  });
  server.on('upgrade', upgrade);
  server.on('clientError', answerClientError);
  return server;
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
      return new Problem('HEADER_TOO_LARGE', `request line and headers have at most ${limits.maxHeaderSize} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('REQUEST_TIMEOUT', `a request must arrive within ${limits.requestTimeout} ms`);
    default:
      return new Problem('INVALID_TARGET', 'this is not a request of HTTP/1.1');
  }
}
