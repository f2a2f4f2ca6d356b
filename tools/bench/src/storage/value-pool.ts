/**
 * Values that compress to about half: each is half random bytes, half repeated text. They are cut from a pool of at
 * least 64 MiB, so that no compressor sees the same random bytes twice within its window. The pool is a file, made
 * once for all processes of a run.
 */
import { closeSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { Random } from '../measurement/random.ts';

const leastPoolBytes = 64 * 1024 * 1024;
const text = Buffer.from('the quick brown fox jumps over the lazy dog, and the dog does not mind; ');

/** Fills bytes as one value: the first half random, the rest text. */
export function fillValue(value: Uint8Array, random: Random): void {
  const half = value.length >> 1;
  for (let at = 0; at < half; at += 4) {
    const bits = random.next();
    for (let byte = at; byte < Math.min(at + 4, half); byte++) value[byte] = bits >>> ((byte - at) * 8);
  }
  for (let at = half; at < value.length; at++) value[at] = text[(at - half) % text.length] ?? 0;
}

/** Writes the pool for one size of values. */
export function writeValuePool(path: string, valueBytes: number): void {
  const random = new Random(valueBytes + 1);
  const perPiece = Math.max(1, Math.floor((1024 * 1024) / valueBytes));
  const piece = Buffer.alloc(perPiece * valueBytes);
  const file = openSync(path, 'w');
  try {
    for (let written = 0; written < leastPoolBytes; written += piece.length) {
      for (let at = 0; at < piece.length; at += valueBytes) fillValue(piece.subarray(at, at + valueBytes), random);
      writeSync(file, piece);
    }
  } finally {
    closeSync(file);
  }
}

/** Where values come from: by number, the same number giving the same bytes. */
export interface Values {
  /** Not to be changed. */
  value(number: number): Buffer;
}

/** Holds the whole pool in memory: a value costs no copy. */
export function loadValues(path: string, valueBytes: number): Values {
  const pool = readFileSync(path);
  const count = Math.floor(pool.length / valueBytes);
  return {
    value(number) {
      const at = (number % count) * valueBytes;
      return pool.subarray(at, at + valueBytes);
    },
  };
}

/** Reads each value from the file, so that the pool does not weigh on the memory that is measured. */
export function openValues(path: string, valueBytes: number): Values {
  const file = openSync(path, 'r');
  const count = Math.floor(statSync(path).size / valueBytes);
  return {
    value(number) {
      const value = Buffer.allocUnsafeSlow(valueBytes);
      readSync(file, value, 0, valueBytes, (number % count) * valueBytes);
      return value;
    },
  };
}
