/**
 * A request that met the fence of a later epoch is planned again: under the same version, within its deadline, once the
 * later topology is known here.
 */
import type { WriteResult } from '@kv/quorum';
import { RequestError } from '../errors.ts';
import type { Refused } from './coordinator.ts';
import type { TopologyFollower } from '../topology/topology-follower.ts';
import type { RequestPlan } from './request-plan.ts';

/**
 * `giveUp`: there is no later topology to plan with, or the request cannot be in it.
 * `dropped`: in the later topology there is no such keyspace; default: `giveUp`.
 */
export type Replan = (
  planned: RequestPlan,
  again: (plan: RequestPlan) => void,
  giveUp: () => void,
  dropped?: Refused,
) => void;

/** Whether a replica refused by this code what was planned before the last change of its keyspace. */
export function isPlannedTooEarly(code: string): boolean {
  return code === 'EPOCH_TOO_OLD' || code === 'UNKNOWN_KEYSPACE';
}

/** `plan`: plans the request with the current topology. */
export function replanWith(follower: Pick<TopologyFollower, 'hold'>, plan: () => RequestPlan): Replan {
  return (planned, again, giveUp, dropped = giveUp) => {
    const planAgain = (): void => {
      let later: RequestPlan;
      try {
        later = plan();
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.code === 'UNKNOWN_KEYSPACE') dropped(error);
        else giveUp();
        return;
      }
      again(later);
    };
    follower.hold(planned.epoch + 1, planAgain, giveUp);
  };
}

/** What is told of a write by its last plan where servers may hold it by an earlier one: that they all refused it now says nothing. */
export function mindfulOfEarlier<Result extends WriteResult>(result: Result): Result {
  if (result.outcome !== 'rejected') return result;
  const reason = result.reason === 'refused' ? 'too-few-replicas' : result.reason;
  return { ...result, outcome: 'unknown', ...(reason !== undefined && { reason }) };
}

/**
 * Who goes on with a request in the place of its driver: another one, by a later topology, or its refusal. At most once, and nobody
 * once the request is answered.
 */
export class Replacement {
  readonly #stop: () => void;
  #isMade = false;

  /** `stop`: the driver before does nothing more. */
  constructor(stop: () => void) {
    this.#stop = stop;
  }

  get isMade(): boolean {
    return this.#isMade;
  }

  /** As `next`, where there is still something to go on with. */
  by<Value>(operation: { readonly answered: boolean }, next: (value: Value) => void): (value: Value) => void {
    return (value) => {
      if (this.#isMade || operation.answered) return;
      this.#isMade = true;
      this.#stop();
      next(value);
    };
  }
}
