/** What is still to happen, in the order of (virtual time, order of scheduling): a binary heap. */

export interface QueuedEvent {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

export class EventQueue {
  /** Invariant: no event comes before its parent at (index - 1) >> 1. */
  readonly #heap: QueuedEvent[] = [];
  #nextSequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The time of the next event, `undefined` when there is none. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(at: number, run: () => void): void {
    const event = { at, sequence: this.#nextSequence, run };
    this.#nextSequence += 1;
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1, event);
  }

  pop(): QueuedEvent | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return first;
  }

  #rise(from: number, event: QueuedEvent): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(event, parent)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = event;
  }

  /** Puts `event` at the root and lets it sink to its place. */
  #sink(event: QueuedEvent): void {
    let index = 0;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      if (left === undefined) break;
      const smaller = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(smaller, event)) break;
      this.#heap[index] = smaller;
      index = smaller === left ? 2 * index + 1 : 2 * index + 2;
    }
    this.#heap[index] = event;
  }
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.at !== b.at ? a.at < b.at : a.sequence < b.sequence;
}
