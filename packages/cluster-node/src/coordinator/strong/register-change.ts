/**
 * What a change makes of the value of a key, as a function of the value alone: proposers may call it several times. The
 * value remembers the operations that were made last, so that one that is tried again, through whichever member, is made
 * once.
 */
import {
  type Change,
  compareVersions,
  nextStamp,
  noOperations,
  recall,
  remember,
  sameVersion,
  type Stamp,
  type Version,
} from '@kv/quorum';
import { type ChangeCondition, type ChangeMemory, decodeRecordMeta, type RegisterValue } from '@kv/wire';
import { isExpired, type StoredRecord, tombstoneRecord } from '../../record.ts';

/** Operations that a value remembers. More: a retry is recognised for longer, behind more changes; 50 bytes for each. */
export const rememberedOperations = 16;

export interface KeyChange {
  /** Stamped once, by whoever asked for the change: the same for each try. */
  readonly operation: Version;
  readonly condition: ChangeCondition;
  readonly record: (version: Version) => StoredRecord;
  /** Milliseconds since 1970 by which deadlines are judged: once for all attempts. */
  readonly nowMs: number;
}

export type ChangeOutcome =
  /** The version is above the one before, and that of the operation if that is above it: versions are in real order. */
  | { readonly outcome: 'applied'; readonly version: Version }
  /** Of the value that stood in the way, if there was one; with the value if that is what is there now. */
  | { readonly outcome: 'conflict'; readonly version?: Version; readonly current?: StoredRecord }
  /** Operations up to this stamp are forgotten: it may have been made. */
  | { readonly outcome: 'forgotten'; readonly forgotten: Stamp };

export type ChangeStep = Change<RegisterValue, ChangeOutcome>;

export function changeOnce(change: KeyChange): (current: RegisterValue | undefined) => ChangeStep {
  return (current) => {
    const live = withoutExpired(current, change.nowMs);
    const memory = live?.memory ?? noOperations;
    const known = recall(memory, change.operation);
    if (known.kind === 'done') return { ...kept(current, live), result: remembered(known.result, live) };
    if (known.kind === 'forgotten') {
      return {
        ...kept(current, live),
        result: { outcome: 'forgotten', forgotten: memory.forgotten ?? change.operation },
      };
    }
    return holds(change.condition, live) ? applied(change, live) : refused(change, current, live);
  };
}

/** Changes nothing, but that a value whose deadline has passed is deleted by whoever finds it first. */
export function confirmed(nowMs: number): (current: RegisterValue | undefined) => Change<RegisterValue, undefined> {
  return (current) => ({ ...kept(current, withoutExpired(current, nowMs)), result: undefined });
}

/** From its deadline on, a value is a tombstone of the same version. */
function withoutExpired(current: RegisterValue | undefined, nowMs: number): RegisterValue | undefined {
  if (current === undefined || !isExpired(current, nowMs)) return current;
  return { ...tombstoneRecord(decodeRecordMeta(current.meta).version), memory: current.memory };
}

function kept(current: RegisterValue | undefined, live: RegisterValue | undefined): { next?: RegisterValue } {
  return live === undefined || live === current ? {} : { next: live };
}

function holds(condition: ChangeCondition, live: RegisterValue | undefined): boolean {
  const version = valueVersion(live);
  switch (condition.type) {
    case 'none':
      return true;
    case 'absent':
      return version === undefined;
    case 'version':
      return version !== undefined && sameVersion(version, condition.version);
  }
}

function applied({ operation, record }: KeyChange, live: RegisterValue | undefined): ChangeStep {
  const version = versionAbove(operation, live && decodeRecordMeta(live.meta).version);
  const result = { outcome: 'applied', version } as const;
  const memory = remember(live?.memory ?? noOperations, operation, result, rememberedOperations);
  return { next: { ...record(version), memory }, result };
}

/**
 * A conflict is final: another try of the operation, still under way somewhere, must not succeed after it was told. It is
 * remembered therefore, unless its condition can never hold again anyway: versions rise, and none comes twice.
 */
function refused(
  { operation, condition }: KeyChange,
  current: RegisterValue | undefined,
  live: RegisterValue | undefined,
): ChangeStep {
  const version = valueVersion(live);
  const result: ChangeMemory = { outcome: 'conflict', ...(version !== undefined && { version }) };
  const told = remembered(result, live);
  if (live !== undefined && !mayHoldLater(condition, live)) return { ...kept(current, live), result: told };
  // Where nothing ever was, the version that was asked for may yet come: a tombstone remembers, and goes like any other.
  const memory = remember(live?.memory ?? noOperations, operation, result, rememberedOperations);
  return { next: { ...(live ?? tombstoneRecord(operation)), memory }, result: told };
}

function mayHoldLater(condition: ChangeCondition, live: RegisterValue): boolean {
  if (condition.type !== 'version') return true;
  return compareVersions(condition.version, decodeRecordMeta(live.meta).version) > 0;
}

function remembered(result: ChangeMemory, live: RegisterValue | undefined): ChangeOutcome {
  if (result.outcome === 'applied' || result.version === undefined) return result;
  const isThere = live !== undefined && sameVersion(valueVersion(live), result.version);
  return isThere ? { ...result, current: { meta: live.meta, value: live.value } } : result;
}

/** Of the value, if there is one. */
function valueVersion(live: RegisterValue | undefined): Version | undefined {
  const meta = live === undefined ? undefined : decodeRecordMeta(live.meta);
  return meta?.kind === 'value' ? meta.version : undefined;
}

function versionAbove(operation: Version, current: Version | undefined): Version {
  if (current === undefined || compareVersions(operation, current) > 0) return operation;
  return { ...nextStamp(current), actor: operation.actor };
}
