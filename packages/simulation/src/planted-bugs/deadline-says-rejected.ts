/** A write that ran out of time is called a failed one, although it may have happened, or still happen. */
import type { Strategies } from '@kv/cluster-node';
import { type WriteEffect, WriteOperation } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const deadlineSaysRejected: PlantedBug = {
  name: 'deadline-says-rejected',
  wrong: 'answers "rejected" to a write whose deadline passed',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    writeOperation: (plan, version, startedAt) => new OverconfidentWrite(plan, version, startedAt),
  }),
};

class OverconfidentWrite extends WriteOperation {
  override expire(): WriteEffect[] {
    return super.expire().map((effect) => {
      return effect.type === 'answer' ? { ...effect, result: { ...effect.result, outcome: 'rejected' } } : effect;
    });
  }
}
