import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOf } from '../../testing/compacted-store.ts';
import type { RunDescription, ValueFileDescription, ValueReference } from '../ports/manifest.ts';
import { pickCompaction, planFull, planRange } from './pick-compaction.ts';
import type { CompactionTerms } from './pick-compaction.ts';

const KIB = 1024;
const TERMS: CompactionTerms = { scaling: 2, garbageRatio: 0.5, now: 0, heldTombstones: new Set() };

/** Newest first, numbered from the count down to 1. */
function runs(...given: readonly Partial<RunDescription>[]): RunDescription[] {
  return given.map((each, i) => runOf({ number: given.length - i, ...each }));
}

const ofSizes = (...kibibytes: readonly number[]): RunDescription[] =>
  runs(...kibibytes.map((size) => ({ bytes: size * KIB })));

const pickTier = (sizes: readonly number[], scaling: number): readonly number[] | undefined =>
  pickCompaction(ofSizes(...sizes), [], { ...TERMS, scaling })?.inputs;

describe('compaction by tier', () => {
  it('waits until a tier holds as many runs as it may not', () => {
    expect(pickTier([], 2)).toBeUndefined();
    expect(pickTier([64, 64, 64], 2)).toBeUndefined();
    expect(pickTier([64, 64, 64, 64], 2)).toEqual([4, 3, 2, 1]);
    expect(pickTier([64, 64, 64, 256, 256, 256, 1024], 2)).toBeUndefined();
    expect(pickTier([64, 64, 256], 0)).toEqual([3, 2]);
    expect(pickTier([64, 128, 256], 0)).toBeUndefined();
    expect(pickTier([64, 255], -2)).toEqual([2, 1]);
    expect(pickTier([64, 256], -2)).toBeUndefined();
  });

  it('takes all runs of the lowest such tier', () => {
    expect(pickTier([64, 64, 64, 64, 64, 256, 256, 256, 256], 2)).toEqual([9, 8, 7, 6, 5]);
    expect(pickTier([64, 256, 256, 256, 256], 2)).toEqual([4, 3, 2, 1]);
  });

  it('does not leave a small old run alone between larger ones', () => {
    expect(pickTier([256, 1, 256, 256], 2)).toEqual([4, 3, 2, 1]);
  });

  it('knows whether anything older remains', () => {
    const plan = (...sizes: readonly number[]) => pickCompaction(ofSizes(...sizes), [], TERMS);
    expect(plan(64, 64, 64, 64)).toEqual({ inputs: [4, 3, 2, 1], relocate: [], oldest: true, reason: 'tier' });
    expect(plan(64, 64, 64, 64, 256)).toMatchObject({ inputs: [5, 4, 3, 2], oldest: false });
  });

  it('names neighbours in age, whatever the descriptions', () => {
    const run = fc.record({
      bytes: fc.integer({ min: 1, max: 64 * 1024 * KIB }),
      entries: fc.integer({ min: 0, max: 20 }),
      tombstones: fc.integer({ min: 0, max: 20 }),
      earliestDeadline: fc.constantFrom(0, 1, 2 ** 42),
    });
    const reference = fc.record({ file: fc.integer({ min: 100, max: 104 }), values: fc.nat(3), bytes: fc.nat(1000) });
    const list = fc.array(fc.tuple(run, fc.array(reference, { maxLength: 3 })), { maxLength: 12 });
    const scaling = fc.integer({ min: -6, max: 6 });
    fc.assert(
      fc.property(list, scaling, fc.nat(2 ** 41), (given, w, now) => {
        const described = runs(...given.map(([each, references]) => ({ ...each, references })));
        const files = [100, 101, 102, 103].map((number) => ({ number, bytes: 2000, values: 5, footerChecksum: 0 }));
        const plan = pickCompaction(described, files, { ...TERMS, scaling: w, now });
        if (plan === undefined) return;
        const start = described.findIndex(({ number }) => number === plan.inputs[0]);
        const end = start + plan.inputs.length;
        expect(plan.inputs).toEqual(described.slice(start, end).map(({ number }) => number));
        expect(plan.inputs.length).toBeGreaterThan(plan.reason === 'tier' ? 1 : 0);
        expect(plan.oldest).toBe(end === described.length);
        const others = [...described.slice(0, start), ...described.slice(end)];
        const stillReferred = others.flatMap(({ references }) => references.map(({ file }) => file));
        expect(plan.relocate.filter((file) => stillReferred.includes(file))).toEqual([]);
        expect(plan.relocate.length > 0).toBe(plan.reason === 'garbage');
      }),
      { numRuns: 1000 },
    );
  });
});

const file = (number: number, values = 10): ValueFileDescription => ({
  number,
  bytes: 100 * values + 50,
  values,
  footerChecksum: 0,
});
const uses = (number: number, values: number): ValueReference => ({ file: number, values, bytes: 100 * values });

