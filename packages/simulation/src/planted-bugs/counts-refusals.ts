/** A replica that refused is counted as one that is durable: an answer is an answer. */
import type { Strategies } from '@kv/cluster-node';
import { type ReplicaPlan, type Version, type WriteEffect, WriteOperation } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const countsRefusals: PlantedBug = {
  name: 'counts-refusals',
  wrong: 'counts a replica that refused a write towards W',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    writeOperation: (plan, version, startedAt) => new CredulousWrite(plan, version, startedAt),
  }),
};

class CredulousWrite extends WriteOperation {
  readonly #version: Version;

  constructor(plan: ReplicaPlan, version: Version, startedAt: number) {
    super(plan, version, startedAt);
    this.#version = version;
  }

  override fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): WriteEffect[] {
    if (answer === 'refused') return super.acknowledge(replica, this.#version, now);
    return super.fail(replica, answer, reason, now);
  }
}
