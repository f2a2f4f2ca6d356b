import { describe, expect, it } from 'vitest';
import { hashTag } from './hash-tag.ts';
import { tokenOf } from './token.ts';

const text = (key: string): string => new TextDecoder().decode(hashTag(new TextEncoder().encode(key)));

/** The examples of the Redis Cluster specification, "Hash tags". */
describe('hash tags', () => {
  it.each([
    ['{user1000}.following', 'user1000'],
    ['foo{}{bar}', 'foo{}{bar}'],
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
    ['foo}bar{zap', 'foo}bar{zap'],
    ['no tag', 'no tag'],
    ['', ''],
  ])('%j is placed by %j', (key, tag) => {
    expect(text(key)).toBe(tag);
  });

  it('puts keys with the same tag on the same token, as text and as bytes', () => {
    expect(tokenOf('{user1000}.following')).toBe(tokenOf('{user1000}.followers'));
    expect(tokenOf(new TextEncoder().encode('ключ{é}'))).toBe(tokenOf('é'));
  });

  it('takes another hash, and reads its result as a uint32', () => {
    expect(tokenOf('abc', (bytes) => -bytes.length)).toBe(2 ** 32 - 3);
  });
});
