/**
 * The default hash: MurmurHash3_x86_32 (Austin Appleby, public domain), seed 0. It reads bytes little-endian whatever
 * the machine, needs no table and no BigInt, and so gives the same token in Node, browsers and edge runtimes.
 */

/** Maps bytes to a uint32. Must be pure; every member of a cluster and every client must use the same one. */
export type HashFunction = (bytes: Uint8Array) => number;

const c1 = 0xcc9e2d51;
const c2 = 0x1b873593;

export function murmur3(bytes: Uint8Array): number {
  let hash = 0;
  const length = bytes.length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    hash ^= scramble(
      byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24),
    );
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | byteAt(bytes, i);
  if (length !== whole) hash ^= scramble(rest);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const product = Math.imul(block, c1);
  return Math.imul((product << 15) | (product >>> 17), c2);
}

/** The index is always within the array; the fallback only satisfies the type. */
function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
