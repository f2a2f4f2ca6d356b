/**
 * `Upgrade: kv/1`: how an HTTP connection becomes a connection of frames, as the side that asks and as the side that
 * answers. One port serves people, SDKs and peers.
 */
import { request, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Problem, problemMediaType } from '../http/problem-details.ts';

export const upgradeProtocol = 'kv/1';

const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgradeProtocol}\r\n\r\n`;

export function asksForFrames(incoming: IncomingMessage): boolean {
  const offered = incoming.headers.upgrade?.split(',') ?? [];
  return incoming.method === 'GET' && offered.some((protocol) => protocol.trim().toLowerCase() === upgradeProtocol);
}

/** Answers `101`; what follows on the socket are frames. `head`: what the other end sent ahead of the answer. */
export function acceptUpgrade(socket: Duplex, head: Buffer): void {
  socket.write(switching);
  if (head.length > 0) socket.unshift(head);
}

/** The whole response to a request that Node's HTTP server does not answer for us. */
export function writeProblem(socket: Duplex, problem: Problem): void {
  const { status } = problem;
  const body = problem.toBody();
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

export interface Dialed {
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface Dialing {
  /** Gives up; `done` is not called any more. */
  cancel(): void;
}

/** Connects and asks for frames. Exactly one of the callbacks is called, never synchronously. */
export function dialUpgrade(
  { host, port }: { host: string; port: number },
  timeoutMs: number,
  done: { upgraded(dialed: Dialed): void; failed(error: Error): void },
): Dialing {
  const outgoing = request({
    host,
    port,
    agent: false,
    headers: { connection: 'Upgrade', upgrade: upgradeProtocol },
  });
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  let settled = false;
  const settle = (run: () => void): void => {
    clearTimeout(timer);
    if (!settled) run();
    settled = true;
  };
  outgoing.on('upgrade', (_response, socket, head) => settle(() => done.upgraded({ socket, head })));
  outgoing.on('response', (response) => {
    outgoing.destroy();
    settle(() => done.failed(new Error(`the other end answered ${response.statusCode}, not a connection of frames`)));
  });
  outgoing.on('error', (error) => settle(() => done.failed(error)));
  outgoing.end();
  return {
    cancel() {
      settle(() => undefined);
      outgoing.destroy();
    },
  };
}
