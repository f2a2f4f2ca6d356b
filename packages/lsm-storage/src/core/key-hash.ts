/**
 * The hash of a key, by which memtables and bloom filters find it: MurmurHash3 x86-32 (Austin Appleby, public domain).
 * Frozen: filters on disk were written with it.
 */

/** Of the first `length` bytes of `key`. An unsigned 32-bit integer. */
export function hashKey(key: Uint8Array, length: number = key.length): number {
  return murmur3(key, 0, length);
}

/** Of the first `length` bytes. An unsigned 32-bit integer. */
export function murmur3(bytes: Uint8Array, seed: number, length: number = bytes.length): number {
  let hash = seed;
  const wholeEnd = length & ~3;
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
  for (let i = length - 1; i >= wholeEnd; i--) tail = (tail << 8) | (bytes[i] as number);
  if (wholeEnd < length) hash ^= scramble(tail);
  return finish(hash ^ length);
}

/** The last step of the hash: every bit of a number comes to bear on all of them. An unsigned 32-bit integer. */
export function finish(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
