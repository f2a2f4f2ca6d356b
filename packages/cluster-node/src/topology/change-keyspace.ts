/** What a change of a keyspace makes of the topology: the next epoch, or why there is none. */
import { changeIdMs, type KeyspaceChange, type TopologyKeyspace, type TopologyState } from '@kv/wire';
import { RequestError } from '../errors.ts';
import { keyspaceFaults, keyspaceOf, ownersOnly } from './keyspace-settings.ts';

/** Every keyspace costs each member a hash tree in each of its partitions. */
const mostKeyspaces = 64;
/** Changes that are recognised when they are tried again. */
const rememberedChanges = 16;
const defaultReplicas = 3;

/**
 * @param id of the change: if this topology has it already, the very same topology comes back
 * @throws RequestError KEYSPACE_EXISTS, UNKNOWN_KEYSPACE, INVALID_KEYSPACE, KEYSPACE_FIXED, TOO_MANY_KEYSPACES;
 *   OPERATION_FORGOTTEN where it may have been made already
 */
export function changeKeyspace(state: TopologyState, id: string, change: KeyspaceChange): TopologyState {
  if (state.changes.includes(id)) return state;
  const epoch = state.epoch + 1;
  const next = { ...state, epoch, changes: remembering(state.changes, id) };
  switch (change.kind) {
    case 'create':
      return { ...next, ...created(state, change, epoch) };
    case 'alter':
      return { ...next, keyspaces: replaced(state, altered(state, change, epoch)) };
    case 'drop': {
      const { id: dropped } = keyspaceNamed(state, change.name);
      return { ...next, keyspaces: state.keyspaces.filter((keyspace) => keyspace.id !== dropped) };
    }
  }
}

/**
 * The lowest id is forgotten first. So whatever was forgotten is below all that is remembered, and what is below that is
 * refused, for it may have been made.
 */
function remembering(changes: readonly string[], id: string): string[] {
  const remembered = [...changes, id].sort(byTime).slice(-rememberedChanges);
  if (remembered.includes(id)) return remembered;
  const message = `${rememberedChanges} changes were made under later ids than ${id}: had it been made, it would be forgotten`;
  throw new RequestError('OPERATION_FORGOTTEN', message);
}

/** Ids were once drawn without a time: those go first. */
function byTime(a: string, b: string): number {
  const difference = (changeIdMs(a) ?? -1) - (changeIdMs(b) ?? -1);
  return difference === 0 ? Number(a > b) - Number(a < b) : difference;
}

function created(
  { keyspaces, members, nextKeyspaceId }: TopologyState,
  { name, replicas = Math.min(defaultReplicas, members.length), settings }: KeyspaceChange & { kind: 'create' },
  epoch: number,
): Pick<TopologyState, 'keyspaces' | 'nextKeyspaceId'> {
  if (keyspaces.some((keyspace) => keyspace.name === name)) {
    throw new RequestError('KEYSPACE_EXISTS', `there is a keyspace ${name} already`);
  }
  if (keyspaces.length >= mostKeyspaces) {
    throw new RequestError('TOO_MANY_KEYSPACES', `a cluster has at most ${mostKeyspaces} keyspaces`);
  }
  const asked = { name, replicas, ...settings };
  checkFaults(keyspaceFaults(asked, members.length));
  return {
    keyspaces: [...keyspaces, keyspaceOf(asked, nextKeyspaceId, epoch)],
    nextKeyspaceId: nextKeyspaceId + 1,
  };
}

/** A keyspace keeps what its data depends on: mode, conflict rule, and for now the number of replicas. */
function altered(
  state: TopologyState,
  { name, replicas, settings }: KeyspaceChange & { kind: 'alter' },
  epoch: number,
): TopologyKeyspace {
  const keyspace = keyspaceNamed(state, name);
  checkFixed(keyspace, 'mode', settings.mode);
  checkFixed(keyspace, 'conflict', settings.conflict);
  checkFixed(keyspace, 'replicas', replicas);
  const { ttlMs: before, ...kept } = keyspace;
  // Keyspaces with siblings were once made as sloppy, which they never were.
  const { sloppy = kept.sloppy && !ownersOnly(kept) } = settings;
  const { readLevel = kept.readLevel, writeLevel = kept.writeLevel } = settings;
  const { compressed = kept.compressed, ttlMs = before } = settings;
  const asked = { ...kept, sloppy, readLevel, writeLevel, compressed, ...(ttlMs && { ttlMs }) };
  checkFaults(keyspaceFaults(asked, state.members.length));
  return { ...asked, since: epoch };
}

function checkFixed(
  keyspace: TopologyKeyspace,
  field: 'mode' | 'conflict' | 'replicas',
  asked: string | number | undefined,
): void {
  if (asked === undefined || asked === keyspace[field]) return;
  throw new RequestError(
    'KEYSPACE_FIXED',
    `the ${field} of keyspace ${keyspace.name} is ${keyspace[field]} and cannot change, asked was ${asked}`,
  );
}

function keyspaceNamed({ keyspaces }: TopologyState, name: string): TopologyKeyspace {
  const keyspace = keyspaces.find((candidate) => candidate.name === name);
  if (keyspace !== undefined) return keyspace;
  throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(name)}`);
}

function replaced({ keyspaces }: TopologyState, changed: TopologyKeyspace): TopologyKeyspace[] {
  return keyspaces.map((keyspace) => (keyspace.id === changed.id ? changed : keyspace));
}

function checkFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new RequestError('INVALID_KEYSPACE', faults.join('; '));
}
