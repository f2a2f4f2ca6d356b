/** `scan-forward`, `scan-reverse`: reads all keys and values in order, from an end to the other and then again. */
import type { BenchEngine } from '../engines/bench-engine.ts';
import { runSteps } from './effort.ts';
import { readingWorkload } from './reading.ts';
import type { Workload } from './workload.ts';

export const scanForward: Workload = scanWorkload('scan-forward', false);
export const scanReverse: Workload = scanWorkload('scan-reverse', true);

/** An operation is an entry; a latency is that of a step of about a thousand. */
function scanWorkload(name: string, reverse: boolean): Workload {
  return readingWorkload({
    name,
    seconds: 2.5,
    async read(engine, { sizes }, effort, { latency }) {
      const scans = new EndlessScan(engine, reverse, sizes.pairs);
      const entries = await runSteps(effort, latency, () => scans.next());
      await scans.close();
      return entries;
    },
  });
}

class EndlessScan {
  readonly #engine: BenchEngine;
  readonly #reverse: boolean;
  readonly #pairs: number;
  #scan;
  #seen = 0;

  constructor(engine: BenchEngine, reverse: boolean, pairs: number) {
    this.#engine = engine;
    this.#reverse = reverse;
    this.#pairs = pairs;
    this.#scan = engine.scan(reverse);
  }

  next(): Promise<number> | number {
    const entries = this.#scan.next();
    return typeof entries === 'number' ? this.#took(entries) : entries.then((count) => this.#took(count));
  }

  async close(): Promise<void> {
    await this.#scan.close();
  }

  #took(entries: number): Promise<number> | number {
    this.#seen += entries;
    return entries === 0 ? this.#again() : entries;
  }

  async #again(): Promise<number> {
    if (this.#seen !== this.#pairs) throw new Error(`a scan found ${this.#seen} of ${this.#pairs} entries`);
    this.#seen = 0;
    await this.#scan.close();
    this.#scan = this.#engine.scan(this.#reverse);
    return 0;
  }
}
