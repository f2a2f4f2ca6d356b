import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKey, keyAddress, parseRequestTarget, routingPath } from './request-target.ts';

const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));
const latin1 = (bytes: string): string => Buffer.from(bytes, 'utf8').toString('latin1');

describe('the request target', () => {
  it('keeps the path as it came', () => {
    const { path, parameters } = parseRequestTarget('/v1/keyspaces/default/keys/a%2Fb%252F..?r=2&timeout=10');
    expect(path).toBe('/v1/keyspaces/default/keys/a%2Fb%252F..');
    expect([...parameters]).toEqual([
      ['r', '2'],
      ['timeout', '10'],
    ]);
    expect(keyAddress(path)).toEqual({ keyspace: 'default', key: 'a%2Fb%252F..' });
  });

  it('takes the absolute form that proxies send', () => {
    expect(parseRequestTarget('http://host:1/livez?x=1').path).toBe('/livez');
    expect(parseRequestTarget('HTTP://host').path).toBe('/');
    expect(routingPath('http://host/v1/keyspaces/a/keys/%2F?r=1')).toBe('/v1/keyspaces/a/keys/%2F');
  });

  it.each(['*', 'x', '/a#b', '/a\\b', ''])('refuses %j', (target) => {
    expect(() => parseRequestTarget(target)).toThrow(/a path starts with a slash/);
  });

  it('refuses a parameter given twice', () => {
    expect(() => parseRequestTarget('/a?r=1&r=2')).toThrow('the parameter r is given twice');
  });
});

describe('a key in the path', () => {
  it.each([
    ['%2F', '/'],
    ['%25', '%'],
    ['..', '..'],
    ['%2e%2E', '..'],
    ['%C3%A9', 'é'],
    ['%00', '\0'],
    ['a+b', 'a+b'],
    ['a%20b', 'a b'],
    ['%EF%BB%BFx', '\uFEFFx'],
    ['__proto__', '__proto__'],
    [latin1('é'), 'é'],
  ])('%j is %j', (segment, key) => {
    expect(decodeKey(segment, undefined)).toEqual(utf8(key));
  });

  it.each(['%', '%2', '%zz', 'a%', '%%25'])('refuses the percent-encoding %j', (segment) => {
    expect(() => decodeKey(segment, undefined)).toThrow(/percent sign/);
  });

  it.each(['%FF', '%C3', '%ED%A0%80', '\u00E9'])('refuses %j, which is not UTF-8', (segment) => {
    expect(() => decodeKey(segment, undefined)).toThrow(/encoding=base64url/);
  });

  it('refuses an empty key and a bare slash', () => {
    expect(() => decodeKey('', undefined)).toThrow(/got none/);
    expect(() => decodeKey('', 'base64url')).toThrow(/got none/);
    expect(() => decodeKey('a/b', undefined)).toThrow(/%2F/);
  });

  it.each(['a', 'ab=c', 'Zh', 'Zg===', 'a b', 'Zm9v+', '%5A'])('refuses %j as base64url', (segment) => {
    expect(() => decodeKey(segment, 'base64url')).toThrow(/base64url/);
  });

  it('takes any text percent-encoded and any bytes as base64url, padded or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
        expect(decodeKey(encodeURIComponent(key), undefined)).toEqual(utf8(key));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (key) => {
        const unpadded = Buffer.from(key).toString('base64url');
        const padded = unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '=');
        expect(decodeKey(unpadded, 'base64url')).toEqual(key);
        expect(decodeKey(padded, 'base64url')).toEqual(key);
      }),
    );
  });
});
