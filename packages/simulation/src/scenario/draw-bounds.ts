/** Which keys a scan looks for: all, those with a prefix, those of a range, or both. */
import type { KeyBounds } from '../history.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

/** Made of the keys that there are, so that some meet the bounds and some do not. */
export function drawBounds(random: SeededRandom, keys: readonly string[]): KeyBounds {
  const prefixOf = (key: string): string => key.substring(0, random.integer(1, key.length));
  const prefix = random.chance(0.6) ? prefixOf(random.pick(keys)) : '';
  const [first, last] = [random.pick(keys), random.pick(keys)].sort();
  return {
    prefix,
    ...(first !== undefined && random.chance(0.3) && { gte: first }),
    ...(last !== undefined && random.chance(0.3) && { lt: last }),
  };
}
