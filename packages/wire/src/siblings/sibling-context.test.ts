import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeContext, encodeContext, maxContextActors, maxContextBytes, WireError } from '../index.ts';
import { key } from '../testing/arbitraries.test.ts';

const counter = fc.maxSafeNat().map((number) => Math.max(1, number));
const actor = fc.uint8Array({ minLength: 22, maxLength: 22 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const context = fc.array(fc.tuple(actor, counter), { maxLength: 8 }).map((entries) => new Map(entries));
const keyspaceId = fc.nat({ max: 0xffffffff });
const ada = new TextEncoder().encode('ada');
const [a, b] = ['00112233445566778899aabbccddeeff010203040506', '0123456789abcdef0123456789abcdef010203040506'];

function refusalOf(action: () => unknown): WireError {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a context', () => {
  it('comes back as it was given, whatever the order of its actors', () => {
    fc.assert(
      fc.property(context, keyspaceId, key, (given, id, of) => {
        const bytes = encodeContext(given, id, of);
        expect(bytes.length).toBeLessThanOrEqual(maxContextBytes);
        expect(decodeContext(bytes, id, of)).toEqual(given);
        expect(encodeContext(new Map([...given].reverse()), id, of)).toEqual(bytes);
      }),
    );
  });

  it('has frozen bytes', () => {
    const bytes = encodeContext(
      new Map([
        [b, 2],
        [a, 0x0102030405],
      ]),
      7,
      ada,
    );
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `012787dd01e3cc6e1300000002${a}0000000102030405${b}0000000000000002`,
    );
  });

  it('is refused for another key, for another keyspace, and when anything in it was changed', () => {
    const bytes = encodeContext(new Map([[a, 5]]), 1, ada);
    expect(refusalOf(() => decodeContext(bytes, 1, new TextEncoder().encode('adb'))).message).toMatch(/from this key/);
    expect(refusalOf(() => decodeContext(bytes, 2, ada)).code).toBe('MALFORMED');
    for (let at = 1; at < bytes.length; at += 1) {
      expect(refusalOf(() => decodeContext(bytes.with(at, bytes[at]! ^ 1), 1, ada)).code).toBe('MALFORMED');
    }
    expect(refusalOf(() => decodeContext(bytes.with(0, 2), 1, ada)).code).toBe('UNSUPPORTED_VERSION');
    expect(refusalOf(() => decodeContext(bytes.with(0, 0), 1, ada)).code).toBe('MALFORMED');
    for (const bad of [new Uint8Array(0), bytes.subarray(0, -1), Uint8Array.of(...bytes, 0)]) {
      expect(refusalOf(() => decodeContext(bad, 1, ada)).code).toBe('MALFORMED');
    }
  });

  it('has at most 256 actors, and each in it has written', () => {
    const actors = Array.from({ length: maxContextActors + 1 }, (_, n) => a.slice(0, -4) + String(n).padStart(4, '0'));
    const most = new Map(actors.slice(1).map((actor) => [actor, 1]));
    expect(encodeContext(most, 1, ada)).toHaveLength(maxContextBytes);
    expect(refusalOf(() => encodeContext(new Map(actors.map((actor) => [actor, 1])), 1, ada)).message).toContain('256');
    expect(refusalOf(() => encodeContext(new Map([[a, 0]]), 1, ada)).message).toContain('needed a counter from 1');
  });
});
