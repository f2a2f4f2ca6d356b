/** What can be said of a keyspace when it is made, what can be changed later, and what is the default. */
import { answersNeeded, type ConsistencyLevel, isConsistencyLevel, QuorumError } from '@kv/quorum';
import type { ConflictRule, KeyspaceMode, TopologyKeyspace } from '@kv/wire';

export interface KeyspaceSettings {
  /** Default `eventual`. Never changes. */
  readonly mode?: KeyspaceMode | undefined;
  /** Of an eventual keyspace; default `last-write-wins`. Never changes. */
  readonly conflict?: ConflictRule | undefined;
  /** Whether other servers may stand in for owners that are down; default true, but false where only owners can: see {@link ownersOnly}. */
  readonly sloppy?: boolean | undefined;
  /** How many replicas must answer a read that does not say so itself; default `quorum`. */
  readonly readLevel?: ConsistencyLevel | undefined;
  readonly writeLevel?: ConsistencyLevel | undefined;
  /** Time to live of values whose writer names none, 1 to 2^48−1 ms; default: for ever. */
  readonly ttlMs?: number | undefined;
  /** Whether coordinators compress values; default true. */
  readonly compressed?: boolean | undefined;
}

/** What a keyspace is asked for by name: its id and epoch are the cluster's to give. */
export interface NamedKeyspace extends KeyspaceSettings {
  readonly name: string;
  readonly replicas: number;
}

const keyspaceNameForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const mostReplicas = 7;
const maxTtlMs = 2 ** 48 - 1;

/** With every default filled in. The settings must have no faults. */
export function keyspaceOf(asked: NamedKeyspace, id: number, since: number): TopologyKeyspace {
  const { name, replicas, mode = 'eventual', conflict = 'last-write-wins' } = asked;
  const { sloppy = !ownersOnly({ mode, conflict }) } = asked;
  const { readLevel = 'quorum', writeLevel = 'quorum', ttlMs, compressed = true } = asked;
  const settings = { mode, conflict, sloppy, readLevel, writeLevel, compressed, ...(ttlMs !== undefined && { ttlMs }) };
  return { id, name, replicas, ...settings, since };
}

/** A register is agreed on by the owners of its key, and only they give dots to siblings: nobody can stand in for them. */
export function ownersOnly({ mode, conflict }: Pick<NamedKeyspace, 'mode' | 'conflict'>): boolean {
  return mode === 'strong' || conflict === 'siblings';
}

/** One sentence for everything that is wrong. */
export function keyspaceFaults(asked: NamedKeyspace & { readonly id?: number }, members: number): string[] {
  const { id, name, replicas } = asked;
  const faults: string[] = [];
  if (id !== undefined && !(Number.isInteger(id) && id >= 1 && id < 2 ** 32)) {
    faults.push(`a keyspace's id must be 1 to 2^32-1, got ${id}`);
  }
  if (!keyspaceNameForm.test(name)) {
    faults.push(`a keyspace's name must match ${keyspaceNameForm.source}, got ${JSON.stringify(name)}`);
  }
  const most = Math.min(mostReplicas, members);
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= most) faults.push(...settingFaults(asked));
  else faults.push(`keyspace ${name} must have 1 to ${most} replicas in a cluster of ${members}, got ${replicas}`);
  return faults;
}

function settingFaults({ name, replicas, mode, conflict, sloppy, ttlMs, ...levels }: NamedKeyspace): string[] {
  const faults: string[] = [];
  const strong = mode === 'strong';
  if (strong && conflict === 'siblings') faults.push(`keyspace ${name} is strong: it has no conflicts and no siblings`);
  if (strong && sloppy === true) faults.push(`keyspace ${name} is strong: only owners count, it cannot be sloppy`);
  for (const level of [levels.readLevel, levels.writeLevel]) {
    if (level !== undefined) faults.push(...levelFaults(name, replicas, strong, level));
  }
  if (!strong && conflict === 'siblings' && sloppy === true) {
    faults.push(`keyspace ${name} has siblings: only owners count, it cannot be sloppy`);
  }
  if (conflict === 'siblings' && ttlMs !== undefined) {
    faults.push(`keyspace ${name} has siblings: they live until they are replaced, and have no time to live`);
  }
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= maxTtlMs)) {
    faults.push(`keyspace ${name} must have a time to live of 1 to 2^48-1 ms, got ${ttlMs}`);
  }
  return faults;
}

function levelFaults(name: string, replicas: number, strong: boolean, level: string): string[] {
  if (!isConsistencyLevel(level)) return [`keyspace ${name} has no level ${JSON.stringify(level)}`];
  if (strong) return level === 'quorum' ? [] : [`keyspace ${name} is strong: a majority always answers, not ${level}`];
  try {
    answersNeeded({ name: 'r', level }, replicas);
    return [];
  } catch (error) {
    if (error instanceof QuorumError) return [`keyspace ${name}: ${error.message}`];
    throw error;
  }
}
