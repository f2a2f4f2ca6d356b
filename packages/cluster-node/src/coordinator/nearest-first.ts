/** In which order the owners of a key are asked. */
import type { LatencyTracker, ReplicaPlan } from '@kv/quorum';
import type { Membership } from '../membership/membership.ts';
import type { Clock } from '../ports.ts';

export interface Nearness {
  readonly self: string;
  readonly clock: Clock;
  readonly membership: Membership;
  readonly latencies: LatencyTracker;
}

/** This member first, then those believed alive, then the others, each the nearest first as far as that is known. */
export function nearestFirst<Plan extends ReplicaPlan>(plan: Plan, nearness: Nearness): Plan {
  const { self, clock, membership, latencies } = nearness;
  const now = clock.monotonicMs();
  const places = plan.replicas.map((replica) => ({
    replica,
    doubts: replica === self ? -1 : membership.doubtsAbout(replica),
    usualMs: latencies.usualMs(replica, now),
  }));
  places.sort((a, b) => a.doubts - b.doubts || a.usualMs - b.usualMs);
  return { ...plan, replicas: places.map(({ replica }) => replica) };
}
