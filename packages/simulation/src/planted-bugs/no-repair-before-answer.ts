/** A read sends its repairs and answers at once, as if they had arrived: the next read may ask others. */
import type { Strategies } from '@kv/cluster-node';
import { type Held, type ReadEffect, ReadOperation, type Version } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const noRepairBeforeAnswer: PlantedBug = {
  name: 'no-repair-before-answer',
  wrong: 'answers a read without waiting for the repairs that make it lasting',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    readOperation: (plan, startedAt) => new HastyReadOperation(plan, startedAt),
  }),
};

class HastyReadOperation<Value> extends ReadOperation<Value> {
  override receive(replica: string, held: Held<Value>, now: number): ReadEffect<Value>[] {
    return this.#hasten(super.receive(replica, held, now));
  }

  override fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): ReadEffect<Value>[] {
    return this.#hasten(super.fail(replica, answer, reason, now));
  }

  #hasten(effects: ReadEffect<Value>[]): ReadEffect<Value>[] {
    return effects.flatMap((effect) => [effect, ...this.#takeForDone(effect)]);
  }

  #takeForDone(effect: ReadEffect<Value>): ReadEffect<Value>[] {
    if (effect.type !== 'repair') return [];
    const { to, version }: { to: string; version: Version } = effect;
    return super.repaired(to, version);
  }
}
