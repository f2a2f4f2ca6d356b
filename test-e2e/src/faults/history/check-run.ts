/** What the history of a run of real processes is held to: the checkers of the simulation, and what only shows here. */
import { formatVersion } from '@kv/quorum';
import {
  checkHistory,
  type History,
  linearizability,
  type ReadRecord,
  type StoredCopy,
  type StrongRecord,
  type Violation,
  type WriteRecord,
} from '@kv/simulation';
import type { Operation, Outcome } from './operation.ts';

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
    ...linearizability(strongRecordsOf(operations)),
    ...checkHistory(historyOf(operations, replicas), copies),
  ];
}

/** The operations of eventual keyspaces. */
export function historyOf(operations: readonly Operation[], replicas: number): History {
  const eventual = operations.filter(({ quorum }) => quorum !== undefined);
  return {
    replicas,
    writes: eventual.flatMap((operation) => (operation.kind === 'get' ? [] : [writeRecord(operation)])),
    reads: eventual.flatMap((operation) => (operation.kind === 'get' ? [readRecord(operation)] : [])),
  };
}

/** The operations of strong keyspaces. */
export function strongRecordsOf(operations: readonly Operation[]): StrongRecord[] {
  return operations.filter(({ quorum }) => quorum === undefined).map(strongRecord);
}

function writeRecord(operation: Operation): WriteRecord {
  const { id, client, key, kind, value, quorum: w = 0, startedAt, endedAt, seen, answer } = operation;
  const { outcome, version, winner } = answer;
  if (kind === 'get' || !isEventualWrite(outcome)) throw new TypeError(`a ${kind} does not end as ${outcome}`);
  // The SDK's clock stamps every write after all that its client was told.
  const asked = { kind, value, w, strict: isStrict(operation), ordered: true };
  const told = { version, ...(winner !== undefined && { winner }), seen, outcome };
  return { id, client, key, startedAt, endedAt, ...asked, ...told };
}

function isEventualWrite(outcome: Outcome): outcome is WriteRecord['outcome'] {
  return outcome === 'applied' || outcome === 'superseded' || outcome === 'rejected' || outcome === 'unknown';
}

function readRecord(operation: Operation): ReadRecord {
  const { id, client, key, quorum: r = 0, startedAt, endedAt, final = false, answer } = operation;
  const { outcome, version, value, lasting = true } = answer;
  if (outcome !== 'found' && outcome !== 'absent' && outcome !== 'failed') {
    throw new TypeError(`a get does not end as ${outcome}`);
  }
  const asked = { kind: 'get', r, strict: isStrict(operation), lasting, final } as const;
  return { id, client, key, startedAt, endedAt, ...asked, outcome, version, value };
}

function strongRecord({
  id,
  client,
  key,
  kind,
  condition,
  startedAt,
  endedAt,
  value,
  answer,
}: Operation): StrongRecord {
  const { outcome, version } = answer;
  if (outcome === 'superseded') throw new TypeError(`a strong ${kind} does not end as ${outcome}`);
  const asked = { kind, ...(condition !== undefined && { condition }), value: kind === 'get' ? answer.value : value };
  return { id, client, key, startedAt, endedAt, ...asked, outcome, version };
}

/** Without a receipt nothing was promised that strictness would change. */
function isStrict({ answer }: Operation): boolean {
  return answer.mode === undefined || answer.mode === 'strict';
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

/** No two writes of a key have one version: replicas could never tell them apart. */
function sharedVersions(operations: readonly Operation[]): Violation[] {
  const writers = new Map<string, Operation>();
  return operations.flatMap((operation) => {
    const { version } = operation.answer;
    if (operation.kind === 'get' || version === undefined || operation.answer.outcome === 'conflict') return [];
    const text = formatVersion(version);
    const name = `${operation.key} ${text}`;
    const other = writers.get(name);
    writers.set(name, operation);
    if (other === undefined) return [];
    const message = `two writes have the version ${text}: a ${other.kind} and a ${operation.kind}`;
    return [{ check: 'shared-version', key: operation.key, operations: [other.id, operation.id], message }];
  });
}
