import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../contract/random.ts';
import type { Random } from '../../contract/random.ts';
import { CompactedStore, runOf } from '../../testing/compacted-store.ts';
import type { ModelEntry } from '../../testing/compacted-store.ts';
import type { RunDescription } from '../ports/manifest.ts';
import { pickCompaction } from './pick-compaction.ts';
import { isMostlyTombstones } from './plan-tombstones.ts';
import { tierShape } from './tiers.ts';

const MIB = 1024 * 1024;
const TERMS = { scaling: 2, garbageRatio: 0.5, now: 0, heldTombstones: new Set<number>() };

interface Growth {
  /** Bytes that flushes and merges wrote, over bytes that were flushed. */
  readonly writeAmplification: number;
  /** The most runs that were left after all merges were done, and their mean. */
  readonly mostRuns: number;
  readonly meanRuns: number;
}

/** Flushes runs that nothing replaces, and merges whatever is asked for after each. */
function grow(scaling: number, flushes: number, sizeOfFlush: () => number): Growth {
  let runs: RunDescription[] = [];
  let [flushed, written, mostRuns, sumOfRuns] = [0, 0, 0, 0];
  for (let number = 1; number <= flushes; number++) {
    const bytes = sizeOfFlush();
    runs = [runOf({ number: number * 1000, bytes }), ...runs];
    flushed += bytes;
    written += bytes;
    for (let merges = 1; ; merges++) {
      const plan = pickCompaction(runs, [], { ...TERMS, scaling });
      if (plan === undefined) break;
      const at = runs.findIndex((run) => run.number === plan.inputs[0]);
      const merged = runs.slice(at, at + plan.inputs.length).reduce((total, run) => total + run.bytes, 0);
      written += merged;
      runs.splice(at, plan.inputs.length, runOf({ number: number * 1000 + merges, bytes: merged }));
    }
    mostRuns = Math.max(mostRuns, runs.length);
    sumOfRuns += runs.length;
  }
  return { writeAmplification: written / flushed, mostRuns, meanRuns: sumOfRuns / flushes };
}

const FLUSHES = 4096;
const round = (value: number): number => Math.round(value * 10) / 10;

describe('the scaling parameter', () => {
  it('trades rewrites for runs, from tiered to leveled (CEP-26)', () => {
    const table = [8, 4, 2, 1, 0, -2, -4, -8].map((scaling) => {
      const { writeAmplification, mostRuns, meanRuns } = grow(scaling, FLUSHES, () => MIB);
      return [scaling, round(writeAmplification), mostRuns, round(meanRuns)];
    });
    expect(table).toEqual([
      // w, bytes written per byte flushed, most runs, mean runs; after 4096 flushes of 1 MiB
      [8, 4, 30, 15],
      [4, 4.9, 22, 11],
      [2, 7, 18, 9],
      [1, 7.4, 14, 7.3],
      [0, 13, 12, 6],
      [-2, 14.5, 6, 4.5],
      [-4, 14.6, 6, 4.1],
      [-8, 18, 4, 3.5],
    ]);
  });

  it('keeps runs and rewrites logarithmic in the data, whatever the sizes of flushes', () => {
    for (const scaling of [6, 2, 0, -2, -6]) {
      const random = seededRandom(scaling + 100);
      const { growth, threshold } = tierShape(scaling);
      const { writeAmplification, mostRuns } = grow(scaling, FLUSHES, () => Math.ceil(random() ** 3 * 8 * MIB));
      const tiers = Math.ceil(Math.log((FLUSHES * 8 * MIB) / (64 * 1024)) / Math.log(growth));
      expect(mostRuns).toBeLessThanOrEqual((threshold - 1) * tiers);
      expect(writeAmplification).toBeLessThanOrEqual(1 + tiers * (scaling < 0 ? growth : 1));
    }
  });
});

const PHASE = 40;

/** A flush of a workload that goes through phases: filling, overwriting, deleting, with and without deadlines. */
function nextFlush(random: Random, number: number, now: number): Map<number, ModelEntry> {
  const phase = Math.floor(number / PHASE) % 5;
  const deletes = [0, 0.1, 0.9, 1, 0.3][phase] as number;
  const entries = new Map<number, ModelEntry>();
  for (let i = 0; i < 30; i++) {
    const key = Math.floor(random() ** (phase === 1 ? 3 : 1) * 1500);
    const valueBytes = random() < deletes ? 0 : 5000 + Math.floor(random() * 10_000);
    const deadline = valueBytes > 0 && random() < 0.2 ? now + Math.floor(random() * 1000) : 0;
    entries.set(key, { valueBytes, deadline, held: random() < 0.3 });
  }
  return entries;
}

/** Carries out whatever is asked for until nothing is; returns how often that was. */
function settle(store: CompactedStore, scaling: number): number {
  for (let steps = 0; steps < 100; steps++) {
    const { now, heldTombstones } = store;
    const terms = { scaling, garbageRatio: 0.5, now, heldTombstones, deadlineGraceMs: 200 };
    const plan = pickCompaction(store.runs, store.valueFiles, terms);
    if (plan === undefined) return steps;
    store.compact(plan);
  }
  throw new Error('it does not settle');
}

function expectSettled(store: CompactedStore, threshold: number): void {
  expect(store.garbageShare).toBeLessThanOrEqual(0.5);
  expect(store.runs.length).toBeLessThanOrEqual((threshold - 1) * 6);
  for (const { earliestDeadline } of store.runs) {
    expect(earliestDeadline === 0 || earliestDeadline + 200 > store.now).toBe(true);
  }
  const oldest = store.runs.at(-1);
  const isDone = oldest === undefined || !isMostlyTombstones(oldest) || store.heldTombstones.has(oldest.number);
  expect(isDone).toBe(true);
}

describe('compaction of a store that lives', () => {
  it('settles after every flush, within its bounds, and loses nothing', () => {
    const amplification: Record<number, readonly [runs: number, values: number]> = {};
    for (const scaling of [4, 2, 0, -2]) {
      const random = seededRandom(1);
      const store = new CompactedStore();
      for (let number = 0; number < 10 * PHASE; number++) {
        store.now += 3;
        store.flush(nextFlush(random, number, store.now));
        expect(settle(store, scaling)).toBeLessThan(12);
        expectSettled(store, tierShape(scaling).threshold);
        if (number % 20 === 0) expect(store.contents).toEqual(store.expected);
      }
      const { written, flushed } = store;
      amplification[scaling] = [round(written.run / flushed.run), round(written.values / flushed.values)];
    }
    // Most of the writing of runs is for garbage and tombstones; values are written once, and hardly moved.
    expect(amplification).toEqual({ 4: [6, 1.3], 2: [6.4, 1.2], 0: [8.4, 1.3], [-2]: [9, 1.3] });
  });
});
