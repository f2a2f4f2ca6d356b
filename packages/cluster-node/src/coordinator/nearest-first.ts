/** In which order the owners of a key are asked. */
import type { ReplicaPlan } from '@kv/quorum';
import type { Membership } from '../membership/membership.ts';

/** This member first, then those believed alive, then the others, each in the order of the preference list. */
export function nearestFirst<Plan extends ReplicaPlan>(plan: Plan, self: string, membership: Membership): Plan {
  const distance = (replica: string): number => (replica === self ? 0 : 1 + membership.doubtsAbout(replica));
  return { ...plan, replicas: [...plan.replicas].sort((a, b) => distance(a) - distance(b)) };
}
