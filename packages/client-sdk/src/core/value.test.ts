import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvError } from './errors.ts';
import { encodeKey } from './key.ts';
import { decodeValue, encodeValue } from './value.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof KvError) return error.code;
    throw error;
  }
  return 'none';
}

describe('values', () => {
  it.each([
    [Uint8Array.of(0, 255), 'application/octet-stream', Uint8Array.of(0, 255)],
    ['héllo', 'text/plain; charset=utf-8', utf8('héllo')],
    ['', 'text/plain; charset=utf-8', utf8('')],
    [{ a: [1, null] }, 'application/json', utf8('{"a":[1,null]}')],
    [null, 'application/json', utf8('null')],
    [false, 'application/json', utf8('false')],
    [7, 'application/json', utf8('7')],
  ])('%j is stored as %s', (value, contentType, bytes) => {
    expect(encodeValue(value)).toEqual({ contentType, bytes });
    expect(decodeValue(contentType, bytes)).toEqual(value);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.uint8Array()), (value) => {
        const { contentType, bytes } = encodeValue(value);
        const expected: unknown =
          value instanceof Uint8Array || typeof value === 'string' ? value : JSON.parse(JSON.stringify(value));
        expect(decodeValue(contentType, bytes)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['Application/JSON', '[]', []],
    ['application/problem+json', '{}', {}],
    ['text/html', '<p>', '<p>'],
    ['text/csv;charset="UTF-8"', 'a,b', 'a,b'],
    ['text/plain; charset=us-ascii', 'a', 'a'],
    ['text/plain', '\uFEFFa', '\uFEFFa'],
  ])('stored by others as %s are %j', (contentType, stored, value) => {
    expect(decodeValue(contentType, utf8(stored))).toEqual(value);
  });

  it.each(['application/octet-stream', 'image/png', '', 'text/plain; charset=latin1', 'application/jsonp'])(
    'stored as %j stay bytes',
    (contentType) => {
      expect(decodeValue(contentType, Uint8Array.of(0xe9))).toEqual(Uint8Array.of(0xe9));
    },
  );

  it('that are not what their content type says keep their bytes', () => {
    for (const contentType of ['application/json', 'text/plain']) {
      expect(codeOf(() => decodeValue(contentType, Uint8Array.of(0xff)))).toBe('UNDECODABLE_VALUE');
    }
  });

  it('that cannot be stored are refused', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 1, Symbol('s'), cycle, 1n]) {
      expect(codeOf(() => encodeValue(value))).toBe('INVALID_VALUE');
    }
    expect(codeOf(() => encodeValue(new Uint8Array(4 * 1024 * 1024)))).toBe('VALUE_TOO_LARGE');
  });

  it('can be given a content type of their own', () => {
    expect(encodeValue('<p>', 'text/html').contentType).toBe('text/html');
    for (const contentType of ['', 'é', 'a\nb', 'x'.repeat(129)]) {
      expect(codeOf(() => encodeValue('x', contentType))).toBe('INVALID_CONTENT_TYPE');
    }
  });
});

describe('keys', () => {
  it('are UTF-8 or bytes of 1 to 4096', () => {
    expect(encodeKey('é')).toEqual(utf8('é'));
    expect(encodeKey(Uint8Array.of(0xff, 0))).toEqual(Uint8Array.of(0xff, 0));
    expect(encodeKey('👍'.repeat(1024))).toHaveLength(4096);
    expect(codeOf(() => encodeKey('👍'.repeat(1024) + 'x'))).toBe('KEY_TOO_LONG');
    expect(codeOf(() => encodeKey(new Uint8Array(0)))).toBe('KEY_EMPTY');
    for (const key of ['\ud83d', 'a\udc4d', '\udc4d\ud83d']) expect(codeOf(() => encodeKey(key))).toBe('KEY_INVALID');
  });

  it('that differ stay different', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(a === b).toBe(Buffer.compare(encodeKey(a), encodeKey(b)) === 0);
      }),
    );
  });
});
