/**
 * Puts the entries of a memtable into the order of their keys. Most of it is a radix sort of heads, the eight bytes that
 * follow what all keys begin with: it looks at each key once and compares none. Only keys with equal heads are compared.
 */

import type { EntryArena } from './entry-arena.ts';

/** Below it a table of counts costs more than comparing. */
const FEW_ENTRIES = 512;
const DIGIT_BITS = 16;
const DIGITS = 2 ** DIGIT_BITS;

/** The numbers of entries in ascending order of their keys, which are distinct. */
export function sortEntries(entries: EntryArena, numbers: readonly number[]): Uint32Array {
  const unsorted = Uint32Array.from(numbers);
  const byKey = (left: number, right: number): number => entries.compareKeys(left, right);
  if (unsorted.length < FEW_ENTRIES) return unsorted.sort(byKey);
  const prefix = commonPrefixLength(entries, unsorted);
  const high = heads(entries, unsorted, prefix);
  const low = heads(entries, unsorted, prefix + 4);
  const order = sortHeads(high, low);
  const sorted = order.map((at) => unsorted[at] as number);
  for (let start = 0, end = 1; start < order.length; start = end++) {
    while (end < order.length && haveEqualHeads(order[start] as number, order[end] as number)) end++;
    if (end > start + 1) sorted.subarray(start, end).sort(byKey);
  }
  return sorted;

  function haveEqualHeads(left: number, right: number): boolean {
    return high[left] === high[right] && low[left] === low[right];
  }
}

function commonPrefixLength(entries: EntryArena, numbers: Uint32Array): number {
  const first = numbers[0] as number;
  let length = entries.keyLength(first);
  for (let i = 1; i < numbers.length && length > 0; i++) {
    length = entries.sharedKeyPrefix(first, numbers[i] as number, length);
  }
  return length;
}

/** Of each key the four bytes from `offset` on, as a number; where it ends, zeros. */
function heads(entries: EntryArena, numbers: Uint32Array, offset: number): Uint32Array {
  return numbers.map((entry) => entries.keyWord(entry, offset));
}

/** Indexes in ascending order of `high`, then `low`: digit by digit, the least significant first. */
function sortHeads(high: Uint32Array, low: Uint32Array): Uint32Array {
  let order = Uint32Array.from(high.keys());
  let next = new Uint32Array(order.length);
  for (const [words, shift] of [
    [low, 0],
    [low, DIGIT_BITS],
    [high, 0],
    [high, DIGIT_BITS],
  ] as const) {
    sortByDigit(order, next, words, shift);
    [order, next] = [next, order];
  }
  return order;
}

/** Keeps the order of those with equal digits. */
function sortByDigit(order: Uint32Array, sorted: Uint32Array, words: Uint32Array, shift: number): void {
  const places = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < words.length; i++) {
    const digit = ((words[i] as number) >>> shift) & (DIGITS - 1);
    places[digit + 1] = (places[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit <= DIGITS; digit++) {
    places[digit] = (places[digit] as number) + (places[digit - 1] as number);
  }
  for (let i = 0; i < order.length; i++) {
    const at = order[i] as number;
    const digit = ((words[at] as number) >>> shift) & (DIGITS - 1);
    const place = places[digit] as number;
    sorted[place] = at;
    places[digit] = place + 1;
  }
}
