/** A node's clock does not hear of the stamps that it receives, and so passes none of them on. */
import type { Strategies } from '@kv/cluster-node';
import { HybridLogicalClock } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const ignoresStamps: PlantedBug = {
  name: 'ignores-stamps',
  wrong: 'does not merge the stamps of what it receives into its clock',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({ ...defaults, clock: (floor) => new DeafClock(floor) }),
};

class DeafClock extends HybridLogicalClock {
  override merge(): void {}
}
