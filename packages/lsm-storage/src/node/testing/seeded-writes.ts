/**
 * Writes that follow from a seed and their number alone, so that one process can make them and another one knows what
 * they were. Each also puts its number under one key, by which it can be told from the contents which was the last.
 */

import { seededRandom } from '../../contract/index.ts';
import type { Random } from '../../contract/index.ts';
import type { BatchOperation } from '../../core/index.ts';
import { carryOut } from '../../testing/carry-out.ts';

const NUMBER_KEY = 'number';
const KEYS = 40;

/** Mostly small values, some kept apart from their entries, every tenth too large to be written in the call itself. */
export function seededWrite(seed: number, number: number): BatchOperation[] {
  const random = seededRandom(seed * 1_000_003 + number);
  const operations: BatchOperation[] = Array.from({ length: random() < 0.2 ? 3 : 1 }, () => drawOperation(random));
  if (number % 10 === 3) operations.push({ type: 'put', key: drawKey(random), value: seededValue(random, 100_000) });
  return [...operations, { type: 'put', key: Buffer.from(NUMBER_KEY), value: Buffer.from(String(number)) }];
}

function drawOperation(random: Random): BatchOperation {
  const key = drawKey(random);
  const chance = random();
  if (chance < 0.1) return { type: 'delete', key };
  if (chance < 0.13) return { type: 'delete-range', from: key, to: drawKey(random) };
  const most = chance < 0.6 ? 1000 : 8000;
  return { type: 'put', key, value: seededValue(random, Math.floor(random() * most)) };
}

function drawKey(random: Random): Uint8Array {
  return Buffer.from(`key${10 + Math.floor(random() * KEYS)}`);
}

/** Text that compression makes hardly smaller than three quarters. */
export function seededValue(random: Random, length: number): Uint8Array {
  const words = Uint32Array.from({ length: Math.ceil((length * 3) / 16) }, () => Math.floor(random() * 2 ** 32));
  return Buffer.from(Buffer.from(words.buffer).toString('base64').slice(0, length));
}

/** The number of the last write that a store contains, -1 if none; the contents are those of this write and all before. */
export function lastNumberIn(contents: ReadonlyMap<string, string>): number {
  return Number(contents.get(NUMBER_KEY) ?? -1);
}

/** What a store contains after the writes up to a number. */
export function contentsAfter(seed: number, last: number): Map<string, string> {
  const contents = new Map<string, string>();
  for (let number = 0; number <= last; number++) {
    for (const operation of seededWrite(seed, number)) carryOut(operation, contents);
  }
  return contents;
}
