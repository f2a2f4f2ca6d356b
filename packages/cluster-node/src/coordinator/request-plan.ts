/** Where one request goes: computed once from one topology and carried through the request. */
import type { AskedQuorum, ReplicaPlan } from '@kv/quorum';
import type { TopologyKeyspace } from '@kv/wire';
import { RequestError } from '../errors.ts';
import type { PlannedPlace } from '../replica/replica.ts';
import type { Topology } from '../topology/topology.ts';
import { checkKey, checkQuorum } from './request-checks.ts';
import type { RequestOptions } from '../requests.ts';

export interface RequestPlan extends ReplicaPlan {
  readonly keyspace: TopologyKeyspace;
  readonly place: PlannedPlace;
}

/** What the member that plans believes of the others at that moment. */
export interface Reach {
  readonly self: string;
  /** Nothing is sent to such a member with hope. */
  readonly isDown: (member: string) => boolean;
  readonly isAlive: (member: string) => boolean;
}

/** Fallbacks in a plan, for each replica: more than one failure after another is provided for. */
const fallbacksPerReplica = 2;

/** @throws RequestError when the key, the keyspace or the quorum cannot be */
export function planRequest(
  topology: Topology,
  request: RequestOptions,
  quorum: AskedQuorum,
  { self, isDown, isAlive }: Reach,
): RequestPlan {
  checkKey(request.key);
  const keyspace = topology.keyspace(request.keyspace);
  if (keyspace === undefined) {
    throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(request.keyspace)}`);
  }
  const partition = topology.partitionOf(request.key);
  const place = { partition, keyspaceId: keyspace.id, key: request.key, epoch: topology.epoch };
  const strict = { keyspace, place, ...replicaPlan(topology, keyspace, partition, quorum) };
  if (keyspace.conflict === 'siblings') return onlyOwners(strict, request);
  const owners = topology.owners(keyspace, partition);
  const sloppy = keyspace.mode === 'eventual' && (request.sloppy ?? keyspace.sloppy);
  const fallbacks = sloppy ? healthiestFirst(topology.fallbacks(keyspace, partition), { isDown, isAlive }) : [];
  return {
    ...strict,
    down: owners.filter(isDown),
    sloppy,
    fallbacks: fallbacks.slice(0, fallbacksPerReplica * keyspace.replicas),
    coordinator: self,
  };
}

/** Only owners give dots, and what an owner missed of a set reaches it by comparison, not by hints. */
function onlyOwners(plan: RequestPlan, { sloppy }: RequestOptions): RequestPlan {
  if (sloppy !== true) return plan;
  const { name } = plan.keyspace;
  throw new RequestError('NOT_SUPPORTED', `keyspace ${name} has siblings: only owners of the key count, not sloppily`);
}

/** Of owners alone. @throws RequestError when the quorum cannot be */
export function replicaPlan(
  topology: Topology,
  keyspace: TopologyKeyspace,
  partition: number,
  quorum: AskedQuorum,
): ReplicaPlan {
  return {
    replicas: topology.owners(keyspace, partition),
    needed: checkQuorum(withDefault(quorum, keyspace), keyspace.replicas),
    epoch: topology.epoch,
  };
}

/** Those who were not heard yet, or are in doubt, only behind those believed alive. */
function healthiestFirst(members: readonly string[], { isDown, isAlive }: Pick<Reach, 'isDown' | 'isAlive'>): string[] {
  const doubtful = members.filter((member) => !isAlive(member) && !isDown(member));
  return [...members.filter(isAlive), ...doubtful];
}

function withDefault(quorum: AskedQuorum, { readLevel, writeLevel }: TopologyKeyspace): AskedQuorum {
  if (quorum.number !== undefined || quorum.level !== undefined) return quorum;
  return { ...quorum, level: quorum.name === 'r' ? readLevel : writeLevel };
}
