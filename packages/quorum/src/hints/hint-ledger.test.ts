import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HintLedger } from './hint-ledger.ts';

const limits = { bytesPerOwner: 1000, maxAgeMs: 60_000 };
const group = { owner: 'a', range: 'r1' };

describe('a ledger of hints', () => {
  it('counts what a plain list of hints counts, whatever is added, removed and cleared', () => {
    const step = fc.record({
      type: fc.constantFrom('add', 'add', 'remove', 'clear'),
      owner: fc.constantFrom('a', 'b'),
      range: fc.constantFrom('r1', 'r2', 'r3'),
      bytes: fc.integer({ min: 1, max: 300 }),
      writtenMs: fc.nat({ max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new HintLedger(limits);
        let kept: (typeof steps)[number][] = [];
        for (const each of steps) {
          const isSame = (hint: typeof each): boolean => hint.owner === each.owner && hint.range === each.range;
          if (each.type === 'add') {
            kept.push(each);
            ledger.added(each, each.bytes, each.writtenMs);
          } else if (each.type === 'remove') {
            const index = kept.findIndex(isSame);
            if (index >= 0) ledger.removed(each, kept.splice(index, 1)[0]!.bytes);
          } else {
            expect(ledger.cleared(each)).toBe(kept.filter(isSame).length);
            kept = kept.filter((hint) => !isSame(hint));
          }
        }
        const owners = [...new Set(kept.map(({ owner }) => owner))];
        expect([...ledger.owners].sort()).toEqual(owners.sort());
        for (const { owner, count, bytes, oldestMs } of ledger.totals()) {
          const own = kept.filter((hint) => hint.owner === owner);
          expect([count, bytes]).toEqual([own.length, own.reduce((sum, hint) => sum + hint.bytes, 0)]);
          expect(oldestMs).toBeLessThanOrEqual(Math.min(...own.map(({ writtenMs }) => writtenMs)));
          const ranges = new Set(own.map(({ range }) => range));
          expect([...ledger.rangesOf(owner)].sort()).toEqual([...ranges].sort());
        }
      }),
    );
  });

  it('admits up to its bytes for each owner, and nothing that is too old', () => {
    const ledger = new HintLedger(limits);
    expect(ledger.admit('a', 1000, 5000, 65_000)).toBe('admitted');
    expect(ledger.admit('a', 1001, 5000, 65_000)).toBe('full');
    expect(ledger.admit('a', 1, 4999, 65_000)).toBe('too-old');
    ledger.added(group, 600, 5000);
    expect(ledger.admit('a', 401, 5000, 5000)).toBe('full');
    expect(ledger.admit('b', 401, 5000, 5000)).toBe('admitted');
    ledger.removed(group, 600);
    expect(ledger.admit('a', 401, 5000, 5000)).toBe('admitted');
  });

  it('finds groups with hints past their age, until somebody saw that none is', () => {
    const ledger = new HintLedger(limits);
    ledger.added(group, 1, 1000);
    ledger.added(group, 1, 50_000);
    ledger.added({ owner: 'b', range: 'r1' }, 1, 50_000);
    expect(ledger.aged(61_000)).toEqual([]);
    expect(ledger.aged(61_001)).toEqual([group]);
    ledger.removed(group, 1);
    ledger.beginLook(group);
    ledger.endLook(group, 50_000);
    expect(ledger.aged(61_001)).toEqual([]);
    expect(ledger.totals()[0]).toMatchObject({ owner: 'a', count: 1, oldestMs: 50_000 });
    ledger.beginLook(group);
    ledger.added(group, 1, 40_000);
    ledger.endLook(group, 50_000);
    expect(ledger.totals()[0], 'what came while somebody looked').toMatchObject({ count: 2, oldestMs: 40_000 });
  });

  it('comes out even when what was counted is taken back in another order, as after a disk that was full', () => {
    const ledger = new HintLedger(limits);
    for (const [first, second] of [
      [100, 100],
      [100, 60],
    ] as const) {
      // A hint, and a newer one in its place; then both come to nothing.
      ledger.added(group, first, 1);
      ledger.removed(group, first);
      ledger.added(group, second, 2);
      ledger.removed(group, first);
      expect(ledger.has(group)).toBe(false);
      ledger.removed(group, second);
      ledger.added(group, first, 1);
      expect([ledger.owners, ledger.totals(), ledger.aged(Number.MAX_SAFE_INTEGER)]).toEqual([[], [], []]);
    }
  });

  it('knows nothing of groups that never were', () => {
    const ledger = new HintLedger(limits);
    ledger.beginLook(group);
    ledger.endLook(group, 10);
    expect([ledger.cleared(group), ledger.has(group), ledger.totals()]).toEqual([0, false, []]);
  });
});
