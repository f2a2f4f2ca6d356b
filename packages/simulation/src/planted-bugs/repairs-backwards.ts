/** An exchange sends the older version to whoever has the newer one: every replica keeps what it had. */
import type { Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const repairsBackwards: PlantedBug = {
  name: 'repairs-backwards',
  wrong: 'repairs the newer version by the older one when trees differ',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    isNewer: (ours, theirs) => !defaults.isNewer(ours, theirs),
  }),
};
