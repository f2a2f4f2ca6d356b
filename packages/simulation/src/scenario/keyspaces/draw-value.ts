import { uniqueValue } from '../../cluster/fingerprint.ts';
import type { SeededRandom } from '../../world/seeded-random.ts';

/** The value of one write alone, of up to `most` bytes, that can be compressed or not. */
export function drawValue(random: SeededRandom, writeId: string, most: number): Uint8Array {
  const length = Math.round(random.logBetween(1, most));
  const repeats = random.chance(0.5);
  const filler = repeats ? new Uint8Array(length).fill(length & 0xff) : random.fork(writeId).bytes(length);
  return uniqueValue(writeId, filler);
}
