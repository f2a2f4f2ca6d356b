/**
 * A write replaces what its client had read where the owner holds it, but the set does not remember that: what arrives later
 * of it comes back.
 */
import type { Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const contextNotKept: PlantedBug = {
  name: 'context-not-kept',
  wrong: 'forgets the context of a write, so that what it replaced elsewhere comes back',
  within: 'siblings',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    siblings: {
      ...defaults.siblings,
      write: (set, write) => {
        const context = new Map([...write.context].filter(([actor]) => set.context.has(actor)));
        for (const [actor, counter] of context) context.set(actor, Math.min(counter, set.context.get(actor) ?? 0));
        return defaults.siblings.write(set, { ...write, context });
      },
    },
  }),
};
