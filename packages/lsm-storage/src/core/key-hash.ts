/**
 * The hash of a key that bloom filters are built from: MurmurHash3 x86-32 (Austin Appleby, public domain) under two
 * seeds. Frozen: filters on disk were written with it.
 */

export interface KeyHash {
  readonly first: number;
  readonly second: number;
}

/** The seed of the first hash, which memtables use too. */
export const FIRST_SEED = 0;
const SECOND_SEED = 0x9747b28c;

export function hashKey(key: Uint8Array): KeyHash {
  return { first: murmur3(key, FIRST_SEED), second: murmur3(key, SECOND_SEED) };
}

/** An unsigned 32-bit integer. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  const wholeEnd = bytes.length & ~3;
  for (let i = 0; i < wholeEnd; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= wholeEnd; i--) tail = (tail << 8) | (bytes[i] as number);
  if (wholeEnd < bytes.length) hash ^= scramble(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
