/**
 * Operations of this member on one key, one after the other: two at a time would only outbid each other. What waits is
 * bounded, in number for each key and in bytes for all.
 */
export interface KeyQueueLimits {
  /** That may wait for one key. Higher: longer waits, fewer refusals. */
  readonly perKey: number;
  /** That may wait for all keys. */
  readonly bytes: number;
}

export interface QueuedTask {
  /** That it holds while it waits. */
  readonly bytes: number;
  /** Begins it; `ended` is to be called when it has ended. */
  run(ended: () => void): void;
}

export class KeyQueues {
  readonly #limits: KeyQueueLimits;
  /** Of each key with a task under way, those that wait. */
  readonly #waiting = new Map<string, QueuedTask[]>();
  #bytes = 0;

  constructor(limits: KeyQueueLimits) {
    this.#limits = limits;
  }

  hasRoom(key: string, bytes: number): boolean {
    const waiting = this.#waiting.get(key);
    const { perKey, bytes: most } = this.#limits;
    return waiting === undefined || (waiting.length < perKey && this.#bytes + bytes <= most);
  }

  /** Only where there is room. */
  add(key: string, task: QueuedTask): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      this.#waiting.set(key, []);
      this.#run(key, task);
    } else {
      waiting.push(task);
      this.#bytes += task.bytes;
    }
  }

  #run(key: string, task: QueuedTask): void {
    let ended = false;
    task.run(() => {
      if (ended) return;
      ended = true;
      this.#next(key);
    });
  }

  #next(key: string): void {
    const task = this.#waiting.get(key)?.shift();
    if (task === undefined) {
      this.#waiting.delete(key);
      return;
    }
    this.#bytes -= task.bytes;
    this.#run(key, task);
  }
}
