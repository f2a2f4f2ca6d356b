/**
 * Issues versions from the hybrid logical clock, and keeps on disk a ceiling that no issued stamp has reached: after a
 * crash the clock starts from there, so that a wall clock set back never issues the same stamp twice.
 */
import type { HybridLogicalClock, Stamp, Version } from '@kv/quorum';
import type { StorageEngine } from '@kv/lsm-storage/core';
import { systemKey } from '@kv/wire';
import type { Clock } from '../ports.ts';

const ceilingKey = systemKey('clock-ceiling');

export interface StampSourceDependencies {
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  /** Called when the ceiling cannot be stored: nothing can be stamped any more. */
  readonly failed: (error: unknown) => void;
}

export class StampSource {
  readonly #dependencies: StampSourceDependencies;
  readonly #actor: string;
  readonly #reserveMs: number;
  /** Durable. Invariant: every issued stamp has ms below it. */
  #ceilingMs: number;
  #raising = false;
  readonly #waiting: ((version: Version) => void)[] = [];

  /** @param actor 32 hexadecimal digits, unique to this member */
  constructor(dependencies: StampSourceDependencies, actor: string, reserveMs: number) {
    this.#dependencies = dependencies;
    this.#actor = actor;
    this.#reserveMs = reserveMs;
    this.#ceilingMs = readCeiling(dependencies.engine).ms;
  }

  /** Calls back with a new version: at once while the ceiling is high enough, else when it has been raised. */
  issue(done: (version: Version) => void): void {
    const { hlc, clock } = this.#dependencies;
    const next = Math.max(clock.wallMs(), hlc.latest.ms + 1);
    if (next < this.#ceilingMs) {
      done({ ...hlc.issue(clock.wallMs()), actor: this.#actor });
    } else {
      this.#waiting.push(done);
    }
    if (next > this.#ceilingMs - this.#reserveMs / 2) this.#raise(next + this.#reserveMs);
  }

  #raise(ceilingMs: number): void {
    if (this.#raising) return;
    this.#raising = true;
    const { engine, failed } = this.#dependencies;
    engine.put(ceilingKey, encodeCeiling(ceilingMs)).then(() => this.#raised(Math.trunc(ceilingMs)), failed);
  }

  #raised(ceilingMs: number): void {
    this.#raising = false;
    this.#ceilingMs = ceilingMs;
    for (const done of this.#waiting.splice(0)) this.issue(done);
  }
}

/** The floor for this life's clock: above every stamp that earlier lives issued. */
export function readCeiling(engine: StorageEngine): Stamp {
  const stored = engine.getSync(ceilingKey);
  if (stored === undefined) return { ms: 0, counter: 0 };
  return { ms: Number(new DataView(stored.buffer, stored.byteOffset, stored.byteLength).getBigUint64(0)), counter: 0 };
}

function encodeCeiling(ms: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.trunc(ms)));
  return bytes;
}
