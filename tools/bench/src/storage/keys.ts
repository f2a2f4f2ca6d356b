/**
 * Keys of 16 bytes: decimal digits, so that their order is that of their numbers. Only even numbers are ever stored;
 * a missing key is an odd one, right between two that are there.
 */
import { Random } from '../measurement/random.ts';

export const keyBytes = 16;

const zero = 48;

/** Writes the key of the entry with the given number into bytes that the caller may use again. */
export function fillKey(key: Uint8Array, entry: number): void {
  fillDigits(key, entry * 2);
}

/** As {@link fillKey}, of a key that is not stored. */
export function fillMissingKey(key: Uint8Array, entry: number): void {
  fillDigits(key, entry * 2 + 1);
}

/** The key of an entry in bytes of its own. */
export function keyOf(entry: number): Buffer {
  const key = Buffer.allocUnsafe(keyBytes);
  fillDigits(key, entry * 2);
  return key;
}

function fillDigits(key: Uint8Array, number: number): void {
  let left = number;
  for (let at = keyBytes - 1; at >= 0; at--) {
    const rest = Math.floor(left / 10);
    key[at] = zero + left - rest * 10;
    left = rest;
  }
}

/** The numbers from 0 up to the count in an order that looks random and is the same every time for the same seed (Fisher, Yates). */
export function shuffled(count: number, seed = 1): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, index) => index);
  const random = new Random(seed);
  for (let last = count - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const number = numbers[last] ?? 0;
    numbers[last] = numbers[chosen] ?? 0;
    numbers[chosen] = number;
  }
  return numbers;
}
