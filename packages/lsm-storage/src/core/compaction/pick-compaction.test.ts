import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunDescription } from '../ports/manifest.ts';
import { pickCompaction, planFullCompaction } from './pick-compaction.ts';

const SHAPE = { fan: 4, memtableBytes: 100 };

/** Runs by size, newest first; numbered from the count down to 1. */
function runs(sizes: readonly number[], tombstones = 0): RunDescription[] {
  return sizes.map((bytes, i) => ({
    number: sizes.length - i,
    bytes,
    footerChecksum: 0,
    entries: 10,
    tombstones,
    firstSequence: 10 * (sizes.length - i),
    lastSequence: 10 * (sizes.length - i) + 9,
    smallestKey: new Uint8Array(0),
    largestKey: new Uint8Array(0),
  }));
}

describe('pick compaction', () => {
  it('waits until a tier holds as many runs as the fan', () => {
    expect(pickCompaction(runs([]), SHAPE)).toBeUndefined();
    expect(pickCompaction(runs([90, 90, 90]), SHAPE)).toBeUndefined();
    expect(pickCompaction(runs([90, 90, 90, 390]), SHAPE)).toBeUndefined();
    expect(pickCompaction(runs([90, 90, 90, 390, 390, 390]), SHAPE)).toBeUndefined();
  });

  it('merges the runs of a tier, and drops tombstones only with the oldest run among them', () => {
    expect(pickCompaction(runs([90, 90, 90, 90]), SHAPE)).toEqual({ inputs: [4, 3, 2, 1], dropTombstones: true });
    const young = { inputs: [5, 4, 3, 2], dropTombstones: false };
    expect(pickCompaction(runs([90, 80, 70, 60, 390]), SHAPE)).toEqual(young);
    const old = { inputs: [4, 3, 2, 1], dropTombstones: true };
    expect(pickCompaction(runs([90, 390, 390, 390, 390]), SHAPE)).toEqual(old);
  });

  it('merges the lowest tier first', () => {
    const sizes = [90, 90, 90, 90, 390, 390, 390, 390];
    expect(pickCompaction(runs(sizes), SHAPE)?.inputs).toEqual([8, 7, 6, 5]);
  });

  it('does not leave a small old run alone between larger ones', () => {
    expect(pickCompaction(runs([390, 10, 390, 390]), SHAPE)?.inputs).toEqual([4, 3, 2, 1]);
  });

  it('keeps the number of runs, and how often an entry is rewritten, logarithmic', () => {
    for (const fan of [2, 4, 8]) {
      let live: RunDescription[] = [];
      let rewritten = 0;
      for (let flushes = 1; flushes <= 512; flushes++) {
        live = [{ ...runs([100])[0]!, number: flushes * 1000 }, ...live];
        for (;;) {
          const plan = pickCompaction(live, { fan, memtableBytes: 100 });
          if (plan === undefined) break;
          const at = live.findIndex((run) => run.number === plan.inputs[0]);
          const merged = live.slice(at, at + plan.inputs.length);
          const bytes = merged.reduce((total, run) => total + run.bytes, 0);
          rewritten += bytes;
          live.splice(at, merged.length, { ...merged[0]!, number: merged[0]!.number + 1, bytes });
        }
        const tiers = Math.ceil(Math.log(flushes) / Math.log(fan)) + 1;
        expect(live.length).toBeLessThanOrEqual((fan - 1) * tiers);
      }
      expect(rewritten / (512 * 100)).toBeLessThanOrEqual(Math.ceil(Math.log(512) / Math.log(fan)));
    }
  });

  it('picks neighbours, and always at least two', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 30 }),
        fc.integer({ min: 2, max: 6 }),
        (sizes, fan) => {
          const list = runs(sizes);
          const plan = pickCompaction(list, { fan, memtableBytes: 100 });
          if (plan === undefined) return;
          const start = list.findIndex((run) => run.number === plan.inputs[0]);
          const neighbours = list.slice(start, start + plan.inputs.length);
          expect(plan.inputs).toEqual(neighbours.map((run) => run.number));
          expect(plan.inputs.length).toBeGreaterThanOrEqual(fan);
          expect(plan.dropTombstones).toBe(start + plan.inputs.length === list.length);
        },
      ),
    );
  });
});

describe('full compaction', () => {
  it('merges everything, and rewrites a single run only for its tombstones', () => {
    expect(planFullCompaction(runs([10, 1000]))).toEqual({ inputs: [2, 1], dropTombstones: true });
    expect(planFullCompaction(runs([10], 1))).toEqual({ inputs: [1], dropTombstones: true });
    expect(planFullCompaction(runs([10]))).toBeUndefined();
    expect(planFullCompaction([])).toBeUndefined();
  });
});
