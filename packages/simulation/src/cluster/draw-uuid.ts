/** Identities from a random stream. */
import type { SeededRandom } from '../world/seeded-random.ts';

/** A version 4 UUID of the stream's digits. */
export function drawUuid(random: SeededRandom): string {
  const digits = random.hex(32);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20)].join('-');
}
