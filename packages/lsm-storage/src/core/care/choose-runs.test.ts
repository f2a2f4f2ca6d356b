import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOf } from '../../testing/compacted-store.ts';
import { chooseRuns } from './choose-runs.ts';
import type { FoundRun } from './choose-runs.ts';

function found(number: number, firstSequence: number, lastSequence: number, complete = true): FoundRun {
  return { run: runOf({ number, firstSequence, lastSequence }), complete };
}

function chosen(runs: readonly FoundRun[]): Record<'live' | 'superseded' | 'misfits', number[]> {
  const { live, superseded, misfits } = chooseRuns(runs);
  const numbers = (of: readonly FoundRun[]): number[] => of.map(({ run }) => run.number).sort((a, b) => a - b);
  return { live: numbers(live), superseded: numbers(superseded), misfits: numbers(misfits) };
}

describe('choosing among runs', () => {
  it('takes all that do not overlap, with gaps and without', () => {
    const runs = [found(1, 1, 10), found(2, 11, 20), found(5, 31, 40)];
    expect(chosen(runs)).toEqual({ live: [1, 2, 5], superseded: [], misfits: [] });
  });

  it('takes the outcome of a compaction, however many of its inputs are left', () => {
    const runs = [found(1, 1, 10), found(3, 21, 30), found(4, 1, 30), found(5, 31, 40)];
    expect(chosen(runs)).toEqual({ live: [4, 5], superseded: [1, 3], misfits: [] });
  });

  it('takes the newer of two of the same sequences', () => {
    expect(chosen([found(1, 1, 10), found(2, 1, 10)])).toEqual({ live: [2], superseded: [1], misfits: [] });
  });

  it('takes the one that lacks nothing of two of the same sequences', () => {
    expect(chosen([found(1, 1, 10), found(2, 1, 10, false)])).toEqual({ live: [1], superseded: [2], misfits: [] });
  });

  it('takes all inputs rather than an outcome that lacks values', () => {
    const inputs = [found(1, 1, 10), found(2, 11, 20)];
    expect(chosen([...inputs, found(3, 1, 20, false)])).toEqual({ live: [1, 2], superseded: [3], misfits: [] });
    expect(chosen([inputs[1]!, found(3, 1, 20, false)])).toEqual({ live: [3], superseded: [2], misfits: [] });
    const lacking = found(1, 1, 10, false);
    expect(chosen([lacking, inputs[1]!, found(3, 1, 20, false)])).toEqual({
      live: [3],
      superseded: [1, 2],
      misfits: [],
    });
  });

  it('never takes two that overlap', () => {
    expect(chosen([found(1, 1, 10), found(2, 8, 30)])).toEqual({ live: [2], superseded: [], misfits: [1] });
    const run = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.boolean());
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (drawn) => {
        const runs = drawn.map(([first, more, complete], i) => found(i, first, first + more, complete));
        const { live, superseded, misfits } = chooseRuns(runs);
        expect(live.length + superseded.length + misfits.length).toBe(runs.length);
        const sequences = live.flatMap(({ run: { firstSequence, lastSequence } }) => {
          return Array.from({ length: lastSequence - firstSequence + 1 }, (_, i) => firstSequence + i);
        });
        expect(new Set(sequences).size).toBe(sequences.length);
      }),
    );
  });

  it('takes every sequence that any complete run has, where compactions alone made the runs', () => {
    // Inputs of one row, then outcomes that each cover some neighbours; a crash may have left the last one without values.
    const merge = fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(fc.array(merge, { maxLength: 4 }), fc.boolean(), (drawn, crashed) => {
        let level = Array.from({ length: 10 }, (_, i) => found(i, i * 10 + 1, i * 10 + 10));
        const left = [...level];
        for (const [i, [at, count]] of drawn.entries()) {
          const inputs = level.slice(at, at + count);
          const [first] = inputs;
          if (first === undefined) continue;
          const complete = !crashed || i < drawn.length - 1;
          const last = inputs.at(-1)!.run.lastSequence;
          const outcome = found(100 + i, first.run.firstSequence, last, complete);
          left.push(outcome);
          if (complete) level = level.toSpliced(at, inputs.length, outcome);
        }
        const { live, misfits } = chooseRuns(left);
        expect(misfits).toEqual([]);
        expect(live.every(({ complete }) => complete)).toBe(true);
        expect(live.reduce((sum, { run }) => sum + run.lastSequence - run.firstSequence + 1, 0)).toBe(100);
      }),
    );
  });
});
