/** The topology as an operator writes it down: the members, the partitions and the keyspaces of a cluster. */
import { ClusterNodeError } from '../errors.ts';
import { keyspaceFaults, type KeyspaceSettings } from './keyspace-settings.ts';

export interface MemberConfig {
  /** The member's identity for ever: a UUID. */
  readonly id: string;
  /** A short name for people, unique in the cluster. */
  readonly name: string;
  /** `host:port` where it listens; may change between starts. */
  readonly address: string;
  /** Capacity in relation to the other members; its share of the ring follows. Default 1. */
  readonly weight?: number | undefined;
  readonly rack?: string | undefined;
  readonly dataCentre?: string | undefined;
}

/** A keyspace as it is asked for: what is left out is as {@link keyspaceOf} says. */
export interface KeyspaceConfig extends KeyspaceSettings {
  /** Part of every storage key: 1 to 2^32−1, never reused. */
  readonly id: number;
  readonly name: string;
  /** N: distinct servers that hold each key, 1 to 7. */
  readonly replicas: number;
}

export interface TopologyConfig {
  /** A UUID: members of another cluster are refused. */
  readonly clusterId: string;
  /** Q: a power of two, fixed when the cluster is created. */
  readonly partitions: number;
  readonly members: readonly MemberConfig[];
  readonly keyspaces: readonly KeyspaceConfig[];
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const memberNameForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const addressForm = /^\S+:\d{1,5}$/;

/** @throws ClusterNodeError INVALID_TOPOLOGY naming every fault at once */
export function checkTopologyConfig(config: TopologyConfig): void {
  const faults = [...clusterFaults(config), ...config.members.flatMap(memberFaults)];
  faults.push(...config.keyspaces.flatMap((keyspace) => keyspaceFaults(keyspace, config.members.length)));
  for (const [what, values] of uniqueFields(config)) {
    for (const value of duplicates(values)) faults.push(`two ${what}: ${value}`);
  }
  if (faults.length > 0)
    throw new ClusterNodeError('INVALID_TOPOLOGY', `the topology is not valid: ${faults.join('; ')}`);
}

function clusterFaults({ clusterId, partitions, members, keyspaces }: TopologyConfig): string[] {
  const faults: string[] = [];
  if (!uuidForm.test(clusterId)) faults.push(`clusterId must be a lowercase UUID, got ${clusterId}`);
  const powerOfTwo =
    Number.isInteger(partitions) && partitions >= 8 && partitions <= 65_536 && (partitions & (partitions - 1)) === 0;
  if (!powerOfTwo) faults.push(`partitions must be a power of two from 8 to 65536, got ${partitions}`);
  if (members.length < 1 || members.length > 1024)
    faults.push(`a cluster has 1 to 1024 members, got ${members.length}`);
  if (keyspaces.length < 1) faults.push('a cluster has at least one keyspace, got none');
  return faults;
}

function memberFaults({ id, name, address, weight = 1 }: MemberConfig): string[] {
  const faults: string[] = [];
  if (!uuidForm.test(id)) faults.push(`a member's id must be a lowercase UUID, got ${id}`);
  if (!memberNameForm.test(name))
    faults.push(`a member's name must match ${memberNameForm.source}, got ${JSON.stringify(name)}`);
  if (!addressForm.test(address)) faults.push(`a member's address must be host:port, got ${JSON.stringify(address)}`);
  if (!(weight > 0 && weight <= 1000)) faults.push(`a member's weight must be above 0 and at most 1000, got ${weight}`);
  return faults;
}

function uniqueFields({ members, keyspaces }: TopologyConfig): [string, (string | number)[]][] {
  return [
    ['members with the id', members.map(({ id }) => id)],
    ['members with the name', members.map(({ name }) => name)],
    ['members with the address', members.map(({ address }) => address)],
    ['keyspaces with the id', keyspaces.map(({ id }) => id)],
    ['keyspaces with the name', keyspaces.map(({ name }) => name)],
  ];
}

function duplicates<T>(values: readonly T[]): Set<T> {
  return new Set(values.filter((value, index) => values.indexOf(value) !== index));
}
