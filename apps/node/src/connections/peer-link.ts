/**
 * The one outgoing connection to a peer, made when something is to be sent and made anew when it broke. It carries
 * frames to the peer only; what the peer says comes on the connection that the peer made.
 *
 *   idle ──send──▶ connecting ──hello──▶ open ──lost──▶ resting (backoff) ──send──▶ connecting …
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Hello } from '@kv/wire';
import { splitAddress } from '../listen-address.ts';
import { Connection, keepAliveMs } from './connection.ts';
import { dialUpgrade } from './upgrade.ts';

export interface PeerLinkHandlers {
  /** This end's hello, as a frame. */
  hello(): Uint8Array;
  /** Throws when whoever answers at the address is not the peer. */
  checkHello(theirs: Hello): void;
  /** Frames can be sent, for the first time or again. */
  made(): void;
  /** Frames may have been lost; said again for what could not be sent since. Never called synchronously from `send`. */
  lost(reason: string): void;
}

const connectTimeoutMs = 2000;
const shortestRestMs = 50;
/** Longer spares a machine that is gone some attempts; shorter notices sooner that it is back. */
const longestRestMs = 1000;
/**
 * Bytes that may wait for a slow peer. Beyond them it is as good as gone, and memory is needed elsewhere. The last resort: the
 * member stops asking for more at half of it, see `peerQueueBytes` of its options.
 */
const maxQueuedBytes = 64 * 1024 * 1024;
/** A peer answers what it is asked; a connection on which so long nothing came back is dead, whatever TCP thinks. */
const stallMs = 4000;
/** After a pause of this process, what came meanwhile is taken in before a peer is called silent. */
const secondLookMs = 100;

export class PeerLink {
  readonly address: string;
  readonly #handlers: PeerLinkHandlers;
  readonly #now: () => number;
  #connection: Connection | undefined;
  #abort: (() => void) | undefined;
  /** Frames that wait for the connection. Invariant: empty unless connecting. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #failures = 0;
  #restingUntil = 0;
  /** When the first frame was sent that the peer's last words cannot answer. */
  #unansweredSince: number | undefined;
  /** When that was found to be too long ago. */
  #suspectedAt: number | undefined;
  #closed = false;
  #announced = false;

  /** @param now monotonic milliseconds */
  constructor(address: string, handlers: PeerLinkHandlers, now: () => number) {
    this.address = address;
    this.#handlers = handlers;
    this.#now = now;
  }

  /** Bytes that wait for the connection, or on it for the operating system. */
  get queuedBytes(): number {
    return this.#waitingBytes + (this.#connection?.queuedBytes ?? 0);
  }

  send(frame: Uint8Array): void {
    const now = this.#now();
    if (this.#isStalled(now)) this.#lose(`nothing came back for ${stallMs} ms`);
    if (this.#closed) return;
    if (this.#connection?.isOpen === true) this.#pass(this.#connection, frame, now);
    else if (this.#connection !== undefined || this.#abort !== undefined) this.#wait(frame);
    else if (now < this.#restingUntil) this.#announce('the peer could not be reached');
    else this.#connect(frame);
  }

  /** Something came from the peer, on whichever connection. */
  heard(): void {
    this.#unansweredSince = undefined;
    this.#suspectedAt = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#abort?.();
    this.#connection?.end();
  }

  #isStalled(now: number): boolean {
    if (this.#unansweredSince === undefined || now - this.#unansweredSince <= stallMs) return false;
    this.#suspectedAt ??= now;
    return now - this.#suspectedAt >= secondLookMs;
  }

  #pass(connection: Connection, frame: Uint8Array, now: number): void {
    connection.send(frame);
    this.#unansweredSince ??= now;
    if (connection.queuedBytes > maxQueuedBytes) this.#lose(`more than ${maxQueuedBytes} bytes wait for the peer`);
  }

  #wait(frame: Uint8Array): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes > maxQueuedBytes) this.#lose(`more than ${maxQueuedBytes} bytes wait for the peer`);
  }

  #connect(frame: Uint8Array): void {
    this.#wait(frame);
    const dialing = dialUpgrade(splitAddress(this.address), connectTimeoutMs, {
      upgraded: ({ socket, head }) => {
        this.#abort = undefined;
        if (head.length > 0) socket.unshift(head);
        if (socket instanceof Socket) socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
        this.#open(socket);
      },
      failed: (error) => this.#lose(error.message),
    });
    this.#abort = () => dialing.cancel();
  }

  #open(socket: Duplex): void {
    const connection: Connection = new Connection(socket, this.#handlers.hello(), {
      check: (hello) => this.#handlers.checkHello(hello),
      opened: () => this.#flush(connection),
      frame: () => undefined,
      closed: (error) => {
        if (this.#connection === connection) this.#lose(error?.message ?? 'the peer closed the connection');
      },
    });
    this.#connection = connection;
  }

  #flush(connection: Connection): void {
    this.#failures = 0;
    this.#handlers.made();
    const now = this.#now();
    for (const frame of this.#takeWaiting()) this.#pass(connection, frame, now);
  }

  #takeWaiting(): Uint8Array[] {
    const frames = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return frames;
  }

  /** Drops the connection with all that waits for it, and rests a while before the next attempt. */
  #lose(reason: string): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#abort?.();
    this.#abort = undefined;
    connection?.destroy();
    this.#takeWaiting();
    this.heard();
    const rest = Math.min(longestRestMs, shortestRestMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#restingUntil = this.#now() + rest * (0.5 + Math.random() / 2);
    this.#announce(reason);
  }

  #announce(reason: string): void {
    if (this.#announced || this.#closed) return;
    this.#announced = true;
    setImmediate(() => {
      this.#announced = false;
      if (!this.#closed) this.#handlers.lost(reason);
    });
  }
}
