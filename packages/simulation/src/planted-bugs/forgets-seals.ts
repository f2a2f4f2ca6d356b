/**
 * What was sealed is open: a write, a hint or a proposal from before a deletion comes in when the deletion is forgotten. In eventual
 * keyspaces it would have to come in the moment between seal and watermark, which no run met; `purge.test.ts` makes it.
 */
import { type Strategies, Watermarks } from '@kv/cluster-node';
import { zeroStamp } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const forgetsSeals: PlantedBug = {
  name: 'forgets-seals',
  wrong: 'takes writes, hints and proposals below what it sealed',
  within: 'strong',
  strategies: (defaults: Strategies) => ({ ...defaults, watermarks: (dependencies) => new OpenMarks(dependencies) }),
};

class OpenMarks extends Watermarks {
  override of(range: Parameters<Watermarks['of']>[0]): ReturnType<Watermarks['of']> {
    return { ...super.of(range), sealed: zeroStamp, hintsSealed: zeroStamp };
  }
}
