/** A first owner table: every server's virtual nodes in short runs, strewn evenly around the ring, then balanced. */
import type { Goals } from './goals.ts';
import { Placement } from './placement.ts';
import type { RandomSequence } from './random-sequence.ts';
import type { SpreadRule } from '../spread-rule.ts';

/** Runs of two: the first virtual node of each is slack, see `wantedSlack`. */
const runLength = 2;

export function strewn(quota: Int32Array, random: RandomSequence): Int32Array {
  const runs: { readonly at: number; readonly server: number; readonly length: number }[] = [];
  quota.forEach((owned, server) => {
    const count = Math.ceil(owned / runLength);
    for (let run = 0; run < count; run++) {
      const length = Math.floor(((run + 1) * owned) / count) - Math.floor((run * owned) / count);
      runs.push({ at: (run + random.next()) / count, server, length });
    }
  });
  runs.sort((a, b) => a.at - b.at || a.server - b.server);
  return Int32Array.from(runs.flatMap(({ server, length }) => Array<number>(length).fill(server)));
}

/** Good enough for a start, in tolerances: what is left is room for joins and leaves. */
const closeEnough = 0.35;

/** Swaps partitions, near ones and far ones, until the copies are balanced. Swapping leaves the quotas met. */
export function balanceFresh(owners: Int32Array, rule: SpreadRule, goals: Goals, random: RandomSequence): Int32Array {
  const placement = new Placement(owners, rule, goals);
  const { partitions } = placement;
  const steps = 60_000;
  for (let step = 0; step < steps; step++) {
    if (step % 256 === 0 && placement.isBalanced(closeEnough)) break;
    const one = random.below(partitions);
    const other = random.below(2) === 0 ? random.below(partitions) : (one + random.below(13)) % partitions;
    const [ofOne, ofOther] = [placement.owner(one), placement.owner(other)];
    if (ofOne === ofOther) continue;
    const allowed = step < 0.8 * steps ? 0.2 * (1 - step / steps) * random.next() : 0;
    placement.try(
      [
        [one, ofOther],
        [other, ofOne],
      ],
      allowed,
    );
  }
  return placement.lists.owners;
}
