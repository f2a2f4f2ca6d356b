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

/** @throws RequestError when the key, the keyspace or the quorum cannot be */
export function planRequest(topology: Topology, request: RequestOptions, quorum: AskedQuorum): RequestPlan {
  checkKey(request.key);
  const keyspace = topology.keyspace(request.keyspace);
  if (keyspace === undefined) {
    throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(request.keyspace)}`);
  }
  const partition = topology.partitionOf(request.key);
  return {
    keyspace,
    place: { partition, keyspaceId: keyspace.id, key: request.key, epoch: topology.epoch },
    ...replicaPlan(topology, keyspace, partition, quorum),
  };
}

/** @throws RequestError when the quorum cannot be */
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

function withDefault(quorum: AskedQuorum, { readLevel, writeLevel }: TopologyKeyspace): AskedQuorum {
  if (quorum.number !== undefined || quorum.level !== undefined) return quorum;
  return { ...quorum, level: quorum.name === 'r' ? readLevel : writeLevel };
}
