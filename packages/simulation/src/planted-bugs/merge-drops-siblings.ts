/** Of two sets of siblings a replica keeps the one with the newer write, as if there were nothing in the other. */
import type { Strategies } from '@kv/cluster-node';
import { compareVersions, type SiblingSet, zeroStamp } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const mergeDropsSiblings: PlantedBug = {
  name: 'merge-drops-siblings',
  wrong: 'keeps the newer one of two sets of siblings instead of merging them',
  within: 'siblings',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    siblings: { ...defaults.siblings, merge: (a, b) => (compareVersions(newestIn(a), newestIn(b)) >= 0 ? a : b) },
  }),
};

function newestIn({ writes }: SiblingSet<unknown>): { ms: number; counter: number; actor: string } {
  return writes.at(-1)?.id ?? { ...zeroStamp, actor: '' };
}
