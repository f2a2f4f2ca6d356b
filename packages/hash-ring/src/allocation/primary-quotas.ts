/**
 * How many partitions each server owns: the floor or the ceiling of its exact weight share, whoever owned what before.
 */
import type { Server } from '../server.ts';

export interface PrimaryQuotas {
  /** A choice that adds up to the partitions and stays as near as it can to what was owned before. */
  readonly quota: Int32Array;
  /** Between which the search may trade: both are 0 or both are above 0, so that nobody appears or vanishes. */
  readonly least: Int32Array;
  readonly most: Int32Array;
}

/** Shares that are whole but for rounding count as whole. */
const rounding = 1e-9;

export function primaryQuotas(servers: readonly Server[], partitions: number, before: Int32Array): PrimaryQuotas {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  const share = Float64Array.from(servers, (server) => (server.weight / total) * partitions);
  const least = Int32Array.from(share, (exact) => Math.floor(exact + rounding));
  const most = Int32Array.from(share, (exact) => Math.ceil(exact - rounding));
  const quota = before.map((owned, i) => Math.min(most[i] ?? 0, Math.max(least[i] ?? 0, owned)));
  let missing = partitions - quota.reduce((sum, each) => sum + each, 0);
  while (missing !== 0) {
    const step = Math.sign(missing);
    const chosen = farthestBelow(share, quota, step, step > 0 ? most : least);
    quota[chosen] = (quota[chosen] ?? 0) + step;
    missing -= step;
  }
  quota.forEach((owned, i) => {
    if (owned === 0) most[i] = 0;
    else least[i] = Math.max(1, least[i] ?? 0);
  });
  return { quota, least, most };
}

/** Who deserves the next step up (or down) most; owning at least one partition comes before everything. */
function farthestBelow(share: Float64Array, quota: Int32Array, step: number, limit: Int32Array): number {
  let chosen = -1;
  let greatest = -Infinity;
  share.forEach((exact, i) => {
    const owned = quota[i] ?? 0;
    if (owned === limit[i]) return;
    const presence = step > 0 ? (owned === 0 ? 2 : 0) : owned === 1 ? -2 : 0;
    const merit = (exact - owned) * step + presence;
    if (merit > greatest) {
      greatest = merit;
      chosen = i;
    }
  });
  return chosen;
}
