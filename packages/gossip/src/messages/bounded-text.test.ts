import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBoundedText, utf8Length } from './bounded-text.ts';

describe('utf8Length', () => {
  it('counts the bytes that an encoder writes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 50 });
    fc.assert(
      fc.property(text, (value) => {
        expect(utf8Length(value)).toBe(Buffer.byteLength(value, 'utf8'));
      }),
    );
  });

  it.each(['\ud800', 'a\udc00', '\ud800a', '\udc00\ud800', 'x\ud83d'])('finds half a surrogate pair in %j', (text) => {
    expect(utf8Length(text)).toBe(-1);
  });
});

describe('isBoundedText', () => {
  it('bounds bytes and not characters', () => {
    expect(isBoundedText('é'.repeat(32), 64)).toBe(true);
    expect(isBoundedText('é'.repeat(33), 64)).toBe(false);
    expect(isBoundedText('a'.repeat(64), 64)).toBe(true);
    expect(isBoundedText('a'.repeat(65), 64)).toBe(false);
  });

  it('wants a text, and one that is not empty', () => {
    for (const value of ['', 7, null, undefined, ['a'], new String('a'), { length: 1 }]) {
      expect(isBoundedText(value, 64)).toBe(false);
    }
  });
});
