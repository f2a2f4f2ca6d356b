interface QueuedEvent {
  readonly at: number;
  /** Events of one time run in the order in which they were scheduled. */
  readonly sequence: number;
  readonly run: () => void;
}

/** Virtual time: a binary heap of what happens when. Nothing waits; time jumps from event to event. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #sequence = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  schedule(at: number, run: () => void): void {
    this.#sequence += 1;
    this.#heap.push({ at: Math.max(at, this.#now), sequence: this.#sequence, run });
    this.#rise(this.#heap.length - 1);
  }

  /** Runs the next event that is due by `until`; false, and the time is `until`, if there is none. */
  runNext(until: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.at > until) {
      this.#now = Math.max(this.#now, until);
      return false;
    }
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.#now = first.at;
    first.run();
    return true;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = this.#isBefore(right, left) ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(one: number, other: number): boolean {
    if (!this.#isBefore(one, other)) return false;
    const [first, second] = [this.#heap[one], this.#heap[other]];
    if (first === undefined || second === undefined) return false;
    this.#heap[one] = second;
    this.#heap[other] = first;
    return true;
  }

  #isBefore(one: number, other: number): boolean {
    const [first, second] = [this.#heap[one], this.#heap[other]];
    if (first === undefined || second === undefined) return false;
    return first.at - second.at < 0 || (first.at === second.at && first.sequence < second.sequence);
  }
}
