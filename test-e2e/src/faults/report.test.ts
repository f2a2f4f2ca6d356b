import { describe, expect, it } from 'vitest';
import type { Operation } from './history/operation.ts';
import { allFaults } from './kinds/all-faults.ts';
import { type FaultsRun, makeReport, printReport, shortcomings } from './report.ts';

const [fault] = allFaults;
const kind = fault!.kind;
const needed = { successes: 2, shareDuringFaults: 0.5 };

function operation(startedAt: number, outcome: Operation['answer']['outcome']): Operation {
  const asked = { id: `c-${startedAt}`, client: 'c', kind: 'put', key: 'k', quorum: 2 } as const;
  return { ...asked, startedAt, endedAt: startedAt + 1, seen: undefined, duringFaults: true, answer: { outcome } };
}

function run(change: Partial<FaultsRun> = {}): FaultsRun {
  const operations = [operation(5, 'applied'), operation(15, 'applied'), operation(16, 'unknown')];
  const counts = { operations: 3, succeeded: 2, duringFaults: { begun: 3, succeeded: 2 }, errors: {} };
  const episode = { kind, what: 'node-1', startedAt: 10, endedAt: 20, tookEffect: true, underWay: 1 };
  return {
    faults: [fault!],
    recorder: { operations, count: () => counts },
    episodes: [episode],
    violations: [],
    keys: 1,
    ...change,
  };
}

describe('a report', () => {
  it('counts what happened during each kind of fault', () => {
    const report = makeReport(run());
    expect(report.kinds).toEqual([
      { kind, lacks: undefined, begun: 1, fired: 1, seconds: 0, operations: 2, succeeded: 1 },
    ]);
    expect(shortcomings(report, needed)).toEqual([]);
    expect(printReport(report).join('\n')).toContain('succeeded 2 (66.7 %)');
  });

  it.each<[string, RegExp, Partial<FaultsRun>]>([
    ['a violation', /1 violations/, { violations: [{ check: 'x', operations: [], message: 'y' }] }],
    ['a fault that hit an idle cluster', /never happened/, { episodes: [{ ...run().episodes[0]!, underWay: 0 }] }],
    ['a fault without effect', /never happened/, { episodes: [{ ...run().episodes[0]!, tookEffect: false }] }],
    ['a fault that never came', /never happened/, { episodes: [] }],
  ])('falls short by %s', (_what, reason, change) => {
    expect(shortcomings(makeReport(run(change)), needed).join()).toMatch(reason);
  });

  it('falls short by too little success, and not by what the machine lacks', () => {
    expect(shortcomings(makeReport(run()), { successes: 3, shareDuringFaults: 0.7 })).toHaveLength(2);
    const left = makeReport(run({ faults: [{ ...fault!, lacks: 'needs a thing' }], episodes: [] }));
    expect(shortcomings(left, needed)).toEqual([]);
    expect(printReport(left).join('\n')).toContain('left out: needs a thing');
  });
});
