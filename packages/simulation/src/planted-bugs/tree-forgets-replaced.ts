/** A hash tree counts what is new and not what replaced something: two that hold different versions of a key look alike. */
import { RangeTree, type Strategies, type VersionChange, type WriteNote } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const treeForgetsReplaced: PlantedBug = {
  name: 'tree-forgets-replaced',
  wrong: 'leaves its hash tree as it was when a version replaces another',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({ ...defaults, rangeTree: (levels) => new ForgetfulTree(levels) }),
};

class ForgetfulTree extends RangeTree {
  override written(key: Uint8Array, change: VersionChange, note: WriteNote): void {
    const counted = change.before === undefined ? change : { before: change.before, after: change.before };
    super.written(key, counted, note);
  }
}
