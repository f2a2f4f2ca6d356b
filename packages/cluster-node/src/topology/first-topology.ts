/** The first epoch of a cluster, made of the configuration alone: every member computes the same one. */
import { allocate, type Server } from '@kv/hash-ring';
import type { TopologyMember, TopologyState } from '@kv/wire';
import { keyspaceOf } from './keyspace-settings.ts';
import { checkTopologyConfig, type MemberConfig, type TopologyConfig } from './topology-config.ts';

/** More of them would make no decision safer, and every decision slower. */
const mostVoters = 5;

/** To allocate takes a while, and members that run in one process, as in the simulator, are made of one configuration. */
const made = new WeakMap<TopologyConfig, TopologyState>();

/** @throws ClusterNodeError INVALID_TOPOLOGY */
export function firstTopology(config: TopologyConfig): TopologyState {
  const known = made.get(config);
  if (known !== undefined) return known;
  checkTopologyConfig(config);
  const topology = firstOf(config);
  made.set(config, topology);
  return topology;
}

function firstOf(config: TopologyConfig): TopologyState {
  const { clusterId, partitions, keyspaces } = config;
  const members = config.members.map(memberOf);
  return {
    epoch: 1,
    clusterId,
    partitions,
    members,
    owners: ownerTable(config, members),
    keyspaces: keyspaces.map((keyspace) => keyspaceOf(keyspace, keyspace.id, 1)),
    nextKeyspaceId: Math.max(...keyspaces.map(({ id }) => id)) + 1,
    voters: votersAmong(members),
    changes: [],
  };
}

/** An odd number, so that each of them makes a difference: as many of the first members as may be, by id. */
function votersAmong(members: readonly TopologyMember[]): string[] {
  const most = Math.min(mostVoters, members.length);
  const ids = members.map(({ id }) => id).sort();
  return ids.slice(0, most % 2 === 0 && most > 2 ? most - 1 : most);
}

function ownerTable({ partitions, keyspaces }: TopologyConfig, members: readonly TopologyMember[]): number[] {
  const copies = Math.max(...keyspaces.map(({ replicas }) => replicas));
  const ring = allocate({ servers: members.map(serverOf), partitions, copies });
  const places = new Map(members.map(({ id }, index) => [id, index]));
  return Array.from({ length: partitions }, (_, partition) => places.get(ring.ownerOf(partition).id) ?? 0);
}

function memberOf({ id, name, address, weight = 1, rack, dataCentre }: MemberConfig): TopologyMember {
  const place = { ...(rack !== undefined && { rack }), ...(dataCentre !== undefined && { dataCentre }) };
  return { id, name, address, weight, ...place };
}

function serverOf({ id, weight, rack, dataCentre }: TopologyMember): Server {
  return { id, weight, ...(rack !== undefined && { rack }), ...(dataCentre !== undefined && { dataCentre }) };
}
