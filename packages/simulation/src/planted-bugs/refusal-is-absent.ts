/** A replica that cannot or may not read is taken for one that holds nothing. */
import type { Strategies } from '@kv/cluster-node';
import { type ReadEffect, ReadOperation } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const refusalIsAbsent: PlantedBug = {
  name: 'refusal-is-absent',
  wrong: 'takes a replica that refused a read for one that holds nothing',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    readOperation: (plan, startedAt) => new CredulousRead(plan, startedAt),
  }),
};

class CredulousRead<Value> extends ReadOperation<Value> {
  override fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): ReadEffect<Value>[] {
    if (answer === 'refused') return super.receive(replica, { version: undefined }, now);
    return super.fail(replica, answer, reason, now);
  }
}
