/**
 * The heads of keys: their first bytes as numbers. Where keys are searched, heads decide nearly every step, in memory
 * that lies together, and keys are compared only where heads are equal.
 *
 * A head has 31 bits, so that the difference of two keeps its sign in 32: the search then needs no branch that depends
 * on what it compares, and no processor can guess it wrongly.
 */

/** Of the key that lies from `start` to `end`: the top 31 bits of its first four bytes; where it ends, zeros. */
export function headOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const head =
    (length > 0 ? (bytes[start] as number) << 24 : 0) |
    (length > 1 ? (bytes[start + 1] as number) << 16 : 0) |
    (length > 2 ? (bytes[start + 2] as number) << 8 : 0) |
    (length > 3 ? (bytes[start + 3] as number) : 0);
  return head >>> 1;
}

/**
 * The index of the first of the ascending heads that is not smaller; their count if there is none. The heads are those
 * from `start` on, and the index is counted from there.
 */
export function firstNotBelow(heads: Int32Array, head: number, start = 0): number {
  let low = start;
  for (let left = heads.length - start; left > 0; ) {
    const half = (left + 1) >>> 1;
    // All ones if the head before the middle is smaller, else zero.
    const smaller = ((heads[low + half - 1] as number) - head) >> 31;
    low += half & smaller;
    left -= half;
  }
  return low - start;
}
