/**
 * Deletions are forgotten because they are old, as by `gc_grace_seconds`: whoever missed one still has what it deleted, and brings
 * it back.
 */
import { PurgeRound, type Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const purgesByAge: PlantedBug = {
  name: 'purges-by-age',
  wrong: 'forgets deletions once they are old, whether or not every owner has heard of them',
  // In a strong keyspace everything below the watermark is sealed all the same, which leaves hardly a moment for it.
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    purgeRound: (dependencies, plan, done) => {
      const careless = {
        ...dependencies,
        compare: (_: unknown, __: unknown, then: (same: boolean) => void) => then(true),
      };
      return new PurgeRound(careless, { ...plan, members: [dependencies.self] }, done);
    },
  }),
};
