/**
 * Runs a fixed script on a simulated disk, and at every call to the disk asks: if the power failed now, what would be
 * found? Several disks are drawn for each call, and each is opened. What is found must be the outcome of whole bursts
 * of writes in their order, and must include every burst that was acknowledged before the call.
 */

import { CrashableFileSystem, seededRandom } from '../contract/index.ts';
import type { DiskCall, Random } from '../contract/index.ts';
import type { FileSystem, StorageOptions } from '../core/index.ts';
import { bytes, contentsOf, openOn } from './store.ts';

export interface Violation {
  readonly call: string;
  readonly what: string;
}

export interface Enumeration {
  /** Calls at which power was cut, and disks that were opened. */
  readonly calls: number;
  readonly disks: number;
  readonly violations: readonly Violation[];
}

interface Draft {
  readonly disk: CrashableFileSystem;
  readonly call: string;
}

/** Calls that change nothing are no further places to lose power at. */
const PASSIVE: readonly string[] = ['read', 'open', 'close', 'list', 'lock'];

/** Of so many disks one is opened a second time: what the first opening left behind must open to the same. */
const OPENED_TWICE = 3;

const OPTIONS: StorageOptions = {
  memtableBytes: 3000,
  segmentBytes: 2000,
  blockBytes: 256,
  compactionFan: 2,
};

export class CrashEnumeration {
  readonly #disk: CrashableFileSystem = new CrashableFileSystem();
  readonly #random: Random;
  readonly #disksPerCall: number;
  readonly #violations: Violation[] = [];
  #drafts: Draft[] = [];
  #calls = 0;
  #disks = 0;

  constructor(seed: number, disksPerCall: number) {
    this.#random = seededRandom(seed);
    this.#disksPerCall = disksPerCall;
  }

  /** `wrap`: what stands between the engine and the disk; the disk sees only what it lets through. */
  async run(bursts: number, wrap?: (fileSystem: FileSystem) => FileSystem): Promise<Enumeration> {
    const overrides = wrap === undefined ? {} : { wrapFileSystem: wrap };
    this.#disk.observe((call) => this.#draw(call));
    const engine = await openOn(this.#disk, OPTIONS, overrides);
    const before = new Map<string, string>();
    for (let burst = 0; burst < bursts; burst++) {
      const after = new Map(before);
      const writes: Promise<void>[] = [];
      for (let count = 1 + Math.floor(this.#random() * 4); count > 0; count--) {
        const key = `key${Math.floor(this.#random() * 25)}`;
        const value = `${burst}.${count}`.repeat(Math.floor(this.#random() * 60));
        if (this.#random() < 0.2) after.delete(key);
        else after.set(key, value);
        writes.push(after.has(key) ? engine.put(bytes(key), bytes(value)) : engine.delete(bytes(key)));
      }
      await Promise.all(writes);
      await this.#check([before, after]);
      for (const key of before.keys()) if (!after.has(key)) before.delete(key);
      for (const [key, value] of after) before.set(key, value);
      if (burst % 40 === 39) await engine.compact();
      await this.#check([before]);
    }
    await engine.close();
    await this.#check([before]);
    return { calls: this.#calls, disks: this.#disks, violations: this.#violations };
  }

  #draw(call: DiskCall): undefined {
    if (PASSIVE.includes(call.operation)) return;
    this.#calls++;
    const name = `${this.#calls}: ${call.operation} ${call.path}`;
    for (let i = 0; i < this.#disksPerCall; i++) {
      this.#drafts.push({ disk: this.#disk.afterPowerLoss(this.#random), call: name });
    }
  }

  /** Every disk drawn since the last check must hold one of the allowed contents. */
  async #check(allowed: readonly ReadonlyMap<string, string>[]): Promise<void> {
    for (const { disk, call } of this.#drafts.splice(0)) {
      const openings = this.#disks++ % OPENED_TWICE === 0 ? 2 : 1;
      const what = await findFault(disk, allowed, openings);
      if (what !== undefined) this.#violations.push({ call, what });
    }
  }
}

async function findFault(
  disk: CrashableFileSystem,
  allowed: readonly ReadonlyMap<string, string>[],
  openings: number,
): Promise<string | undefined> {
  let before: ReadonlyMap<string, string> | undefined;
  try {
    for (let opening = 0; opening < openings; opening++) {
      const engine = await openOn(disk, OPTIONS);
      const found = contentsOf(engine);
      await engine.close();
      if (!allowed.some((contents) => sameContents(contents, found))) return 'neither before nor after the burst';
      if (before !== undefined && !sameContents(before, found)) return 'another outcome at the second opening';
      before = found;
    }
    return undefined;
  } catch (error) {
    return `not opened: ${String(error)}`;
  }
}

function sameContents(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}
