/**
 * A request that met the fence of a later epoch is planned again: under the same version, within its deadline, once the
 * later topology is known here.
 */
import { RequestError } from '../errors.ts';
import type { TopologyFollower } from '../topology/topology-follower.ts';
import type { RequestPlan } from './request-plan.ts';

/** `giveUp`: there is no later topology to plan with, or the request cannot be in it. */
export type Replan = (planned: RequestPlan, again: (plan: RequestPlan) => void, giveUp: () => void) => void;

/** By this code a replica refuses what was planned before the last change of its keyspace. */
export const plannedTooEarly = 'EPOCH_TOO_OLD';

/** `plan`: plans the request with the current topology. */
export function replanWith(follower: Pick<TopologyFollower, 'hold'>, plan: () => RequestPlan): Replan {
  return (planned, again, giveUp) => {
    const planAgain = (): void => {
      let later: RequestPlan;
      try {
        later = plan();
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        giveUp();
        return;
      }
      again(later);
    };
    follower.hold(planned.epoch + 1, planAgain, giveUp);
  };
}
