/** Everything that is read off a process while it works: time, latencies, bytes written, memory, event loop. */
import { EventLoopDelay } from './event-loop-delay.ts';
import { Histogram } from './histogram.ts';
import { MemorySampler } from './memory-sampler.ts';
import { readPeakMemory, readWriteBytes } from './process-io.ts';

export interface Reading {
  readonly seconds: number;
  readonly operations: number;
  readonly opsPerSecond: number;
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
  /** Bytes written to storage by this process and all its threads; `undefined` where the kernel does not say. */
  readonly writtenBytes: number | undefined;
  /** The largest resident set that was sampled. */
  readonly peakRssBytes: number;
  /** The largest resident set of the whole life of the process (`VmHWM`). */
  readonly highWaterRssBytes: number | undefined;
  /** `undefined` where the loop did not turn, as under a loop of synchronous reads. */
  readonly eventLoopDelayP99Ms: number | undefined;
}

export class Meter {
  readonly latency: Histogram = new Histogram();
  readonly #writtenBefore = readWriteBytes();
  readonly #sampler = new MemorySampler();
  readonly #delay = new EventLoopDelay();
  readonly #started = performance.now();

  /** Starts at once. */
  static start(): Meter {
    return new Meter();
  }

  /** May be called once. */
  stop(operations: number): Reading {
    const seconds = (performance.now() - this.#started) / 1000;
    const eventLoopDelayP99Ms = this.#delay.stopP99Ms();
    const writtenAfter = readWriteBytes();
    return {
      seconds,
      operations,
      opsPerSecond: operations / seconds,
      p50Us: microseconds(this.latency.percentileNs(0.5)),
      p99Us: microseconds(this.latency.percentileNs(0.99)),
      writtenBytes: writtenAfter === undefined ? undefined : writtenAfter - (this.#writtenBefore ?? 0),
      peakRssBytes: this.#sampler.stop(),
      highWaterRssBytes: readPeakMemory(),
      eventLoopDelayP99Ms,
    };
  }
}

function microseconds(ns: number | undefined): number | undefined {
  return ns === undefined ? undefined : ns / 1000;
}
