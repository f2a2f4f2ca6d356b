/** A hint counts for the fallback that keeps it and for the owner that it is for, who knows nothing of it. */
import type { Strategies } from '@kv/cluster-node';
import { type Version, type WriteEffect, WriteOperation } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const countsHintTwice: PlantedBug = {
  name: 'counts-hint-twice',
  wrong: 'counts a hint for its keeper and for its owner',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    writeOperation: (plan, version, startedAt) => new TwiceHintedWrite(plan, version, startedAt),
  }),
};

class TwiceHintedWrite extends WriteOperation {
  override hinted(keeper: string, intendedOwner: string, held: Version, now: number): WriteEffect[] {
    const effects = super.hinted(keeper, intendedOwner, held, now);
    return [...effects, ...super.acknowledge(intendedOwner, held, now)];
  }
}
