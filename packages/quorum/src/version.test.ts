import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuorumError } from './errors.ts';
import { maxStampCounter, maxStampMs } from './stamp.ts';
import {
  compareVersions,
  formatVersion,
  isVersion,
  newerOf,
  parseVersion,
  sameVersion,
  type Version,
} from './version.ts';

const actor = fc.oneof(
  fc.constantFrom('0'.repeat(32), `${'0'.repeat(31)}a`, 'f'.repeat(32)),
  fc.stringMatching(/^[0-9a-f]{32}$/),
);
/** Small ranges make ties of time, of counter and of actor likely. */
const versions: fc.Arbitrary<Version> = fc.record({
  ms: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: maxStampMs })),
  counter: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: maxStampCounter })),
  actor,
});
const maybeVersions = fc.option(versions, { nil: undefined });

const a: Version = { ms: 1, counter: 2, actor: '000000000000000000000000000000aa' };

describe('the order of versions', () => {
  it('is total: exactly one of less, same and greater, and swapping sides swaps the answer', () => {
    fc.assert(
      fc.property(versions, versions, (x, y) => {
        expect(Math.sign(compareVersions(x, y))).toBe(0 - Math.sign(compareVersions(y, x)));
        expect(compareVersions(x, y) === 0).toBe(formatVersion(x) === formatVersion(y));
      }),
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(versions, versions, versions, (x, y, z) => {
        fc.pre(compareVersions(x, y) <= 0 && compareVersions(y, z) <= 0);
        expect(compareVersions(x, z)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('looks at time first, then at the counter, then at the actor', () => {
    expect(compareVersions(a, { ms: 2, counter: 0, actor: '0'.repeat(32) })).toBeLessThan(0);
    expect(compareVersions(a, { ...a, counter: 3, actor: '0'.repeat(32) })).toBeLessThan(0);
    expect(compareVersions(a, { ...a, actor: '000000000000000000000000000000ab' })).toBeLessThan(0);
  });
});

describe('newerOf', () => {
  it('is commutative, associative and idempotent: replicas converge in any order of arrival', () => {
    fc.assert(
      fc.property(maybeVersions, maybeVersions, maybeVersions, (x, y, z) => {
        expect(newerOf(x, y)).toEqual(newerOf(y, x));
        expect(newerOf(newerOf(x, y), z)).toEqual(newerOf(x, newerOf(y, z)));
        expect(newerOf(x, x)).toEqual(x);
      }),
    );
  });

  it('folds a shuffled history to its highest version', () => {
    const histories = fc.array(versions, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(histories, (history) => {
        expect(history.reduce(newerOf, undefined)).toEqual([...history].sort(compareVersions).at(-1));
      }),
    );
  });

  it('lets every version win against nothing', () => {
    expect(newerOf(undefined, a)).toBe(a);
    expect(newerOf(a, undefined)).toBe(a);
    expect(newerOf(undefined, undefined)).toBeUndefined();
  });
});

describe('sameVersion', () => {
  it('compares by value, and nothing only with nothing', () => {
    expect(sameVersion(a, { ...a })).toBe(true);
    expect(sameVersion(a, { ...a, counter: 3 })).toBe(false);
    expect(sameVersion(a, undefined)).toBe(false);
    expect(sameVersion(undefined, a)).toBe(false);
    expect(sameVersion(undefined, undefined)).toBe(true);
  });
});

describe('the text form', () => {
  it('is 12 + 4 hexadecimal digits, a dash and the actor', () => {
    expect(formatVersion(a)).toBe('0000000000010002-000000000000000000000000000000aa');
    expect(formatVersion({ ms: maxStampMs, counter: maxStampCounter, actor: 'f'.repeat(32) })).toBe(
      `${'f'.repeat(16)}-${'f'.repeat(32)}`,
    );
  });

  it('reads back as what was written', () => {
    fc.assert(
      fc.property(versions, (version) => {
        expect(parseVersion(formatVersion(version))).toEqual(version);
      }),
    );
  });

  it('sorts as the versions do', () => {
    fc.assert(
      fc.property(versions, versions, (x, y) => {
        const [left, right] = [formatVersion(x), formatVersion(y)];
        expect(Math.sign(compareVersions(x, y))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  it.each([
    ['an empty text', ''],
    ['no actor', '0000000000010002'],
    ['a short actor', `0000000000010002-${'0'.repeat(31)}`],
    ['a long actor', `0000000000010002-${'0'.repeat(33)}`],
    ['a short stamp', `000000000010002-${'0'.repeat(32)}`],
    ['a long stamp', `00000000000010002-${'0'.repeat(32)}`],
    ['upper case', `000000000001000A-${'0'.repeat(32)}`],
    ['another separator', `0000000000010002_${'0'.repeat(32)}`],
    ['a digit that is not hexadecimal', `000000000001000g-${'0'.repeat(32)}`],
    ['quotes around it', `"0000000000010002-${'0'.repeat(32)}"`],
    ['a trailing newline', `0000000000010002-${'0'.repeat(32)}\n`],
  ])('refuses %s, and says what it got', (_, text) => {
    const parse = (): Version => parseVersion(text);
    expect(parse).toThrow(QuorumError);
    expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
    expect(parse).toThrow(JSON.stringify(text));
  });

  it('refuses every text that it would not write itself', () => {
    const nearMisses = fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[0-9a-fA-F-]{45,53}$/));
    fc.assert(
      fc.property(nearMisses, (text) => {
        let parsed: Version | undefined;
        try {
          parsed = parseVersion(text);
        } catch (error) {
          expect(error).toBeInstanceOf(QuorumError);
        }
        if (parsed !== undefined) expect(formatVersion(parsed)).toBe(text);
      }),
    );
  });
});

describe('isVersion', () => {
  it('accepts what the text form can hold', () => {
    fc.assert(
      fc.property(versions, (version) => {
        expect(isVersion(version)).toBe(true);
      }),
    );
  });

  it.each<[string, Version]>([
    ['a stamp out of range', { ...a, ms: -1 }],
    ['an upper-case actor', { ...a, actor: 'A'.repeat(32) }],
    ['a short actor', { ...a, actor: 'a'.repeat(31) }],
    ['an actor with a newline', { ...a, actor: `${'a'.repeat(32)}\n` }],
  ])('rejects %s', (_, version) => {
    expect(isVersion(version)).toBe(false);
  });
});
