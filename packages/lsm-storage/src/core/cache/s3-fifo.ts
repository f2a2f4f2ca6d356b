/**
 * What stays in the cache: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023), weighed
 * by bytes.
 *
 *     put ──► small ──hit twice──► main ◄──┐ hit since
 *               │ else               ├─────┘
 *               ▼                    ▼ else
 *             ghost ──put again──► main    gone
 *
 * Most items are asked for once: they pass through a small queue and leave only their name, in `ghost`. What is put
 * again while its name is there, or was hit in passing, has earned a place in `main`, where each round without a hit
 * brings it closer to its end. A hit moves nothing, it only counts.
 */

import { Slot, SlotQueue } from './slot-queue.ts';
import type { SlotHome } from './slot-queue.ts';

/** One part of the capacity is for the small queue, the rest for the main one. The paper's share is a tenth. */
const PARTS = 8;

/** Hits that let an item pass from the small queue to the main one. */
const HITS_TO_STAY = 2;

export class S3Fifo {
  readonly capacity: number;
  readonly #smallShare: number;
  readonly #small: SlotQueue = new SlotQueue();
  readonly #main: SlotQueue = new SlotQueue();
  readonly #ghost: SlotQueue = new SlotQueue();
  /** Forgotten ones, to be used again. */
  readonly #slots: Slot[] = [];
  #evictions = 0;

  /** `capacity`: in bytes. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#smallShare = Math.floor(capacity / PARTS);
  }

  /** Of the items held; never above the capacity. */
  get bytes(): number {
    return this.#small.bytes + this.#main.bytes;
  }

  /** Items that had to make room. */
  get evictions(): number {
    return this.#evictions;
  }

  /** An item that would push most others out is not worth it. */
  admits(bytes: number): boolean {
    return bytes <= this.#smallShare;
  }

  /** A slot for what is not remembered, to be given its item at once. */
  slotFor<T>(home: SlotHome<T>, at: number): Slot<T> {
    const slot = this.#slots.pop() as Slot<T> | undefined;
    if (slot === undefined) return new Slot(home, at);
    slot.home = home;
    slot.at = at;
    return slot;
  }

  /** Gives a new or remembered slot its item, which {@link admits} let in. */
  insert<T>(slot: Slot<T>, item: T, bytes: number): void {
    const remembered = slot.queue === this.#ghost;
    if (remembered) this.#ghost.remove(slot);
    while (this.bytes + bytes > this.capacity) this.#evict();
    slot.item = item;
    slot.bytes = bytes;
    slot.hits = 0;
    (remembered ? this.#main : this.#small).push(slot);
  }

  /** Forgets a slot altogether, except in the map of its space. */
  remove(slot: Slot): void {
    slot.queue?.remove(slot);
    slot.drop();
    this.#slots.push(slot);
  }

  #evict(): void {
    const small = this.#small.oldest;
    if (small !== undefined && (this.#small.bytes > this.#smallShare || this.#main.oldest === undefined)) {
      this.#leaveSmall(small);
    } else if (this.#main.oldest !== undefined) {
      this.#leaveMain(this.#main.oldest);
    }
  }

  #leaveSmall(slot: Slot): void {
    this.#small.remove(slot);
    if (slot.hits >= HITS_TO_STAY) {
      slot.hits = 0;
      this.#main.push(slot);
      return;
    }
    slot.drop();
    this.#evictions++;
    this.#ghost.push(slot);
    this.#trimGhost();
  }

  #leaveMain(slot: Slot): void {
    this.#main.remove(slot);
    if (slot.hits > 0) {
      slot.hits--;
      this.#main.push(slot);
      return;
    }
    slot.drop();
    this.#evictions++;
    this.#forget(slot);
  }

  /** Names are remembered for as many bytes of items as the main queue holds. */
  #trimGhost(): void {
    const most = this.capacity - this.#smallShare;
    for (let slot = this.#ghost.oldest; slot !== undefined && this.#ghost.bytes > most; slot = this.#ghost.oldest) {
      this.#ghost.remove(slot);
      this.#forget(slot);
    }
  }

  #forget(slot: Slot): void {
    slot.home.forget(slot.at);
    this.#slots.push(slot);
  }
}
