import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, text } from '../../testing/store.ts';
import { hashKey } from '../key-hash.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './log-entry.ts';
import { MemtableCursor } from './memtable-cursor.ts';
import { Memtable, RANGE_DELETED, UNKNOWN } from './memtable.ts';
import { SlabPool } from './slab-pool.ts';

const FIRST = 100;
const NONE = new Uint8Array(0);
const HEADER = 32;

const key = fc.stringMatching(/^[abc]{0,2}$/);

type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'tombstone'; readonly key: string }
  | { readonly type: 'range'; readonly from: string; readonly to: string | undefined };

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('put' as const), key, value: fc.string({ maxLength: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('tombstone' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('range' as const), from: key, to: fc.option(key, { nil: undefined }) }),
  },
);

function newMemtable(): Memtable {
  return new Memtable(new SlabPool(64, 0), FIRST);
}

function add(memtable: Memtable, each: Write): number {
  if (each.type === 'range') {
    return memtable.addRange(bytes(each.from), each.to === undefined ? undefined : bytes(each.to));
  }
  const name = bytes(each.key);
  const value = each.type === 'put' ? bytes(each.value) : undefined;
  return memtable.add(value === undefined ? KIND_TOMBSTONE : KIND_PUT, name, hashKey(name), NONE, 0, value);
}

/** What the writes up to a sequence come to for a key, in the memtable's own words. */
function modelFind(
  writes: readonly Write[],
  name: string,
  upTo: number,
): string | typeof UNKNOWN | typeof RANGE_DELETED {
  let found: string | typeof UNKNOWN | typeof RANGE_DELETED = UNKNOWN;
  for (const [i, each] of writes.entries()) {
    if (FIRST + i > upTo) break;
    if (each.type === 'range') {
      if (name >= each.from && (each.to === undefined || name < each.to)) found = RANGE_DELETED;
    } else if (each.key === name) found = each.type === 'put' ? `put ${each.value}` : 'tombstone';
  }
  return found;
}

function look(memtable: Memtable, entry: number): string | number {
  if (entry < 0) return entry;
  const value = memtable.value(entry);
  expect(memtable.isTombstone(entry)).toBe(value === undefined);
  return value === undefined ? 'tombstone' : `put ${text(value as Uint8Array)}`;
}

function find(memtable: Memtable, name: string, upTo: number): string | number {
  return look(memtable, memtable.find(bytes(name), hashKey(bytes(name)), upTo));
}

/** Every key of the alphabet, and some that no write has. */
const NAMES: string[] = ['', ...['a', 'b', 'c', 'd'].flatMap((a) => [a, ...['a', 'b', 'c'].map((b) => a + b)])];

function expectAsModel(memtable: Memtable, writes: readonly Write[], upTo: number): void {
  for (const name of NAMES)
    expect(find(memtable, name, upTo), `${name} up to ${upTo}`).toBe(modelFind(writes, name, upTo));
  for (const reverse of [false, true]) {
    const cursor = new MemtableCursor(memtable, { key: undefined, inclusive: true, reverse }, upTo);
    const seen: [string, string][] = [];
    for (; cursor.current !== undefined; cursor.advance()) {
      const { key: at, value } = cursor.current;
      seen.push([text(at), value instanceof Uint8Array ? `put ${text(value)}` : 'tombstone']);
    }
    const expected = [...NAMES].sort().flatMap((name): [string, string][] => {
      const found = modelFind(writes, name, upTo);
      return typeof found === 'string' ? [[name, found]] : [];
    });
    expect(seen).toEqual(reverse ? expected.reverse() : expected);
  }
}

