/** Whether a request of another member belongs here. A refusal means that nothing was done. */
import type { FrameHeader, Refusal } from '@kv/wire';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';

export interface PlaceChecks {
  readonly self: string;
  readonly topology: () => Topology;
  /** False until this member has made sure that it may serve. */
  readonly ready: () => boolean;
}

/** Why a request about this key is refused, whatever it asks; `undefined`: it is not. */
export function placeRefusal(
  { self, topology: current, ready }: PlaceChecks,
  { epoch, keyspaceId }: FrameHeader,
  { partition, key }: { readonly partition: number; readonly key: Uint8Array },
): Refusal | undefined {
  const topology = current();
  if (!ready()) return refusal('NOT_READY', 'this member is still starting');
  const fenced = fence(topology, epoch, keyspaceId);
  if (fenced !== undefined) return refusal(fenced.code, fenced.message);
  const keyspace = topology.keyspaceById(keyspaceId);
  const owned = keyspace !== undefined && topology.owners(keyspace, partition).includes(self);
  if (owned && topology.partitionOf(key) === partition) return undefined;
  return refusal('NOT_AN_OWNER', `this member does not own the key in partition ${partition}`);
}

export function refusal(code: string, message: string): Refusal {
  return { type: 'error', code, message };
}
