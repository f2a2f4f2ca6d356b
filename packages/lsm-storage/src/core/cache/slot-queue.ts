/** The queues of the block cache: doubly linked through the slots themselves, so that moving a slot allocates nothing. */

/** The place of one item, kept in the map of its space while the cache remembers it. */
export class Slot<T = unknown> {
  /** The map of its space, in which it stands under `at`. */
  readonly home: Map<number, Slot<T>>;
  readonly at: number;
  /** `undefined`: evicted, and remembered only by its place. */
  item: T | undefined = undefined;
  bytes: number = 0;
  /** Hits since it came into its queue, at most three. */
  hits: number = 0;
  /** The queue it is in, and its neighbours there. */
  queue: SlotQueue | undefined = undefined;
  older: Slot | undefined = undefined;
  newer: Slot | undefined = undefined;

  constructor(home: Map<number, Slot<T>>, at: number) {
    this.home = home;
    this.at = at;
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
