import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../bytes.ts';
import type { Disposal } from '../jobs/job.ts';
import type { VersionedEntry } from '../versioned-entry.ts';
import { disposed } from './purge.ts';

const NOW = 1000;
const NONE = new Uint8Array(0);
const VALUE = Uint8Array.of(42);
const POINTER = { file: 1, position: 16, storedLength: 5000, rawLength: 10_000 };

/** Versions are the bytes 1 and 2 of a meta; those of keys from 10 to before 20 are released up to 5.0. */
const released: Disposal = {
  oldest: false,
  now: NOW,
  purge: {
    versionAt: { offset: 1, length: 2 },
    rules: [{ from: Uint8Array.of(10), to: Uint8Array.of(20), upTo: Uint8Array.of(5, 0) }],
  },
};

const entry = (overrides: Partial<VersionedEntry>): VersionedEntry => ({
  key: Uint8Array.of(15),
  meta: NONE,
  deadline: 0,
  value: VALUE,
  ...overrides,
});

const plainTombstone = entry({ value: undefined });
const tombstone = (...meta: number[]): VersionedEntry => entry({ meta: Uint8Array.from(meta), value: undefined });

describe('disposal', () => {
  it('leaves what lives as it is, wherever its value lies', () => {
    for (const value of [VALUE, POINTER]) {
      for (const deadline of [0, NOW + 1]) {
        const living = entry({ meta: Uint8Array.of(9, 0, 0), deadline, value });
        expect(disposed(living, { ...released, oldest: true })).toBe(living);
      }
    }
  });

  it('takes the value from its deadline on, and keeps the meta that is not released', () => {
    const expired = entry({ meta: Uint8Array.of(9, 9, 9), deadline: NOW, value: POINTER });
    expect(disposed(expired, released)).toEqual({ ...expired, value: undefined });
    expect(disposed(entry({ deadline: NOW }), released)).toEqual(plainTombstone);
    expect(disposed(entry({ deadline: NOW }), { ...released, oldest: true })).toBeUndefined();
  });

  it('makes a tombstone plain whose version is released, and only such a one', () => {
    const atLimit = tombstone(200, 5, 0);
    expect(disposed(atLimit, released)).toEqual(plainTombstone);
    const above = tombstone(0, 5, 1);
    expect(disposed(above, released)).toBe(above);
    const outside = { ...atLimit, key: Uint8Array.of(20) };
    expect(disposed(outside, released)).toBe(outside);
    const short = tombstone(0, 5);
    expect(disposed(short, released)).toBe(short);
    const expired = entry({ meta: Uint8Array.of(0, 1, 0), deadline: NOW });
    expect(disposed(expired, released)).toEqual(plainTombstone);
  });

  it('drops a plain tombstone when there is nothing older, and none before', () => {
    expect(disposed(plainTombstone, released)).toBe(plainTombstone);
    expect(disposed(plainTombstone, { ...released, oldest: true })).toBeUndefined();
    expect(disposed(tombstone(0, 4, 255), { ...released, oldest: true })).toBeUndefined();
    const held = tombstone(0, 6, 0);
    expect(disposed(held, { ...released, oldest: true })).toBe(held);
  });

  it('never loses a version that is not released, changes nothing twice, and does no more by being asked again', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: length, max: 6 });
    const entries: fc.Arbitrary<VersionedEntry> = fc.record({
      key: fc.uint8Array({ minLength: 1, maxLength: 1, max: 30 }),
      meta: bytes(4),
      deadline: fc.constantFrom(0, NOW - 1, NOW, NOW + 1),
      value: fc.constantFrom(VALUE, POINTER, undefined),
    });
    fc.assert(
      fc.property(entries, fc.boolean(), (given, oldest) => {
        const disposal = { ...released, oldest };
        const kept = disposed(given, disposal);
        const version = given.meta.subarray(1, 3);
        const inRange = given.key[0]! >= 10 && given.key[0]! < 20;
        const held =
          given.meta.length > 0 &&
          !(inRange && version.length === 2 && compareBytes(version, Uint8Array.of(5, 0)) <= 0);
        const lives = given.value !== undefined && (given.deadline === 0 || given.deadline > NOW);
        if (held || lives) expect(kept?.meta).toBe(given.meta);
        else expect(kept?.meta ?? NONE).toEqual(NONE);
        expect(kept?.value).toBe(lives ? given.value : undefined);
        expect(kept === undefined).toBe(oldest && !held && !lives);
        if (kept !== undefined) expect(disposed(kept, disposal)).toBe(kept);
      }),
      { numRuns: 1000 },
    );
  });
});
