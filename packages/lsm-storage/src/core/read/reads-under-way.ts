/**
 * The asynchronous reads that have begun and not ended. Closing waits for them: a file that is closed under a read gives
 * its descriptor to the next file that is opened, and the read would go on in that one.
 */

export class ReadsUnderWay {
  readonly #stopping: Promise<void>;
  #stop: () => void = () => undefined;
  #count = 0;
  #ended: () => void = () => undefined;

  constructor() {
    this.#stopping = new Promise((resolve) => (this.#stop = resolve));
  }

  /** Begins a read; resolves or rejects as it does. */
  async during<T>(read: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await read();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#ended();
    }
  }

  /** Resolves when the reads are told to stop: for those that would wait for something else meanwhile. */
  get stopping(): Promise<void> {
    return this.#stopping;
  }

  /** Tells the reads under way to stop; resolves when none is left. None may begin afterwards. */
  async stop(): Promise<void> {
    this.#stop();
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#ended = resolve));
  }
}
