/**
 * The fence between epochs: a replica serves a request only if what it touches is as the request's planner knew it. One
 * that was planned before the last change of its keyspace is refused, and planned again by its coordinator.
 */
import type { Topology } from './topology.ts';

export interface FenceRefusal {
  readonly code: 'EPOCH_TOO_OLD' | 'EPOCH_AHEAD' | 'UNKNOWN_KEYSPACE';
  readonly message: string;
}

/** `epoch`: that of the topology which the request was planned with. */
export function fence(topology: Topology, epoch: number, keyspaceId: number): FenceRefusal | undefined {
  if (epoch > topology.epoch) {
    return { code: 'EPOCH_AHEAD', message: `this member is at epoch ${topology.epoch}, the request at ${epoch}` };
  }
  const keyspace = topology.keyspaceById(keyspaceId);
  if (keyspace === undefined)
    return { code: 'UNKNOWN_KEYSPACE', message: `there is no keyspace with id ${keyspaceId}` };
  if (epoch >= keyspace.since) return undefined;
  return {
    code: 'EPOCH_TOO_OLD',
    message: `keyspace ${keyspace.name} changed in epoch ${keyspace.since}, the request was planned in epoch ${epoch}`,
  };
}
