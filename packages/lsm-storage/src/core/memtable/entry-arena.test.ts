import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../testing/store.ts';
import { concatBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import { EntryArena } from './entry-arena.ts';
import { hashKey } from '../key-hash.ts';
import { KIND_PUT, KIND_RANGE, KIND_TOMBSTONE, MAX_DEADLINE } from './log-entry.ts';
import { SlabPool } from './slab-pool.ts';

const HEADER = 32;
const PLACE = { file: 'a.log', offset: 77 };
const small = fc.uint8Array({ maxLength: 60 });
const deadline = fc.oneof(fc.constant(0), fc.constant(MAX_DEADLINE), fc.integer({ min: 1, max: 2 ** 45 }));

const entry = fc.oneof(
  fc.record({
    kind: fc.constant(KIND_PUT),
    key: small,
    meta: small,
    deadline,
    rest: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({ kind: fc.constant(KIND_TOMBSTONE), key: small, meta: small, deadline, rest: fc.constant(undefined) }),
  fc.record({
    kind: fc.constant(KIND_RANGE),
    key: small,
    meta: fc.constant(new Uint8Array(0)),
    deadline: fc.constant(0),
    rest: fc.option(small, { nil: undefined }),
  }),
);
type Written = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function expectHeld(arena: EntryArena, written: readonly Written[]): void {
  expect(arena.count).toBe(written.length);
  for (const [i, { kind, key, meta, deadline: at, rest }] of written.entries()) {
    expect(arena.kind(i)).toBe(kind);
    expect(arena.entry(i)).toEqual({ key, meta, deadline: at, value: kind === KIND_PUT ? rest : undefined });
    expect(arena.rangeEnd(i)).toEqual(kind === KIND_RANGE ? rest : undefined);
    expect([arena.keyEquals(i, key), arena.keyEquals(i, concatBytes([key, key, bytes('x')]))]).toEqual([true, false]);
    for (const [j, other] of written.entries()) {
      const order = Math.sign(Buffer.compare(key, other.key));
      expect(Math.sign(arena.compareKeys(i, j))).toBe(order);
      expect(Math.sign(arena.compareKey(i, other.key))).toBe(order);
    }
  }
}

describe('entry arena', () => {
  const groups = fc.array(fc.array(entry, { minLength: 1, maxLength: 6 }), { maxLength: 6 });

  it('gives back all fields of what was appended, over slabs of any size', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 33, max: 400 }), (drawn, slabBytes) => {
        const arena = new EntryArena(new SlabPool(slabBytes, 0));
        for (const group of drawn) {
          arena.beginGroup(HEADER);
          for (const { kind, key, meta, deadline: at, rest } of group) arena.append(kind, key, meta, at, rest);
          arena.endGroup();
        }
        expectHeld(arena, drawn.flat());
      }),
    );
  });

  it('hands a group out as it lies in memory: room for the header first, then its entries, nothing between', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 33, max: 400 }), (drawn, slabBytes) => {
        const arena = new EntryArena(new SlabPool(slabBytes, 0));
        const replayed = new EntryArena(new SlabPool(slabBytes, 0));
        for (const group of drawn) {
          arena.beginGroup(HEADER);
          for (const { kind, key, meta, deadline: at, rest } of group) arena.append(kind, key, meta, at, rest);
          const parts = arena.endGroup();
          expect(parts[0]?.length).toBeGreaterThanOrEqual(HEADER);
          const frame = concatBytes(parts);
          const before = replayed.count;
          replayed.adopt(frame, HEADER, frame.length, PLACE);
          expect(replayed.count).toBe(before + group.length);
          // Whatever is written into that room later harms no entry.
          for (let i = 0; i < HEADER; i++) (parts[0] as Uint8Array)[i] = 0xee;
        }
        expectHeld(arena, drawn.flat());
        expectHeld(replayed, drawn.flat());
      }),
    );
  });

  it('forgets from a number on, and numbers go on from there', () => {
    const arena = new EntryArena(new SlabPool(100, 0));
    arena.beginGroup(HEADER);
    for (const name of ['a', 'b', 'c']) arena.append(KIND_PUT, bytes(name), bytes(''), 0, bytes(name));
    arena.endGroup();
    arena.truncate(1);
    arena.beginGroup(HEADER);
    expect(arena.append(KIND_PUT, bytes('d'), bytes(''), 0, bytes('d'))).toBe(1);
    expect([arena.key(0), arena.key(1), arena.value(1)]).toEqual([bytes('a'), bytes('d'), bytes('d')]);
  });

  it('takes over any bytes as entries or with a CorruptionError that names the place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
        const arena = new EntryArena(new SlabPool(100, 0));
        try {
          arena.adopt(noise, 0, noise.length, PLACE);
          for (let i = 0; i < arena.count; i++) expect(arena.entry(i).key.length).toBeLessThanOrEqual(noise.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
          expect(error).toMatchObject(PLACE);
          expect(arena.count).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('hashes a key where it lies as a key by itself is hashed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (keys) => {
        const arena = new EntryArena(new SlabPool(100, 0));
        arena.beginGroup(HEADER);
        for (const [i, key] of keys.entries()) {
          arena.append(KIND_PUT, key, bytes('meta'), i % 3, bytes('value'));
          expect(arena.keyHash(i)).toBe(hashKey(key));
        }
      }),
    );
  });
});
