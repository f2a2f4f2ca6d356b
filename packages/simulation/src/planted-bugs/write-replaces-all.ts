/** A write replaces every sibling that its owner holds, whether its client had read it or not. */
import type { Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const writeReplacesAll: PlantedBug = {
  name: 'write-replaces-all',
  wrong: 'gives a write the context of the set that it goes into, instead of what its client had read',
  within: 'siblings',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    siblings: {
      ...defaults.siblings,
      write: (set, write) => defaults.siblings.write(set, { ...write, context: set.context }),
    },
  }),
};
