/** Tokens: where keys lie on the ring of uint32 positions. */
import { type HashFunction, murmur3 } from './hash.ts';
import { hashTag } from './hash-tag.ts';

/** A position on the ring, 0 to 2^32 - 1. */
export type Token = number;

export const tokenCount: number = 2 ** 32;

/** The tokens from `first` to `last`, both included, clockwise: where `first > last` the range passes through 0. */
export interface TokenRange {
  readonly first: Token;
  readonly last: Token;
}

/** How many tokens lie in the range, 1 to 2^32. */
export function rangeWidth(range: TokenRange): number {
  return ((range.last - range.first) >>> 0) + 1;
}

export function rangeContains(range: TokenRange, token: Token): boolean {
  return (token - range.first) >>> 0 <= (range.last - range.first) >>> 0;
}

const utf8 = new TextEncoder();

/** The token of a key: the hash of its hash tag, or of the whole key. Text is hashed as UTF-8. */
export function tokenOf(key: Uint8Array | string, hash: HashFunction = murmur3): Token {
  return hash(hashTag(typeof key === 'string' ? utf8.encode(key) : key)) >>> 0;
}
