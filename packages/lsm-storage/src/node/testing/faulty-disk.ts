/**
 * The other side of `testdata/faulty-disk.c`: compiles it, starts processes with it, and tells it which calls are to
 * fail, from within such a process or from outside.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** In the order of `enum call`. */
const CALLS = [
  'open64',
  'write',
  'pwrite64',
  'pwritev64',
  'fdatasync',
  'fsync',
  'ftruncate64',
  'rename',
  'link',
  'unlink',
  'read',
  'pread64',
  'preadv64',
] as const;
/** In the order of `enum action`. */
const ACTIONS = ['pass', 'fail', 'half-then-fail', 'half', 'fill', 'kill'] as const;

export type DiskCall = (typeof CALLS)[number];

export interface FaultPlan {
  /** Those that are counted and may be struck. Of `open64` only what may create a file. */
  readonly calls: readonly DiskCall[];
  /**
   * What becomes of a call that is struck: it fails; it does half of its work and then fails, or says that it did half;
   * the first does half and the rest fail, as a disk fills up; or it does half and the process is killed.
   */
  readonly action: (typeof ACTIONS)[number];
  readonly error?: 'EIO' | 'ENOSPC';
  /** The first of them that is struck, counted from 1, and how many are from there on. */
  readonly from: number;
  readonly count: number;
  /** What the names of the files end in; default: any. */
  readonly suffix?: string;
}

const NUMBER_BYTES = 4;
const SEEN = 5;
const STRUCK = 6;
const EACH = 7;
const SUFFIX_AT = NUMBER_BYTES * (EACH + CALLS.length);
const PLAN_BYTES = SUFFIX_AT + 64;

/** The calls that change what is on a disk. */
export const CHANGES: readonly DiskCall[] = CALLS.filter((call) => !/read/.test(call));

export class FaultyDisk {
  readonly #descriptor: number;

  /** `path`: of a plan that was made by {@link writeEmptyPlan}. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r+');
  }

  arm(plan: FaultPlan): void {
    this.disarm();
    const bytes = Buffer.alloc(PLAN_BYTES);
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, EACH);
    const error = plan.error === undefined ? 0 : constants.errno[plan.error];
    numbers.set([0, ACTIONS.indexOf(plan.action), error, plan.from, Math.min(plan.count, 2 ** 32 - 1)]);
    bytes.write(plan.suffix ?? '', SUFFIX_AT);
    writeSync(this.#descriptor, bytes, 0, PLAN_BYTES, 0);
    // Last: from here on it holds.
    this.#writeCalls(plan.calls);
  }

  /** From now on all calls pass; the counts stay. */
  disarm(): void {
    this.#writeCalls([]);
  }

  /** Calls since it was armed that the plan counts. */
  get seen(): number {
    return this.#number(SEEN);
  }

  /** Those that were struck. */
  get struck(): number {
    return this.#number(STRUCK);
  }

  /** The names of the calls that were struck. */
  get struckCalls(): DiskCall[] {
    return CALLS.filter((_, i) => this.#number(EACH + i) > 0);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #writeCalls(calls: readonly DiskCall[]): void {
    const set = calls.reduce((bits, call) => bits | (1 << CALLS.indexOf(call)), 0);
    writeSync(this.#descriptor, new Uint8Array(Uint32Array.of(set).buffer), 0, NUMBER_BYTES, 0);
  }

  #number(index: number): number {
    const number = new Uint32Array(1);
    readSync(this.#descriptor, new Uint8Array(number.buffer), 0, NUMBER_BYTES, index * NUMBER_BYTES);
    return number[0] as number;
  }
}

/** A plan under which no call is struck. */
export function writeEmptyPlan(path: string): void {
  writeFileSync(path, new Uint8Array(PLAN_BYTES));
}

/** Why processes cannot be given a faulty disk here; `undefined`: they can. */
export function whyNoFaultyDisk(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  return spawnSync('cc', ['--version']).status === 0 ? undefined : 'needs a C compiler';
}

/** Compiles the library into a directory; returns the environment of a process whose files under `root` it governs. */
export function faultyEnvironment(directory: string, root: string, plan: string): NodeJS.ProcessEnv {
  const library = join(directory, 'faulty-disk.so');
  const source = join(import.meta.dirname, '../../../testdata/faulty-disk.c');
  execFileSync('cc', ['-std=c11', '-O1', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return { ...process.env, LD_PRELOAD: library, FAULTY_DISK_ROOT: root, FAULTY_DISK_PLAN: plan };
}
