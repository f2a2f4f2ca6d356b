/** Where randomness comes from: a seeded generator in tests, any good one in production. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** One item drawn uniformly, or `undefined` of none. */
export function pickOne<T>(random: Random, items: readonly T[]): T | undefined {
  return items[indexBelow(random, items.length)];
}

/** At most `count` distinct items in random order: the head of a Fisher–Yates shuffle of a copy. */
export function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const pool = [...items];
  const taken = Math.min(count, pool.length);
  for (let index = 0; index < taken; index += 1) {
    const other = index + indexBelow(random, pool.length - index);
    [pool[index], pool[other]] = [pool[other] as T, pool[index] as T];
  }
  pool.length = taken;
  return pool;
}

/** A generator that errs into returning 1 must not reach past the end. */
function indexBelow(random: Random, length: number): number {
  return Math.max(0, Math.min(length - 1, Math.floor(random.next() * length)));
}
