/** A change of a strong keyspace does not look whether it was made already. */
import type { Strategies } from '@kv/cluster-node';
import { noOperations } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const forgetsOperations: PlantedBug = {
  name: 'forgets-operations',
  wrong: 'makes a change in a strong keyspace again when it is tried again',
  within: 'strong',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    changeOnce: (change) => {
      const step = defaults.changeOnce(change);
      return (current) => step(current && { ...current, memory: noOperations });
    },
  }),
};
