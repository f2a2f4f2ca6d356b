/** Who owns what: what members agree on, and clients need to send each request straight to a replica of its key. */
import { malformed } from '../errors.ts';
import { text } from '../layout/byte-strings.ts';
import { checked, list, mapped, optional, struct } from '../layout/composites.ts';
import { uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant, quantity, u16, u32, u64 } from '../layout/scalars.ts';
import { keyspace, type TopologyKeyspace } from './keyspace.ts';

export interface TopologyRequest {
  readonly type: 'topology-request';
}

export interface TopologyMember {
  readonly id: string;
  /** At most 64 bytes. */
  readonly name: string;
  /** At most 255 bytes. */
  readonly address: string;
  /** Capacity relative to the other members; finite, not negative. */
  readonly weight: number;
  /** At most 64 bytes. */
  readonly rack?: string;
  /** At most 64 bytes. */
  readonly dataCentre?: string;
}

/** One epoch of the topology. Epoch e + 1 is decided by a majority of the voters that epoch e names. */
export interface TopologyState {
  readonly epoch: number;
  readonly clusterId: string;
  /** How many partitions there are, at most 65536; the length of `owners`. */
  readonly partitions: number;
  /** At most 1024. */
  readonly members: readonly TopologyMember[];
  /** Of each partition, the index of its owner in `members`. */
  readonly owners: readonly number[];
  /** At most 1024. */
  readonly keyspaces: readonly TopologyKeyspace[];
  /** The id of the keyspace that is created next: ids are never used again. */
  readonly nextKeyspaceId: number;
  /** Ids of the members that decide about the next epoch, 1 to 5. */
  readonly voters: readonly string[];
  /** The highest ids of changes that were made, ascending, at most 16: a change that is tried again is recognised. */
  readonly changes: readonly string[];
}

export interface Topology extends TopologyState {
  readonly type: 'topology';
}

export const topologyRequest: Layout<TopologyRequest> = struct<TopologyRequest>({ type: constant('topology-request') });

const member = struct<TopologyMember>({
  id: uuid,
  name: text(64),
  address: text(255),
  weight: quantity,
  rack: optional(text(64)),
  dataCentre: optional(text(64)),
});

const fields = struct<TopologyState>({
  epoch: u64,
  clusterId: uuid,
  partitions: u32,
  members: list(member, 1024),
  owners: list(u16, 65536),
  keyspaces: list(keyspace, 1024),
  nextKeyspaceId: u32,
  voters: list(uuid, 5),
  changes: list(uuid, 16),
});

export const topologyState: Layout<TopologyState> = checked(fields, ({ partitions, owners, members }) => {
  if (owners.length !== partitions) {
    throw malformed(`needed an owner for each of ${partitions} partitions, got ${owners.length} owners`);
  }
  const stranger = owners.find((owner) => owner >= members.length);
  if (stranger !== undefined) {
    throw malformed(`needed owners among ${members.length} members, got the index ${stranger}`);
  }
});

export const topology: Layout<Topology> = mapped(
  topologyState,
  ({ type: _, ...state }) => state,
  (state) => ({ type: 'topology', ...state }),
);
