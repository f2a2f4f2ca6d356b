/** A replica keeps what came last, not what is newest. */
import type { Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const lastArrivalWins: PlantedBug = {
  name: 'last-arrival-wins',
  wrong: 'keeps the write that arrived last instead of the one with the highest version',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({ ...defaults, decide: () => 'replace' }),
};
