/** A hint goes when it is sent: if its owner does not get it, nobody has it any more. */
import { type Hint, HintStore, type HintsOfRange, type Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const forgetsHintsEarly: PlantedBug = {
  name: 'forgets-hints-early',
  wrong: 'removes a hint before its owner has acknowledged it',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    hintStore: (dependencies, limits) => new ForgetfulHintStore(dependencies, limits),
  }),
};

class ForgetfulHintStore extends HintStore {
  override *of(hints: HintsOfRange, after: Uint8Array | undefined, limit: number): Iterable<Hint> {
    for (const hint of super.of(hints, after, limit)) {
      this.remove(hint);
      yield hint;
    }
  }
}
