/**
 * One upgraded socket: frames each way, the first of them a hello. What is sent during one turn of the event loop
 * leaves in one write. Nothing here allocates per frame but the frame itself, and nothing waits for a promise.
 */
import type { Duplex } from 'node:stream';
import { zeroStamp } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Hello, WireError } from '@kv/wire';
import { FrameSplitter } from './frame-splitter.ts';

export interface ConnectionHandlers {
  /** Throws to refuse the other end: it is then told the error's code and message. */
  check(hello: Hello): void;
  /** Both ends know each other: frames may be sent. */
  opened(hello: Hello): void;
  /** A complete frame after the hello. */
  frame(bytes: Uint8Array): void;
  /** Called once, whoever closed it. */
  closed(error: Error | undefined): void;
}

/** How long the other end may take to say hello, by default. */
export const defaultHelloTimeoutMs = 5000;
/** How long a connection may be silent before the operating system asks whether the other end is still there. */
export const keepAliveMs = 15_000;
/** How long a refused end may take to read why. */
const lingerMs = 1000;

export class Connection {
  readonly #socket: Duplex;
  readonly #handlers: ConnectionHandlers;
  readonly #splitter = new FrameSplitter();
  readonly #helloTimer: NodeJS.Timeout;
  #state: 'greeting' | 'open' | 'closed' = 'greeting';
  #corked = false;
  #failure: Error | undefined;

  /** @param hello this end's hello, sent at once */
  constructor(
    socket: Duplex,
    hello: Uint8Array,
    handlers: ConnectionHandlers,
    helloTimeoutMs: number = defaultHelloTimeoutMs,
  ) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#helloTimer = setTimeout(() => this.#refuse(new Error(`no hello in ${helloTimeoutMs} ms`)), helloTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => (this.#failure ??= error));
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#closed());
    socket.write(hello);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Bytes that were sent and that the operating system has not taken over yet. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /** @param left called once the operating system has taken it over, or it was thrown away with the connection */
  send(frame: Uint8Array, left?: () => void): void {
    if (this.#state === 'closed') {
      left?.();
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame, left);
  }

  /** Stops reading: the other end feels it once the buffers between are full. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Calls back once when everything that was sent has left. */
  onceDrained(run: () => void): void {
    this.#socket.once('drain', run);
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#splitter.push(chunk)) {
        if (this.#state === 'open') this.#handlers.frame(frame);
        else if (this.#state === 'greeting') this.#greet(frame);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  #greet(frame: Uint8Array): void {
    const { message } = decodeFrame(frame);
    if (message.type === 'error') {
      this.destroy(new Error(`the other end refused: ${message.code}: ${message.message}`));
      return;
    }
    if (message.type !== 'hello') throw new WireError('MALFORMED', `needed a hello first, got ${message.type}`);
    clearTimeout(this.#helloTimer);
    this.#handlers.check(message);
    this.#state = 'open';
    this.#handlers.opened(message);
  }

  /** Whoever is refused should be able to read why; nothing more is read from it. */
  #refuse(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure ??= failure;
    this.#state = 'closed';
    this.#socket.end(refusalFrame(failure));
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  #closed(): void {
    clearTimeout(this.#helloTimer);
    this.#state = 'closed';
    this.#handlers.closed(this.#failure);
  }
}

function refusalFrame(failure: Error): Uint8Array {
  const code = 'code' in failure && typeof failure.code === 'string' ? failure.code.slice(0, 64) : 'REFUSED';
  const header = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: zeroStamp };
  return encodeFrame(header, { type: 'error', code, message: failure.message.slice(0, 500) });
}
