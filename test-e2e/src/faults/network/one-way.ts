/**
 * One direction of a proxied connection: what one socket says, told to the other in its order, when the link lets it.
 * The end of a connection travels like its bytes, so that a cut link hides it too.
 */
import type { Socket } from 'node:net';
import type { Direction, Links } from './links.ts';

/** What may wait for a cut link before the sender is made to wait: what TCP's own buffers would hold. */
const maxHeldBytes = 256 * 1024;

interface Held {
  /** `undefined`: the end of the connection. */
  readonly bytes: Buffer | undefined;
  /** Monotonic milliseconds before which it does not arrive. */
  readonly dueAt: number;
}

export class OneWay {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #links: Links;
  readonly #unwatch: () => void;
  #direction: Direction | undefined;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #stopped = false;

  constructor(source: Socket, target: Socket, links: Links) {
    this.#source = source;
    this.#target = target;
    this.#links = links;
    this.#unwatch = links.watch(() => this.#deliver());
    source.on('close', () => this.#end());
    target.on('drain', () => this.#deliver());
    target.on('close', () => this.#stop());
  }

  /** Whose bytes these are. Until that is known they pass. */
  set direction(direction: Direction) {
    this.#direction = direction;
  }

  push(bytes: Buffer): void {
    if (this.#stopped) return;
    this.#hold(bytes);
    if (this.#heldBytes > maxHeldBytes) this.#source.pause();
    this.#deliver();
  }

  #end(): void {
    if (this.#ended || this.#stopped) return;
    this.#ended = true;
    this.#hold(undefined);
    this.#deliver();
  }

  #hold(bytes: Buffer | undefined): void {
    const rule = this.#rule();
    const size = bytes?.length ?? 0;
    if (rule.type !== 'pass') this.#links.countHit(size);
    const dueAt = rule.type === 'delay' ? performance.now() + rule.ms : 0;
    this.#held.push({ bytes, dueAt });
    this.#heldBytes += size;
  }

  #rule(): ReturnType<Links['ruleOf']> {
    if (this.#direction === undefined) return { type: 'pass' };
    return this.#links.ruleOf(...this.#direction);
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (this.#rule().type === 'cut' || this.#target.writableNeedDrain) return;
      const inMs = next.dueAt - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), inMs);
        return;
      }
      this.#held.shift();
      if (next.bytes === undefined) {
        this.#target.destroySoon();
        return;
      }
      this.#heldBytes -= next.bytes.length;
      this.#target.write(next.bytes);
    }
    if (this.#source.isPaused()) this.#source.resume();
  }

  /** Nobody is there to be told anything. */
  #stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#held.length = 0;
    this.#heldBytes = 0;
    this.#source.resume();
  }
}