describe('compaction for garbage', () => {
  it('waits until the garbage exceeds its share', () => {
    const half = runs({ bytes: KIB, references: [uses(7, 5), uses(8, 5)] });
    expect(pickCompaction(half, [file(7), file(8)], { ...TERMS, garbageRatio: 0.55 })).toBeUndefined();
    expect(pickCompaction(half, [file(7), file(8)], { ...TERMS, garbageRatio: 0.5 })).toMatchObject({
      reason: 'garbage',
    });
  });

  it('empties the emptiest files, only as many as it takes, and merges the runs that refer to them', () => {
    const list = runs(
      { references: [uses(7, 9)] },
      { references: [uses(8, 1)] },
      { bytes: 300 * KIB },
      { bytes: 300 * KIB, references: [uses(9, 2), uses(10, 5)] },
      { bytes: 2000 * KIB, references: [uses(11, 5)] },
    );
    const files = [7, 8, 9, 10, 11].map((number) => file(number));
    const plan = pickCompaction(list, files, { ...TERMS, garbageRatio: 0.55 });
    expect(plan).toEqual({ inputs: [4, 3, 2], relocate: [8, 9], oldest: false, reason: 'garbage' });
  });

  it('does not take the frame of a file for garbage, nor a file that nobody refers to', () => {
    const tiny: ValueFileDescription = { number: 7, bytes: 130, values: 1, footerChecksum: 0 };
    const list = runs({ references: [{ file: 7, values: 1, bytes: 30 }] });
    expect(pickCompaction(list, [tiny, file(8)], TERMS)).toBeUndefined();
  });
});

describe('compaction for tombstones', () => {
  const pick = (list: readonly RunDescription[], terms: Partial<CompactionTerms> = {}) =>
    pickCompaction(list, [], { ...TERMS, scaling: 8, ...terms });

  it('rewrites the oldest run when it is mostly tombstones, unless they are held', () => {
    const list = runs({ bytes: KIB }, { bytes: 300 * KIB, entries: 9, tombstones: 5 });
    expect(pick(list)).toEqual({ inputs: [1], relocate: [], oldest: true, reason: 'tombstones' });
    expect(pick(list, { heldTombstones: new Set([1]) })).toBeUndefined();
    expect(pick(runs({ entries: 10, tombstones: 5 }))).toBeUndefined();
    expect(pick(runs({ entries: 0, tombstones: 0, ranges: 1 }))?.inputs).toEqual([1]);
  });

  it('merges a run that is mostly tombstones with the next older one, if that is not too large', () => {
    const deletes = { entries: 100, tombstones: 90 };
    expect(pick(runs({}, deletes, { entries: 720 }, {}))).toMatchObject({ inputs: [3, 2], oldest: false });
    expect(pick(runs({}, deletes, { entries: 721 }, {}))).toBeUndefined();
  });

  it('brings neighbours that are mostly tombstones along together', () => {
    const deletes = { entries: 100, tombstones: 90 };
    expect(pick(runs(deletes, deletes, { entries: 1440 }))?.inputs).toEqual([3, 2, 1]);
    expect(pick(runs(deletes, {}, deletes, { entries: 721 }))?.inputs).toEqual([4, 3]);
  });

  it('does not rewrite held tombstones for a few more', () => {
    const held = { entries: 10_000, tombstones: 10_000 };
    const heldTombstones = new Set([1]);
    expect(pick(runs({ entries: 100, tombstones: 100 }, held), { heldTombstones })).toBeUndefined();
    expect(pick(runs({ entries: 1250, tombstones: 1250 }, held), { heldTombstones })?.inputs).toEqual([2, 1]);
  });

  it('rewrites a run whose earliest deadline passed a while ago, by itself', () => {
    const list = runs({}, { earliestDeadline: 5000 }, { entries: 1_000_000 });
    expect(pick(list, { now: 5099, deadlineGraceMs: 100 })).toBeUndefined();
    expect(pick(list, { now: 5100, deadlineGraceMs: 100 })).toMatchObject({ inputs: [2], reason: 'tombstones' });
    const day = 24 * 60 * 60 * 1000;
    expect(pick(list, { now: 5000 + day - 1 })).toBeUndefined();
    expect(pick(list, { now: 5000 + day })?.inputs).toEqual([2]);
  });
});

describe('compaction on request', () => {
  it('of everything merges everything, and one run only if that may change something', () => {
    expect(planFull(ofSizes(10, 1000), [])).toEqual({ inputs: [2, 1], relocate: [], oldest: true, reason: 'manual' });
    expect(planFull([], [])).toBeUndefined();
    expect(planFull(runs({}), [])).toBeUndefined();
    for (const worth of [{ tombstones: 1 }, { ranges: 1 }, { earliestDeadline: 1 }]) {
      expect(planFull(runs(worth), [])?.inputs).toEqual([1]);
    }
  });

  it('of everything moves values out of files with more than a little garbage', () => {
    const list = runs({ references: [uses(7, 10), uses(8, 9), uses(9, 99)] });
    expect(planFull(list, [file(7), file(8), file(9, 100)])).toMatchObject({ inputs: [1], relocate: [8] });
    expect(planFull(list, [file(7), file(8, 9), file(9, 100)])).toBeUndefined();
  });

  it('of a range merges the runs that touch it, and those between in age', () => {
    const over = (smallest: number, largest: number | undefined): Partial<RunDescription> => ({
      smallestKey: Uint8Array.of(smallest),
      largestKey: largest === undefined ? undefined : Uint8Array.of(largest),
    });
    const list = runs(over(1, 3), over(5, 9), over(1, 2), over(3, 5), over(7, undefined));
    const plan = (from: number, to?: number) =>
      planRange(list, { from: Uint8Array.of(from), to: to === undefined ? undefined : Uint8Array.of(to) });
    expect(plan(5, 6)).toEqual({ inputs: [4, 3, 2], relocate: [], oldest: false, reason: 'manual' });
    expect(plan(6)).toMatchObject({ inputs: [4, 3, 2, 1], oldest: true });
    expect(plan(2, 3)?.inputs).toEqual([5, 4, 3]);
    expect(plan(0, 1)).toBeUndefined();
    expect(plan(4, 5)).toBeUndefined();
    expect(plan(200, 201)).toBeUndefined();
  });
});
