/**
 * Tiers: runs of similar size, and how many of them may be. One parameter leads from tiered to leveled, as in Cassandra's
 * UnifiedCompactionStrategy (CEP-26, "Unified Compaction Strategy").
 */

import type { RunDescription } from '../ports/manifest.ts';

/** Runs below this times the growth share the lowest tier. */
const BASE_BYTES = 64 * 1024;

export interface TierShape {
  /** How much larger the runs of a tier are than those of the one before. */
  readonly growth: number;
  /** So many runs of one tier are merged. */
  readonly threshold: number;
}

/** `scaling`: the parameter w of the policy. */
export function tierShape(scaling: number): TierShape {
  if (scaling < 0) return { growth: 2 - scaling, threshold: 2 };
  return { growth: 2 + scaling, threshold: 2 + scaling };
}

/** The tier of each run, newest first: by its size, and at least that of every newer run, so that tiers rise with age. */
export function tiersOf(runs: readonly RunDescription[], growth: number): number[] {
  let highest = 0;
  return runs.map((run) => {
    highest = Math.max(highest, tierOf(run.bytes, growth));
    return highest;
  });
}

/** By repeated division, which is the same on every machine (a logarithm need not be). */
function tierOf(bytes: number, growth: number): number {
  let tier = 0;
  for (let rest = bytes / BASE_BYTES; rest >= growth; rest /= growth) tier++;
  return tier;
}
