/**
 * The conversation with one node over one link: a hello each way, then requests and their answers, in any order. A plain
 * object over the link: it knows no socket and no clock.
 */
import { encodeFrame, type Frame, FrameDecoder, type Hello, type Message } from '@kv/wire';
import type { FrameHeader } from '@kv/wire';
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

/** Who waits for an answer; exactly one of the two is called, or none after the request was forgotten. */
export interface Waiter {
  /** The fields of the frame's header; called when it leaves, so that one which was not called for was never sent. */
  header(): Omit<FrameHeader, 'operationId'>;
  answered(frame: Frame): void;
  lost(reason: string): void;
}

/** How long a node may take to accept a link and to say hello. */
const greetWithinMs = 2000;

export class Session {
  readonly address: string;
  readonly #handlers: SessionHandlers;
  readonly #link: Link;
  readonly #decoder = new FrameDecoder();
  readonly #greeting: Timer;
  readonly #waiting = new Map<number, { readonly message: Message; readonly waiter: Waiter }>();
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

  /** Sends a request, now or as soon as the node said hello. Returns what forgets it. Not after the session closed. */
  ask(message: Message, waiter: Waiter): () => void {
    const operationId = this.#nextOperationId();
    this.#waiting.set(operationId, { message, waiter });
    if (this.#state === 'open') this.#send(operationId, message, waiter);
    return () => void this.#waiting.delete(operationId);
  }

  close(): void {
    this.#lose('the client was closed');
  }

  #send(operationId: number, message: Message, waiter: Waiter): void {
    this.#link.send(encodeFrame({ ...waiter.header(), operationId }, message));
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
    this.#waiting.delete(frame.header.operationId);
    asked?.waiter.answered(frame);
  }

  #greet(message: Message): void {
    if (message.type === 'error') throw new Error(`the node refused: ${message.message}`);
    if (message.type !== 'hello') throw new Error(`needed a hello first, got ${message.type}`);
    this.#handlers.checkHello(message);
    this.#greeting.cancel();
    this.#state = 'open';
    for (const [operationId, asked] of this.#waiting) this.#send(operationId, asked.message, asked.waiter);
  }

  #lose(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#greeting.cancel();
    this.#link.close();
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { waiter } of lost) waiter.lost(reason);
    this.#handlers.closed(reason);
  }

  #nextOperationId(): number {
    do {
      this.#lastOperationId = this.#lastOperationId === 0xffff_ffff ? 1 : this.#lastOperationId + 1;
    } while (this.#waiting.has(this.#lastOperationId));
    return this.#lastOperationId;
  }
}

const greetingHeader: FrameHeader = {
  operationId: 0,
  epoch: 0,
  keyspaceId: 0,
  deadlineMs: 0,
  stamp: { ms: 0, counter: 0 },
};
