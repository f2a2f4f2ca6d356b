/**
 * The conversation with one node over one link: a hello each way, then requests and their answers, in any order. Once a
 * window of bytes is unanswered nothing more is sent, the last frame being sent whole, and the rest as answers come: a
 * request that waits here has certainly not been carried out, which nobody could say of one that waits in a socket. A
 * plain object over the link: it knows no socket.
 */
import { encodeFrame, type Frame, FrameDecoder, type Hello, type Message } from '@kv/wire';
import type { FrameHeader } from '@kv/wire';
import { OwedAnswers } from './owed-answers.ts';
import type { ClientPorts, Clock, Link, Timer } from './ports.ts';

export interface SessionHandlers {
  hello(): Hello;
  /** Throws when the node is not one that this client wants to talk to. */
  checkHello(theirs: Hello): void;
  /** Every frame that arrives, before its answer is handed out. */
  heard(header: FrameHeader): void;
  /** Called once; every request under way was told before. */
  closed(reason: string): void;
}

/** Who waits for an answer; exactly one of the three is called, or none after the request was forgotten. */
export interface Waiter {
  /** The fields of the frame's header; called when it leaves, so that one which was not called for was never sent. */
  header(): Omit<FrameHeader, 'operationId'>;
  answered(frame: Frame): void;
  lost(reason: string): void;
  /** The request cannot be written as a frame: nothing was sent. */
  unsendable(error: unknown): void;
}

/**
 * Bytes of requests that were sent and not answered. Higher: faster for many large values at once; lower: less is in doubt when
 * a node is slow. By its defaults a node lets in 32 MiB of one connection, and counts a write with three replicas four times
 * and 2 KiB beside: a quarter of that, less the last one that is sent, never meets a refusal.
 */
const windowBytes = 7 * 1024 * 1024;
/** What a request counts in the window beside its frame. */
const overheadBytes = 512;

/** How long a node may take to accept a link and to say hello. */
const greetWithinMs = 2000;

export class Session {
  readonly address: string;
  readonly #handlers: SessionHandlers;
  readonly #link: Link;
  readonly #decoder = new FrameDecoder();
  readonly #greeting: Timer;
  /** Requests that were sent and not answered. */
  readonly #waiting = new Map<number, Asked>();
  /** What those count in the window. */
  #sentBytes = 0;
  /** Requests that were not sent, in the order of asking. Invariant of an open session: empty unless the window is full. */
  readonly #unsent = new Map<number, { readonly message: () => Message; readonly waiter: Waiter }>();
  /** To those of the sent ones for which nobody waits any more. */
  readonly #owed = new OwedAnswers();
  readonly #clock: Clock;
  #state: 'greeting' | 'open' | 'closed' = 'greeting';
  #lastOperationId = 0;
  #heardAt: number;

