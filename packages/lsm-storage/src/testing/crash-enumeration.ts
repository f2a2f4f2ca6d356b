/**
 * Runs a script on a simulated disk, and at every call to the disk asks: if the power failed now, what would be found?
 * Of what is unsynced at that moment there survives: everything, nothing, each part alone, all but each, and a number of
 * seeded subsets, of which each file's last page is cut at a seeded byte. Every such disk is opened. What is found must
 * be the outcome of whole groups of writes in their order, without a gap, and must include every group that had to be
 * durable by then; no file may be left that nothing names; and the store must be as good as any other.
 *
 * What had to be durable: with `group` whatever was acknowledged; with `periodic` and `none` what was acknowledged before
 * a sync of the log began that has ended, and what is in runs.
 */

import { CrashableFileSystem, Survival, seededRandom } from '../contract/index.ts';
import type { DiskCall, Random } from '../contract/index.ts';
import type { BatchOperation, FileSystem, StorageEngine, StorageOptions } from '../core/index.ts';
import { carryOut } from './carry-out.ts';
import { ManualClock } from './manual-clock.ts';
import { bytes, contentsOf, openOn, sameContents, turns } from './store.ts';

export interface CrashPlan {
  readonly seed: number;
  /** Writes in the script, those of batches counted one by one. */
  readonly operations: number;
  /** The power is cut at one call of so many. */
  readonly every: number;
  /** Seeded subsets of the unsynced parts, for each call. */
  readonly subsets: number;
  readonly options?: StorageOptions;
  /** What stands between the engine and the disk; the disk sees only what it lets through. */
  readonly wrap?: (fileSystem: FileSystem) => FileSystem;
}

export interface Violation {
  readonly call: string;
  readonly survived: string;
  readonly what: string;
}

export interface Enumeration {
  /** Calls at which power could be cut, and disks that were opened. */
  readonly calls: number;
  readonly disks: number;
  readonly stats: ReturnType<StorageEngine['stats']>;
  readonly violations: readonly Violation[];
}

type Contents = ReadonlyMap<string, string>;

/** What there was after a group. */
interface Moment {
  readonly contents: Contents;
  /** Of its last write. */
  readonly sequence: number;
}

interface Draft {
  readonly disk: CrashableFileSystem;
  readonly call: string;
  readonly survived: string;
  /** What may be found: moments that follow each other, the last of them with the group under way. */
  readonly allowed: readonly Moment[];
}

/** Calls that change nothing are no further places to lose power at. */
const PASSIVE: readonly string[] = ['read', 'open', 'close', 'list', 'lock'];

/** Of so many disks one is written to and opened again. */
const GOES_ON = 3;

export const CRASH_OPTIONS: StorageOptions = {
  memtableBytes: 3000,
  blockBytes: 256,
  separateBytes: 250,
  cacheBytes: 10_000,
  scaling: 0,
  garbageRatio: 0.3,
};

export class CrashEnumeration {
  readonly #plan: CrashPlan;
  readonly #options: StorageOptions;
  readonly #disk: CrashableFileSystem = new CrashableFileSystem();
  readonly #clock: ManualClock = new ManualClock();
  readonly #script: Random;
  readonly #chance: Random;
  readonly #violations: Violation[] = [];
  /** After each group from the last one on that had to be durable; the last may be of a group under way. */
  #moments: Moment[] = [{ contents: new Map(), sequence: 0 }];
  #acknowledged = 0;
  /** What a sync of the log that was begun makes durable. */
  #syncing = 0;
  #engine: StorageEngine | undefined;
  #drafts: Draft[] = [];
  #calls = 0;
  #disks = 0;

  constructor(plan: CrashPlan) {
    this.#plan = plan;
    this.#options = { ...CRASH_OPTIONS, ...plan.options };
    this.#script = seededRandom(plan.seed);
    this.#chance = seededRandom(plan.seed + 1);
  }

