/**
 * The hash of a key, by which memtables and bloom filters find it: MurmurHash3 x86-32 (Austin Appleby, public domain).
 * Frozen: filters on disk were written with it.
 */

/** Of the first `length` bytes of `key`. An unsigned 32-bit integer. */
export function hashKey(key: Uint8Array, length: number = key.length): number {
  return murmur3(key, 0, 0, length);
}

/** Of the key that lies from `start` to `end`. */
export function hashKeyIn(bytes: Uint8Array, start: number, end: number): number {
  return murmur3(bytes, 0, start, end);
}

/** Of the bytes from `start` to `end`. An unsigned 32-bit integer. */
export function murmur3(bytes: Uint8Array, seed: number, start = 0, end: number = bytes.length): number {
  let hash = seed;
  const length = end - start;
  const wholeEnd = start + (length & ~3);
  for (let i = start; i < wholeEnd; i += 4) {
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
  for (let i = end - 1; i >= wholeEnd; i--) tail = (tail << 8) | (bytes[i] as number);
  if (wholeEnd < end) hash ^= scramble(tail);
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
