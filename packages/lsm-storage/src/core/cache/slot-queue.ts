/** The queues of the block cache: doubly linked through the slots themselves, so that moving a slot allocates nothing. */

/** The space of a slot. */
export interface SlotHome<T> {
  /** The cache does not remember the slot at this place any more. */
  forget(at: number): void;
  /** An item goes. */
  dropped(item: T): void;
}

/** The place of one item, kept by its space while the cache remembers it, and then used for another one. */
export class Slot<T = unknown> {
  home: SlotHome<T>;
  at: number;
  /** `undefined`: evicted, and remembered only by its place. */
  item: T | undefined = undefined;
  bytes: number = 0;
  /** Hits since it came into its queue, at most three. */
  hits: number = 0;
  /** The queue it is in, and its neighbours there. */
  queue: SlotQueue | undefined = undefined;
  older: Slot | undefined = undefined;
  newer: Slot | undefined = undefined;

  constructor(home: SlotHome<T>, at: number) {
    this.home = home;
    this.at = at;
  }

  /** Lets the item go. */
  drop(): void {
    const { item } = this;
    this.item = undefined;
    if (item !== undefined) this.home.dropped(item);
  }
}

/** First in, first out, weighed by bytes. */
export class SlotQueue {
  #oldest: Slot | undefined;
  #newest: Slot | undefined;
  #bytes = 0;

  get oldest(): Slot | undefined {
    return this.#oldest;
  }

  /** Sum of the slots' bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `slot` is in no queue. */
  push(slot: Slot): void {
    slot.queue = this;
    slot.older = this.#newest;
    slot.newer = undefined;
    if (this.#newest === undefined) this.#oldest = slot;
    else this.#newest.newer = slot;
    this.#newest = slot;
    this.#bytes += slot.bytes;
  }

  /** `slot` is in this queue. */
  remove(slot: Slot): void {
    if (slot.older === undefined) this.#oldest = slot.newer;
    else slot.older.newer = slot.newer;
    if (slot.newer === undefined) this.#newest = slot.older;
    else slot.newer.older = slot.older;
    slot.queue = undefined;
    slot.older = undefined;
    slot.newer = undefined;
    this.#bytes -= slot.bytes;
  }
}
