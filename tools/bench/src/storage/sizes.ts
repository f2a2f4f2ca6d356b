/** How much each workload does: whole, or `--quick`. */
import { keyBytes } from './keys.ts';

const MIB = 1024 * 1024;

export interface Sizes {
  /** Keys and values of a set. */
  readonly setBytes: number;
  /** Pairs of a set. */
  readonly pairs: number;
  /** Scales the time limits of the workloads. */
  readonly patience: number;
  /** Bytes loaded by `memory`. */
  readonly memoryLoadBytes: number;
  /** Bytes that are in the commit log when `recovery` kills its process. */
  readonly logBytes: number;
}

/** The sizes of values that are measured when none are named; those that figures hang on come first. */
export const valueSizes: readonly number[] = [100, 10_000, 1000];

/** The size of the values of the rows that stand for one size only. */
export const largeValueBytes = 10_000;

export function sizesFor(valueBytes: number, quick: boolean): Sizes {
  const setBytes = (quick ? quickSetMiB(valueBytes) : setMiB(valueBytes)) * MIB;
  return {
    setBytes,
    pairs: Math.floor(setBytes / (valueBytes + keyBytes)),
    patience: quick ? 1 / 100 : patienceFor(valueBytes),
    memoryLoadBytes: quick ? 32 * MIB : 5000 * MIB,
    logBytes: quick ? 3 * MIB : 256 * MIB,
  };
}

/** At least eight write buffers of 32 MiB, and more where pairs are large, so that compaction takes part. */
function setMiB(valueBytes: number): number {
  if (valueBytes < 500) return 256;
  return valueBytes < 5000 ? 512 : 1024;
}

/** Sizes in between are context; the figures that must be reached are of the smallest and the largest. */
function patienceFor(valueBytes: number): number {
  return valueBytes < 500 || valueBytes >= 5000 ? 1 : 0.5;
}

function quickSetMiB(valueBytes: number): number {
  return valueBytes < 500 ? 3 : 8;
}
