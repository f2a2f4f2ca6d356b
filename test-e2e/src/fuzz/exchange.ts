/** One request as it goes out, byte for byte, and what came back. */
import { Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';

export interface Sent {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Without a declared length. */
  readonly chunked: boolean;
  /** The connection breaks in the middle of the body, and nobody waits for an answer. */
  readonly abandoned: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Received =
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'abandoned' };

const patienceMs = 30_000;

/** Sends requests to one node over connections that it keeps. */
export class Exchange {
  readonly #host: string;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param address `host:port` */
  constructor(address: string) {
    const at = address.lastIndexOf(':');
    this.#host = address.slice(0, at);
    this.#port = Number(address.slice(at + 1));
  }

  send({ method, target, headers, body, chunked, abandoned }: Sent): Promise<Received> {
    // Said in so many words: left alone, Node would send the body of a GET without telling where it ends.
    const framing = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body?.length) };
    return new Promise((resolve) => {
      const lost = (error: Error): void => resolve({ type: 'lost', reason: error.message });
      const outgoing = request({
        host: this.#host,
        port: this.#port,
        agent: this.#agent,
        method,
        path: target,
        headers: body === undefined ? headers : { ...headers, ...framing },
        timeout: patienceMs,
      });
      if (abandoned) {
        abandon(outgoing, body ?? new Uint8Array(0)).then(() => resolve({ type: 'abandoned' }), lost);
        return;
      }
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${patienceMs} ms`)));
      outgoing.on('error', lost);
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', lost);
        incoming.on('end', () => {
          const { statusCode = 0, headers: received } = incoming;
          resolve({ type: 'answer', answer: { status: statusCode, headers: received, body: Buffer.concat(chunks) } });
        });
      });
      if (body !== undefined && chunked) for (const part of halves(body)) outgoing.write(part);
      outgoing.end(chunked ? undefined : body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends half of what was announced, and hangs up. */
async function abandon(outgoing: ClientRequest, body: Uint8Array): Promise<void> {
  const closed = new Promise<void>((resolve) => outgoing.once('close', () => resolve()));
  outgoing.on('error', () => undefined);
  outgoing.on('response', (incoming) => incoming.resume());
  await new Promise<void>((resolve) => outgoing.write(body.subarray(0, body.length / 2), () => resolve()));
  outgoing.destroy();
  await closed;
}

/** In two chunks, none of them empty: an empty chunk would end the body. */
function halves(body: Uint8Array): Uint8Array[] {
  const middle = Math.ceil(body.length / 2);
  return [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0);
}
