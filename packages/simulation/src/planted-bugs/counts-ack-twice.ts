/** An acknowledgement counts for two servers: W is met with half of the copies. */
import type { Strategies } from '@kv/cluster-node';
import { type ReplicaPlan, type Version, type WriteEffect, WriteOperation } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const countsAckTwice: PlantedBug = {
  name: 'counts-ack-twice',
  wrong: "counts one server's acknowledgement twice towards W",
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    writeOperation: (plan, version, startedAt) => new DoubleCountingWrite(plan, version, startedAt),
  }),
};

class DoubleCountingWrite extends WriteOperation {
  readonly #silent: Set<string>;

  constructor(plan: ReplicaPlan, version: Version, startedAt: number) {
    super(plan, version, startedAt);
    this.#silent = new Set(plan.replicas);
  }

  override acknowledge(replica: string, held: Version, now: number): WriteEffect[] {
    this.#silent.delete(replica);
    const [another] = this.#silent;
    if (another !== undefined) this.#silent.delete(another);
    const effects = super.acknowledge(replica, held, now);
    return another === undefined ? effects : [...effects, ...super.acknowledge(another, held, now)];
  }
}