  constructor(ports: ClientPorts, address: string, handlers: SessionHandlers) {
    this.address = address;
    this.#handlers = handlers;
    this.#clock = ports.clock;
    this.#heardAt = ports.clock.monotonicMs();
    this.#greeting = ports.timers.set(greetWithinMs, () => this.#lose(`no hello in ${greetWithinMs} ms`));
    this.#link = ports.transport.open(address, {
      opened: () => this.#link.send(encodeFrame(greetingHeader, handlers.hello())),
      received: (chunk) => this.#receive(chunk),
      closed: (reason) => this.#lose(reason),
    });
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** When the node last said anything, in monotonic milliseconds; before it did, when the session began. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /**
   * Whether it is good for nothing any more: its window is full, and an answer for which nobody waits is overdue. The
   * node lost a request, or is gone without a word.
   */
  get isStuck(): boolean {
    return this.#isFull && this.#owed.isOverdue(this.#clock.monotonicMs());
  }

  /**
   * Sends a request, now or as soon as the node said hello and has answered enough of what it was asked before. Returns
   * what forgets it. Not after the session closed.
   * @param message called when it leaves: what waits here must not be older than what its asker sends elsewhere by then
   */
  ask(message: () => Message, waiter: Waiter): () => void {
    const operationId = this.#nextOperationId();
    if (this.#state === 'open' && !this.#isFull) this.#send(operationId, message, waiter);
    else this.#unsent.set(operationId, { message, waiter });
    return () => this.#forget(operationId);
  }

  /** @param reason told to whoever waits for an answer */
  close(reason = 'the client was closed'): void {
    this.#lose(reason);
  }

  get #isFull(): boolean {
    return this.#sentBytes >= windowBytes;
  }

  #send(operationId: number, message: () => Message, waiter: Waiter): void {
    let frame: Uint8Array;
    let deadline: number | undefined;
    try {
      const header = waiter.header();
      frame = encodeFrame({ ...header, operationId }, message());
      if (header.deadlineMs > 0) deadline = this.#clock.monotonicMs() + header.deadlineMs;
    } catch (error) {
      waiter.unsendable(error);
      return;
    }
    const bytes = frame.length + overheadBytes;
    this.#waiting.set(operationId, { waiter, bytes, deadline });
    this.#sentBytes += bytes;
    this.#link.send(frame);
  }

  #sendUnsent(): void {
    for (const [operationId, { message, waiter }] of this.#unsent) {
      if (this.#isFull) return;
      this.#unsent.delete(operationId);
      this.#send(operationId, message, waiter);
    }
  }

  /** What was sent still counts until it is answered: forgetting it here does not spare the node. */
  #forget(operationId: number): void {
    this.#unsent.delete(operationId);
    const asked = this.#waiting.get(operationId);
    if (asked === undefined) return;
    asked.waiter = undefined;
    this.#owed.add(operationId, asked.deadline ?? this.#clock.monotonicMs());
  }

  #receive(chunk: Uint8Array): void {
    this.#heardAt = this.#clock.monotonicMs();
    try {
      for (const frame of this.#decoder.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
    }
  }

  #take(frame: Frame): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'greeting') {
      this.#greet(frame.message);
      return;
    }
    this.#handlers.heard(frame.header);
    const asked = this.#waiting.get(frame.header.operationId);
    if (asked === undefined) return;
    this.#waiting.delete(frame.header.operationId);
    this.#sentBytes -= asked.bytes;
    if (asked.waiter === undefined) this.#owed.answered(frame.header.operationId);
    if (this.#unsent.size > 0) this.#sendUnsent();
    asked.waiter?.answered(frame);
  }

  #greet(message: Message): void {
    if (message.type === 'error') throw new Error(`the node refused: ${message.message}`);
    if (message.type !== 'hello') throw new Error(`needed a hello first, got ${message.type}`);
    this.#handlers.checkHello(message);
    this.#greeting.cancel();
    this.#state = 'open';
    this.#sendUnsent();
  }

  #lose(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#greeting.cancel();
    this.#link.close();
    const lost = [...this.#waiting.values(), ...this.#unsent.values()];
    this.#waiting.clear();
    this.#unsent.clear();
    this.#owed.clear();
    for (const { waiter } of lost) waiter?.lost(reason);
    this.#handlers.closed(reason);
  }

  #nextOperationId(): number {
    do {
      this.#lastOperationId = this.#lastOperationId === 0xffff_ffff ? 1 : this.#lastOperationId + 1;
    } while (this.#waiting.has(this.#lastOperationId) || this.#unsent.has(this.#lastOperationId));
    return this.#lastOperationId;
  }
}

interface Asked {
  /** `undefined`: nobody waits for the answer any more. */
  waiter: Waiter | undefined;
  /** What it counts in the window. */
  readonly bytes: number;
  /** By when the node was told to answer, in monotonic milliseconds. */
  readonly deadline: number | undefined;
}

const greetingHeader: FrameHeader = {
  operationId: 0,
  epoch: 0,
  keyspaceId: 0,
  deadlineMs: 0,
  stamp: { ms: 0, counter: 0 },
};