  async run(): Promise<Enumeration> {
    const { operations, wrap } = this.#plan;
    this.#disk.observe((call) => this.#draw(call));
    const overrides = { clock: this.#clock, ...(wrap !== undefined && { wrapFileSystem: wrap }) };
    const engine = await openOn(this.#disk, this.#options, overrides);
    this.#engine = engine;
    for (let done = 0, group = 1; done < operations; group++) {
      done += await this.#group(engine);
      if (group % 37 === 0) await this.#quietly(engine.flush());
      if (group % 61 === 0) await this.#quietly(engine.compact());
      if (group % 7 === 0 && this.#options.durability === 'periodic') await this.#passTime();
    }
    await this.#quietly(engine.settled());
    const stats = engine.stats();
    await this.#quietly(engine.close());
    this.#moments = this.#moments.slice(-1);
    this.#keep('after the end', 'none', new Survival(() => false));
    await this.#check();
    return { calls: this.#calls, disks: this.#disks, stats, violations: this.#violations };
  }

  /** Writes a group, and looks at all disks that power losses meanwhile would have left. Returns its writes. */
  async #group(engine: StorageEngine): Promise<number> {
    const before = this.#moments.at(-1) as Moment;
    const writes = this.#drawWrites();
    const contents = new Map(before.contents);
    for (const write of writes) carryOut(write, contents);
    const sequence = before.sequence + writes.length;
    this.#moments.push({ contents, sequence });
    const acknowledged =
      this.#script() < 0.3 ? engine.batch(writes) : Promise.all(writes.map((write) => engine.batch([write])));
    await this.#clock.until(acknowledged.then(() => void (this.#acknowledged = sequence)));
    await this.#check();
    return writes.length;
  }

  /** So much that the log is synced if it waits for that. */
  async #passTime(): Promise<void> {
    this.#clock.advance(1000);
    await turns();
    await this.#check();
  }

  /** Something that changes no contents. */
  async #quietly(work: Promise<void>): Promise<void> {
    await this.#clock.until(work);
    await this.#check();
  }

  #drawWrites(): BatchOperation[] {
    return Array.from({ length: 1 + Math.floor(this.#script() * 4) }, () => {
      const key = bytes(`key${10 + Math.floor(this.#script() * 30)}`);
      const chance = this.#script();
      if (chance < 0.15) return { type: 'delete', key };
      if (chance < 0.2)
        return { type: 'delete-range', from: key, to: bytes(`key${10 + Math.floor(this.#script() * 30)}`) };
      return { type: 'put', key, value: bytes(`${this.#script()} `.repeat(Math.floor(this.#script() * 24))) };
    });
  }

  #draw(call: DiskCall): undefined {
    this.#forgetBefore(this.#mustBeDurable());
    if (call.operation === 'sync' && call.path.endsWith('.log')) this.#syncing = this.#acknowledged;
    if (PASSIVE.includes(call.operation) || this.#calls++ % this.#plan.every !== 0) return;
    const name = `${this.#calls}: ${call.operation} ${call.path}`;
    const parts = this.#disk.unsyncedParts();
    this.#keep(name, 'all', new Survival(() => true));
    if (parts === 0) return;
    this.#keep(name, 'none', new Survival(() => false));
    for (let one = 0; parts > 1 && one < parts; one++) {
      this.#keep(name, `only ${one} of ${parts}`, new Survival((part) => part === one));
      this.#keep(name, `all but ${one} of ${parts}`, new Survival((part) => part !== one));
    }
    for (let subset = 0; subset < this.#plan.subsets; subset++) {
      this.#keep(name, `subset ${subset}`, new Survival(() => this.#chance() < 0.5, this.#chance));
    }
    const allowed = [...this.#moments];
    this.#drafts.push({ disk: this.#disk.afterPowerLoss(this.#chance), call: name, survived: 'sectors', allowed });
  }

  #keep(call: string, survived: string, survival: Survival): void {
    this.#drafts.push({ disk: this.#disk.surviving(survival), call, survived, allowed: [...this.#moments] });
  }

  /** The sequence up to which nothing may be lost any more. A sync is over when another call comes. */
  #mustBeDurable(): number {
    const { durability = 'group' } = this.#options;
    if (durability === 'group') return this.#acknowledged;
    return Math.max(this.#syncing, Math.min(this.#acknowledged, this.#engine?.stats().flushedSequence ?? 0));
  }

  #forgetBefore(sequence: number): void {
    while ((this.#moments[1]?.sequence ?? Infinity) <= sequence) this.#moments.shift();
  }

  /** Opens every disk drawn since the last check. */
  async #check(): Promise<void> {
    for (const { disk, call, survived, allowed } of this.#drafts.splice(0)) {
      const what = await findFault(disk, this.#options, allowed, this.#disks++ % GOES_ON === 0);
      if (what !== undefined) this.#violations.push({ call, survived, what });
    }
  }
}

async function findFault(
  disk: CrashableFileSystem,
  options: StorageOptions,
  allowed: readonly Moment[],
  goesOn: boolean,
): Promise<string | undefined> {
  try {
    const engine = await openOn(disk, options);
    const found = contentsOf(engine);
    if (!allowed.some(({ contents }) => sameContents(contents, found))) return describe(found, allowed);
    const orphans = await findOrphans(disk, engine);
    if (orphans !== undefined) return orphans;
    if (goesOn) await engine.put(bytes('after'), bytes('the crash'));
    await engine.close();
    if (!goesOn) return undefined;
    const again = await openOn(disk, options);
    const later = contentsOf(again);
    await again.close();
    return sameContents(new Map([...found, ['after', 'the crash']]), later)
      ? undefined
      : 'another outcome at the second opening';
  } catch (error) {
    return `not opened: ${String(error)}`;
  }
}

function describe(found: Contents, allowed: readonly Moment[]): string {
  const differences = allowed.map(({ contents }) => {
    return [...new Set([...found.keys(), ...contents.keys()])].filter((key) => found.get(key) !== contents.get(key));
  });
  return `not what there was after any of the groups: ${differences.map((keys) => keys.join()).join(' | ')}`;
}

async function findOrphans(disk: CrashableFileSystem, engine: StorageEngine): Promise<string | undefined> {
  const names = await disk.list('');
  const { runs, valueFiles, segments } = engine.stats();
  for (const [suffix, expected] of [
    ['.run', runs],
    ['.values', valueFiles],
    ['.log', segments],
  ] as const) {
    const found = names.filter((name) => name.endsWith(suffix)).length;
    if (found !== expected) return `${found} files ${suffix} where there should be ${expected}`;
  }
  return undefined;
}