describe('memtable', () => {
  it('answers as of any sequence as the list of writes does, also below its first', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), fc.nat(50), (writes, until) => {
        const memtable = newMemtable();
        memtable.beginGroup(HEADER);
        for (const [i, each] of writes.entries()) expect(add(memtable, each)).toBe(FIRST + i);
        memtable.endGroup();
        for (const upTo of [0, FIRST - 2, FIRST - 1, FIRST - 5 + until, Infinity])
          expectAsModel(memtable, writes, upTo);
        expect([memtable.size, memtable.lastSequence]).toEqual([writes.length, FIRST + writes.length - 1]);
        const inOrder = [...memtable.inOrder()].map((entry) => text(entry.key));
        expect(inOrder).toEqual(NAMES.filter((name) => typeof modelFind(writes, name, Infinity) === 'string').sort());
      }),
    );
  });

  it('forgets its last entries, ranges too, and goes on as if they had never been', () => {
    const round = fc.record({ more: fc.array(write, { maxLength: 30 }), forgotten: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 6 }), (rounds) => {
        const memtable = newMemtable();
        let writes: Write[] = [];
        for (const { more, forgotten } of rounds) {
          memtable.beginGroup(HEADER);
          for (const each of more) add(memtable, each);
          memtable.endGroup();
          writes = [...writes, ...more];
          expectAsModel(memtable, writes, Infinity);
          writes = writes.slice(0, Math.max(0, writes.length - forgotten));
          memtable.truncate(FIRST + writes.length - 1);
          expectAsModel(memtable, writes, Infinity);
          expect(memtable.size).toBe(writes.length);
        }
      }),
    );
  });

  it('has nothing to forget behind its last entry', () => {
    const memtable = newMemtable();
    memtable.beginGroup(HEADER);
    add(memtable, { type: 'put', key: 'a', value: 'v' });
    memtable.endGroup();
    memtable.truncate(FIRST + 5);
    expect([memtable.size, memtable.lastSequence]).toEqual([1, FIRST]);
  });

  it('is what its log says: the parts of its groups, taken over, make the same memtable', () => {
    fc.assert(
      fc.property(fc.array(fc.array(write, { minLength: 1, maxLength: 10 }), { maxLength: 6 }), (groups) => {
        const memtable = newMemtable();
        const replayed = newMemtable();
        for (const group of groups) {
          memtable.beginGroup(HEADER);
          for (const each of group) add(memtable, each);
          const frame = Buffer.concat(memtable.endGroup());
          replayed.adopt(new Uint8Array(frame), HEADER, frame.length, { file: 'log', offset: 0 });
        }
        for (const upTo of [FIRST + 3, Infinity]) expectAsModel(replayed, groups.flat(), upTo);
        expect(replayed.lastSequence).toBe(memtable.lastSequence);
      }),
    );
  });

  it('numbers from another sequence while it is empty', () => {
    const memtable = newMemtable();
    memtable.rebase(7);
    expect([memtable.firstSequence, memtable.lastSequence]).toEqual([7, 6]);
    memtable.beginGroup(HEADER);
    expect(add(memtable, { type: 'put', key: 'a', value: 'v' })).toBe(7);
    expect(find(memtable, 'a', 7)).toBe('put v');
  });

  it('lets a cursor go on while it grows, without showing what is newer', () => {
    const memtable = newMemtable();
    const put = (name: string): number => add(memtable, { type: 'put', key: name, value: name });
    memtable.beginGroup(HEADER);
    for (const name of ['b', 'd', 'f']) put(name);
    const cursor = new MemtableCursor(memtable, { key: undefined, inclusive: true, reverse: false }, FIRST + 2);
    for (const name of ['a', 'e', 'f']) put(name);
    add(memtable, { type: 'range', from: '', to: undefined });
    const seen: string[] = [];
    for (; cursor.key !== undefined; cursor.advance()) seen.push(text(cursor.key));
    expect(seen).toEqual(['b', 'd', 'f']);
  });

  it('counts what was written towards its size, and gives its slabs back when it is released', () => {
    const pool = new SlabPool(256, 1024);
    const memtable = new Memtable(pool, 1);
    memtable.beginGroup(HEADER);
    const before = memtable.bytes;
    memtable.add(KIND_PUT, bytes('key'), hashKey(bytes('key')), bytes('meta'), 5, new Uint8Array(100));
    expect(memtable.bytes - before).toBeGreaterThanOrEqual(107);
    const [part] = memtable.endGroup();
    memtable.release();
    expect(pool.take(100).buffer).toBe(part?.buffer);
  });
});
