/** The read quorum is not looked at: the first replica that answers is believed. */
import type { Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const readsOneReplica: PlantedBug = {
  name: 'reads-one-replica',
  wrong: 'answers a read with what the first replica says, whatever R is',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    readOperation: (plan, startedAt) => defaults.readOperation({ ...plan, needed: 1 }, startedAt),
  }),
};
