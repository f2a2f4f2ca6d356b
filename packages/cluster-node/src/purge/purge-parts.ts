/** The parts of a member that forget deletions, put together. */
import type { Repairer } from '../repair/repairer.ts';
import { Purger, type PurgerDependencies, type PurgerOptions } from './purger.ts';
import { PurgeServer, type PurgeServerDependencies } from './purge-server.ts';

export interface PurgePartsDependencies
  extends Omit<PurgerDependencies, 'server' | 'compare' | 'canCompare' | 'requestTimeoutMs'>,
    Omit<PurgeServerDependencies, 'leastAgeMs'> {
  readonly repairer: Repairer;
}

export interface PurgePartsOptions extends PurgerOptions {
  readonly requestTimeoutMs: number;
}

export function purgeParts(
  dependencies: PurgePartsDependencies,
  options: PurgePartsOptions,
): { readonly purgeServer: PurgeServer; readonly purger: Purger } {
  const { repairer, trees } = dependencies;
  const { purgeAfterMs, requestTimeoutMs } = options;
  // Half of the age, so that clocks may differ by the other half.
  const purgeServer = new PurgeServer({ ...dependencies, leastAgeMs: purgeAfterMs / 2 });
  const purger = new Purger(
    {
      ...dependencies,
      server: purgeServer,
      compare: (range, peer, done) => repairer.compare(range, peer, done),
      canCompare: (range) => trees.of(range)?.complete === true,
      requestTimeoutMs,
    },
    options,
  );
  return { purgeServer, purger };
}
