import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedEntry } from '../stored-entry.ts';
import { Memtable } from './memtable.ts';
import { MemtableCursor } from './memtable-cursor.ts';
import { OrderedNames } from './ordered-names.ts';

const name = fc.string({ maxLength: 3 });

describe('ordered names', () => {
  it('answer as a sorted array does, however additions and questions mix', () => {
    const step = fc.oneof(
      fc.record({ add: fc.array(name, { maxLength: 600 }) }),
      fc.record({ ask: fc.option(name, { nil: undefined }), inclusive: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const names = new OrderedNames();
        let model: string[] = [];
        for (const each of steps) {
          if ('add' in each) {
            const fresh = [...new Set(each.add)].filter((added) => !model.includes(added));
            for (const added of fresh) names.add(added);
            model = [...model, ...fresh].sort();
          } else {
            const { ask, inclusive } = each;
            const above = model.find((m) => ask === undefined || m > ask || (inclusive && m === ask));
            const below = model.findLast((m) => ask === undefined || m < ask || (inclusive && m === ask));
            expect(names.above(ask, inclusive)).toBe(above);
            expect(names.below(ask, inclusive)).toBe(below);
          }
        }
        expect(names.all()).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });

  it('stay in order over thousands of single insertions', () => {
    const names = new OrderedNames();
    const added = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000).padStart(4, '0'));
    for (const each of added) {
      names.add(each);
      names.above(each, true);
    }
    expect(names.all()).toEqual([...added].sort());
  });
});

describe('memtable', () => {
  const put = (memtable: Memtable, key: string, value: string | undefined, sequence: number): void => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    memtable.put(storedEntry(bytes(key), undefined, value === undefined ? undefined : bytes(value), sequence));
  };

  it('holds the newest entry of each key, and counts what it holds', () => {
    const memtable = new Memtable();
    put(memtable, 'a', 'first', 5);
    const one = memtable.bytes;
    put(memtable, 'a', 'other', 6);
    expect(memtable.bytes).toBe(one);
    put(memtable, 'a', undefined, 7);
    expect(memtable.bytes).toBe(one - 5);
    expect([memtable.size, memtable.tombstones]).toEqual([1, 1]);
    put(memtable, 'a', 'again', 8);
    expect([memtable.size, memtable.tombstones, memtable.bytes]).toEqual([1, 0, one]);
    expect([memtable.firstSequence, memtable.lastSequence]).toEqual([5, 8]);
    expect(memtable.get('a')?.sequence).toBe(8);
  });

  it('lets a cursor go on while it grows', () => {
    const memtable = new Memtable();
    for (const [i, key] of ['b', 'd', 'f'].entries()) put(memtable, key, key, i + 1);
    const cursor = new MemtableCursor(memtable, { key: undefined, inclusive: true, reverse: false });
    put(memtable, 'a', 'a', 4);
    put(memtable, 'e', 'e', 5);
    const seen: string[] = [];
    for (; cursor.current !== undefined; cursor.advance()) seen.push(cursor.current.name);
    expect(seen).toEqual(['b', 'd', 'e', 'f']);
  });
});
