/** The first message on every connection: who speaks, of which cluster, and which protocol both understand. */
import type { Codec } from '@kv/lsm-storage/core';
import { anyClusterId, type Hello, type Identity, negotiate } from '@kv/wire';
import { ClusterNodeError } from './errors.ts';
import type { Topology } from './topology/topology.ts';

/** Protocol versions that this code speaks. */
const protocol = 1;

export function helloOf({ clusterId, nodeId, generation }: Identity, role: Hello['role'], codec: Codec): Hello {
  return {
    type: 'hello',
    lowestProtocol: protocol,
    highestProtocol: protocol,
    features: 0,
    codecs: codec.id === 0 ? [] : [codec.id],
    clusterId,
    nodeId,
    role,
    generation,
    authentication: new Uint8Array(0),
  };
}

/**
 * @throws WireError UNSUPPORTED_VERSION when there is no protocol that both speak
 * @throws ClusterNodeError IDENTITY_MISMATCH when it is of another cluster, NOT_A_MEMBER when it claims to be a member
 */
export function checkHello(mine: Hello, theirs: Hello, topology: Topology): void {
  negotiate(mine, theirs);
  const anyCluster = theirs.role === 'client' && theirs.clusterId === anyClusterId;
  if (!anyCluster && theirs.clusterId !== mine.clusterId) {
    throw new ClusterNodeError(
      'IDENTITY_MISMATCH',
      `this is cluster ${mine.clusterId}, the ${theirs.role} belongs to cluster ${theirs.clusterId}`,
    );
  }
  if (theirs.role === 'node' && topology.member(theirs.nodeId) === undefined) {
    throw new ClusterNodeError('NOT_A_MEMBER', `${theirs.nodeId} is not a member of cluster ${mine.clusterId}`);
  }
}
