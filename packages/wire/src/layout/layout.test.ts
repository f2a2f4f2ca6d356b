import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Length } from '../bytes/utf8.ts';
import { uuidFromBytes, uuidToBytes } from '../uuid.ts';
import { text } from './byte-strings.ts';
import { list, optional, struct } from './composites.ts';
import { decode, encode, type Layout } from './layout.ts';
import { choice, fixed, quantity, u16, u32, u48, u64, u8 } from './scalars.ts';

describe('layouts', () => {
  it.each<[Layout<number>, number, bigint]>([
    [u8, 1, 2n ** 8n],
    [u16, 2, 2n ** 16n],
    [u32, 4, 2n ** 32n],
    [u48, 6, 2n ** 48n],
    [u64, 8, 2n ** 53n],
  ])('integers are big endian (%#)', (layout, size, limit) => {
    const value = fc.oneof(fc.bigInt({ min: 0n, max: limit - 1n }), fc.constantFrom(0n, limit - 1n, limit / 2n));
    fc.assert(
      fc.property(value, (integer) => {
        const bytes = encode(layout, Number(integer));
        expect(Buffer.from(bytes).toString('hex')).toBe(integer.toString(16).padStart(2 * size, '0'));
        expect(decode(layout, bytes)).toBe(Number(integer));
      }),
    );
  });

  it('texts are the UTF-8 that every other encoder makes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        expect(utf8Length(value)).toBe(Buffer.byteLength(value));
        expect(Buffer.from(encode(text(240), value).subarray(2)).toString()).toBe(value);
        expect(decode(text(240), encode(text(240), value))).toBe(value);
      }),
    );
  });

  it('quantities are binary64, and neither NaN nor negative nor infinite', () => {
    const bits = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer).reverse();
    expect(encode(quantity, 1.5)).toStrictEqual(bits(1.5));
    for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(() => decode(quantity, bits(bad))).toThrow(`needed a finite number of at least 0, got ${bad}`);
    }
  });

  it('name the place of an error, through structures and lists', () => {
    const layout = struct({ items: list(struct({ size: optional(u8) }), 3) });
    expect(() => encode(layout, { items: [{ size: 1 }, { size: 256 }] })).toThrow('items[1].size: needed an integer');
    const bytes = encode(layout, { items: [{ size: 1 }, { size: undefined }] });
    expect(() => decode(layout, bytes.with(-1, 2))).toThrow('items[1].size: needed 0 (absent) or 1 (present), got 2');
  });

  it('leave absent fields out of what they read', () => {
    const layout = struct<{ size?: number }>({ size: optional(u8) });
    expect(decode(layout, encode(layout, {}))).toStrictEqual({});
    expect(decode(layout, encode(layout, { size: 0 }))).toStrictEqual({ size: 0 });
  });

  it('whose size and write disagree are a defect, not a malformed value', () => {
    const longer: Layout<number> = fixed(
      1,
      (writer, value) => writer.u16(value),
      () => 0,
    );
    const shorter: Layout<number> = fixed(
      3,
      (writer, value) => writer.u16(value),
      () => 0,
    );
    expect(() => encode(longer, 1)).toThrow(RangeError);
    expect(() => encode(shorter, 1)).toThrow(RangeError);
    expect(() => choice({ a: 1, b: 1 })).toThrow(RangeError);
  });
});

describe('UUIDs', () => {
  it('are 16 bytes in the order of their digits', () => {
    const text = '00112233-4455-6677-8899-aabbccddeeff';
    expect(Buffer.from(uuidToBytes(text)).toString('hex')).toBe(text.replaceAll('-', ''));
    expect(uuidFromBytes(uuidToBytes(text))).toBe(text);
    expect(() => uuidFromBytes(new Uint8Array(17))).toThrow('needed the end, got 1 more bytes');
    expect(() => uuidToBytes('00112233-4455-6677-8899-aabbccddeefg')).toThrow('needed lowercase hexadecimal digits');
  });
});
