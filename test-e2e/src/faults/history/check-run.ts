/** What the history of a run of real processes is held to: the checkers of the simulation, and what only shows here. */
import { formatVersion } from '@kv/quorum';
import {
  checkHistory,
  type History,
  type ReadRecord,
  type StoredCopy,
  type Violation,
  type WriteRecord,
} from '@kv/simulation';
import type { Operation } from './operation.ts';

/** @param replicas N */
export function checkRun(
  operations: readonly Operation[],
  copies: readonly StoredCopy[],
  replicas: number,
): Violation[] {
  return [
    ...unexpectedErrors(operations),
    ...unreadKeys(operations),
    ...sharedVersions(operations),
    ...checkHistory(historyOf(operations, replicas), copies),
  ];
}

export function historyOf(operations: readonly Operation[], replicas: number): History {
  return {
    replicas,
    writes: operations.flatMap((operation) => (operation.kind === 'get' ? [] : [writeRecord(operation)])),
    reads: operations.flatMap((operation) => (operation.kind === 'get' ? [readRecord(operation)] : [])),
  };
}

function writeRecord(operation: Operation): WriteRecord {
  const { id, client, key, kind, value, startedAt, endedAt, seen, answer } = operation;
  const { outcome, version, winner } = answer;
  if (kind === 'get' || outcome === 'found' || outcome === 'absent' || outcome === 'failed') {
    throw new TypeError(`a ${kind} does not end as ${outcome}`);
  }
  const told = { version, ...(winner !== undefined && { winner }), seen };
  const happened = outcome === 'conflict' ? 'rejected' : outcome;
  // The SDK's clock stamps every write after all that its client was told.
  const asked = { kind, value, w: ownersCounted(operation), strict: isStrict(operation), ordered: true };
  return { id, client, key, startedAt, endedAt, ...asked, ...told, outcome: happened };
}

function readRecord(operation: Operation): ReadRecord {
  const { id, client, key, startedAt, endedAt, final = false, answer } = operation;
  const { outcome, version, value } = answer;
  if (outcome !== 'found' && outcome !== 'absent' && outcome !== 'failed') {
    throw new TypeError(`a get does not end as ${outcome}`);
  }
  const asked = { kind: 'get', r: ownersCounted(operation), strict: isStrict(operation), final } as const;
  return { id, client, key, startedAt, endedAt, ...asked, outcome, version, value };
}

function isStrict({ answer }: Operation): boolean {
  return answer.mode === undefined || answer.mode === 'strict';
}

/** Owners that were certainly counted. Behind a sloppy receipt there may be none, so that no two quorums need meet. */
function ownersCounted({ quorum, answer }: Operation): number {
  return answer.mode === undefined || answer.mode === 'strict' ? quorum : 0;
}

/** No fault is a reason for an error that says that the request itself was wrong. */
function unexpectedErrors(operations: readonly Operation[]): Violation[] {
  return operations
    .filter(({ answer }) => answer.error !== undefined && answer.retryable !== true)
    .map(({ id, key, answer }) => {
      return { check: 'unexpected-error', key, operations: [id], message: `${answer.error}: ${answer.message}` };
    });
}

/** A key that was written and could not be read at the end, with every fault over. */
function unreadKeys(operations: readonly Operation[]): Violation[] {
  const finals = operations.filter(({ final }) => final === true);
  if (finals.length === 0) return [{ check: 'unread-key', operations: [], message: 'nothing was read at the end' }];
  const read = new Set(finals.filter(({ answer }) => answer.outcome !== 'failed').map(({ key }) => key));
  const touched = new Set(operations.map(({ key }) => key));
  return [...touched]
    .filter((key) => !read.has(key))
    .map((key) => {
      const last = finals.filter((operation) => operation.key === key).at(-1);
      const message = `could not be read at the end: ${last?.answer.message ?? 'it was not tried'}`;
      return { check: 'unread-key', key, operations: last === undefined ? [] : [last.id], message };
    });
}

/** No two writes have one version: replicas could never tell them apart. */
function sharedVersions(operations: readonly Operation[]): Violation[] {
  const writers = new Map<string, Operation>();
  return operations.flatMap((operation) => {
    const { version } = operation.answer;
    if (operation.kind === 'get' || version === undefined || operation.answer.outcome === 'conflict') return [];
    const text = formatVersion(version);
    const other = writers.get(text);
    writers.set(text, operation);
    if (other === undefined) return [];
    const message = `two writes have the version ${text}: ${other.kind} ${other.key} and ${operation.kind} ${operation.key}`;
    return [{ check: 'shared-version', key: operation.key, operations: [other.id, operation.id], message }];
  });
}
