import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, text } from '../../testing/store.ts';
import { EntryArena } from './entry-arena.ts';
import { KeyTable } from './key-table.ts';
import { KIND_PUT } from './log-entry.ts';
import { OrderedEntries } from './ordered-entries.ts';
import { SlabPool } from './slab-pool.ts';

const NONE = new Uint8Array(0);

/** An arena that holds keys alone; the hash is drawn by the test, so that chains of probes are long. */
class Keys {
  readonly arena: EntryArena = new EntryArena(new SlabPool(4096, 0));
  readonly table: KeyTable = new KeyTable(this.arena);
  readonly hashes: number;
  #names: string[] = [];

  /** `hashes`: how many there are. */
  constructor(hashes: number) {
    this.hashes = hashes;
    this.arena.beginGroup(0);
  }

  hashOf(name: string): number {
    return (Number(name) % this.hashes) * 0x01000000 + (Number(name) % this.hashes);
  }

  add(name: string): void {
    const entry = this.arena.append(KIND_PUT, bytes(name), NONE, 0, NONE);
    const isNew = this.table.add(entry, this.hashOf(name));
    expect(isNew).toBe(!this.#names.includes(name));
    this.#names.push(name);
  }

  forgetLast(): void {
    const name = this.#names.pop();
    if (name === undefined) return;
    expect(this.table.removeLast(this.#names.length)).toBe(!this.#names.includes(name));
    this.arena.truncate(this.#names.length);
  }

  expectAsList(): void {
    expect(this.table.keys).toBe(new Set(this.#names).size);
    for (let name = 0; name < 50; name++) {
      for (const limit of [-5, 0, Math.floor(this.#names.length / 2), Infinity]) {
        const expected = this.#names.findLastIndex((each, entry) => each === String(name) && entry <= limit);
        expect(this.table.find(bytes(String(name)), this.hashOf(String(name)), limit)).toBe(expected);
      }
    }
  }
}

describe('key table', () => {
  it('finds each version of each key, whatever was added and taken out again, with few hashes or many', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(fc.nat(49).map(String), { maxLength: 60 }) },
      { weight: 1, arbitrary: fc.nat(80) },
      { weight: 1, arbitrary: fc.record({ reserve: fc.nat(2000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), fc.constantFrom(1, 3, 1000), (steps, hashes) => {
        const keys = new Keys(hashes);
        for (const each of steps) {
          if (typeof each === 'object' && 'reserve' in each) keys.table.reserve(each.reserve);
          else if (typeof each === 'number') for (let i = 0; i < each; i++) keys.forgetLast();
          else for (const name of each) keys.add(name);
          keys.expectAsList();
        }
      }),
    );
  });

  it('grows past its first slots and shrinks back to nothing', () => {
    const keys = new Keys(7);
    for (let i = 0; i < 600; i++) keys.add(String(i));
    keys.expectAsList();
    for (let i = 0; i < 600; i++) keys.forgetLast();
    expect(keys.table.keys).toBe(0);
    keys.expectAsList();
  });
});

describe('ordered entries', () => {
  const name = fc.stringMatching(/^[a-d]{0,5}$/);

  it('answer as a sorted array does, however additions, removals and questions mix', () => {
    const step = fc.oneof(
      fc.record({ add: fc.array(name, { maxLength: 600 }) }),
      fc.record({ remove: fc.nat(400) }),
      fc.record({ ask: fc.option(name, { nil: undefined }), inclusive: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        const arena = new EntryArena(new SlabPool(4096, 0));
        arena.beginGroup(0);
        const order = new OrderedEntries(arena);
        const named = (entry: number): string | undefined => (entry < 0 ? undefined : text(arena.key(entry)));
        const added: string[] = [];
        for (const each of steps) {
          if ('add' in each) {
            for (const fresh of new Set(each.add)) {
              if (added.includes(fresh)) continue;
              order.add(arena.append(KIND_PUT, bytes(fresh), NONE, 0, NONE));
              added.push(fresh);
            }
          } else if ('remove' in each) {
            for (let i = 0; i < each.remove && added.length > 0; i++) {
              order.remove(added.length - 1);
              added.pop();
              arena.truncate(added.length);
            }
          } else {
            const { ask, inclusive } = each;
            const at = ask === undefined ? undefined : bytes(ask);
            const sorted = [...added].sort();
            const above = sorted.find((m) => ask === undefined || m > ask || (inclusive && m === ask));
            const below = sorted.findLast((m) => ask === undefined || m < ask || (inclusive && m === ask));
            expect(named(order.above(at, inclusive))).toBe(above);
            expect(named(order.below(at, inclusive))).toBe(below);
          }
        }
        expect(order.all().map(named)).toEqual([...added].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('stay in order over thousands of single insertions', () => {
    const arena = new EntryArena(new SlabPool(4096, 0));
    arena.beginGroup(0);
    const order = new OrderedEntries(arena);
    const added = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000).padStart(4, '0'));
    for (const each of added) {
      order.add(arena.append(KIND_PUT, bytes(each), NONE, 0, NONE));
      order.above(bytes(each), true);
    }
    expect(order.all().map((entry) => text(arena.key(entry)))).toEqual([...added].sort());
  });
});
