/**
 * Lets faults begin and end while clients work: in each lane one after the other, every kind before any comes again, the
 * first of each as long as it may be.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@kv/simulation';
import type { FaultyCluster } from './cluster/faulty-cluster.ts';
import type { Fault } from './kinds/fault.ts';

/** A fault that was. Times are monotonic milliseconds. */
export interface Episode {
  readonly kind: string;
  readonly what: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly tookEffect: boolean;
  /** Operations under way when it began. */
  readonly underWay: number;
  /** How a member did not come back from it. */
  readonly broke?: string;
}

export interface NemesisOptions {
  readonly faults: readonly Fault[];
  /** Milliseconds until the last fault has ended. */
  readonly forMs: number;
  /** Scales how long faults last. */
  readonly pace: number;
  readonly random: SeededRandom;
  /** Operations under way now. */
  readonly underWay: () => number;
  readonly log: (line: string) => void;
}

/** Milliseconds between two faults of a lane, before they are scaled. */
const gap = { least: 1_000, most: 4_000 };

export class Nemesis {
  readonly #cluster: FaultyCluster;
  readonly #options: NemesisOptions;
  readonly #episodes: Episode[] = [];
  readonly #struck = new Set<string>();
  #active = 0;

  constructor(cluster: FaultyCluster, options: NemesisOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Whether a fault is under way. */
  get isActive(): boolean {
    return this.#active > 0;
  }

  get episodes(): readonly Episode[] {
    return this.#episodes;
  }

  /** Ends when all faults have. */
  async run(): Promise<void> {
    const endsAt = performance.now() + this.#options.forMs;
    const { faults } = this.#options;
    const lanes = [...new Set(faults.map(({ lane }) => lane))];
    await Promise.all(
      lanes.map((lane) =>
        this.#runLane(
          lane,
          faults.filter((fault) => fault.lane === lane),
          endsAt,
        ),
      ),
    );
  }

  async #runLane(lane: string, faults: readonly Fault[], endsAt: number): Promise<void> {
    const { pace } = this.#options;
    const random = this.#options.random.fork(lane);
    for (;;) {
      for (const fault of random.shuffled(faults)) {
        await delay(pace * random.between(gap.least, gap.most));
        const leftMs = endsAt - performance.now();
        if (leftMs <= 0) return;
        const { least, most } = fault.lasts;
        const lastsMs = pace * (this.#struck.has(fault.kind) ? random.logBetween(least, most) : most);
        this.#struck.add(fault.kind);
        await this.#strike(fault, random, Math.min(lastsMs, leftMs));
      }
    }
  }

  async #strike(fault: Fault, random: SeededRandom, lastsMs: number): Promise<void> {
    const { underWay, log } = this.#options;
    const startedAt = performance.now();
    const operations = underWay();
    this.#active += 1;
    const strike = await fault.begin(this.#cluster, random);
    log(`${fault.kind} (${strike.what}) for ${(lastsMs / 1000).toFixed(1)} s`);
    await delay(lastsMs);
    const ended = await strike.end().then(
      (tookEffect) => ({ tookEffect }),
      (error: unknown) => ({ tookEffect: true, broke: error instanceof Error ? error.message : String(error) }),
    );
    this.#active -= 1;
    const times = { startedAt, endedAt: performance.now() };
    this.#episodes.push({ kind: fault.kind, what: strike.what, ...times, ...ended, underWay: operations });
  }
}
