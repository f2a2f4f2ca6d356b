/** The one error of this package: what could not be done, whether trying again may help, and what is known of it. */
import type { Receipt } from './receipt.ts';
import type { Sibling } from './siblings.ts';

/**
 * Frozen: programs compare these codes. Add, never rename.
 *
 * - `INVALID_TARGET`: the text or options given to `connect` do not name a cluster.
 * - `INVALID_TIMEOUT`: no call can wait for so long, or so short.
 * - `UNREACHABLE`: no node answered.
 * - `CLOSED`: the client was closed.
 * - `ABORTED`: the caller's signal said so.
 * - `KEY_EMPTY`, `KEY_TOO_LONG`, `KEY_INVALID`: keys are 1 to 4096 bytes, and well-formed text if given as text.
 * - `VALUE_TOO_LARGE`, `INVALID_VALUE`, `INVALID_CONTENT_TYPE`, `INVALID_TTL`: the value cannot be stored.
 * - `UNDECODABLE_VALUE`: the stored bytes are not what their content type says; `raw` holds them.
 * - `SCHEMA`: the keyspace's schema refuses the value; `cause` holds its issues.
 * - `KEYSPACE_EXISTS`, `KEYSPACE_FIXED`, `INVALID_KEYSPACE`, `TOO_MANY_KEYSPACES`: keyspaces cannot be changed like this.
 * - `CONFIRMATION_NEEDED`: what erases data wants its name said twice.
 * - `INVALID_LIMIT`, `INVALID_CURSOR`: a scan cannot be asked for so; a cursor is of one keyspace, prefix and range.
 * - `SIBLINGS`: the key has several values and nothing to resolve them; `siblings` holds them, `context` what replaces them.
 * - `TOO_MANY_SIBLINGS`: the key has as many as it may: read them, and write one with the context of the read.
 * - `RESOLVE`: the keyspace's `resolve` threw, `cause` is what; `siblings` and `context` are as in `SIBLINGS`.
 * - `INVALID_CONTEXT`: the context was not read from this key.
 * - `WRITE_TOO_OLD`: had this write been made, it may have been replaced or deleted and forgotten since.
 * - `UNKNOWN_KEYSPACE`, `INVALID_QUORUM`, `NOT_SUPPORTED`: the cluster cannot do what was asked.
 * - `TOO_FEW_REPLICAS`, `TOO_FEW_VOTERS`, `REPAIR_INCOMPLETE`, `NOT_READY`, `STAMP_TOO_FAR_AHEAD`: it cannot now.
 * - `DISK_FULL`: no owner of the key that is up has room left; nothing was written.
 * - `TIMEOUT`: a read was not answered by its deadline, an update found other writers in its way until then, or a call
 *   of any kind was not begun by then.
 * - `INVALID_CONDITION`: what a change was to depend on cannot be read.
 * - `CONFLICT`: the condition of a change did not hold; nothing was changed. `version` names what the key has, if anything.
 * - `BUSY`: the nodes, or what this client sends them, had too much to do: it was not begun.
 * - `OPERATION_FORGOTTEN`: so many changes of the key, or of keyspaces, came after this one that nobody knows of it any more;
 *   it was not made.
 * - `WRITE_UNKNOWN`: a write may have happened, now or later; the receipt, if any, names who holds it.
 * - `DEFECT`: one of many operations failed by what nobody foresaw, here or in what was given to it; `cause` tells.
 * - `REFUSED`: nodes refused for a reason that this version does not know.
 */
export type KvErrorCode =
  | 'INVALID_TARGET'
  | 'INVALID_TIMEOUT'
  | 'UNREACHABLE'
  | 'CLOSED'
  | 'ABORTED'
  | 'KEY_EMPTY'
  | 'KEY_TOO_LONG'
  | 'KEY_INVALID'
  | 'VALUE_TOO_LARGE'
  | 'INVALID_VALUE'
  | 'INVALID_CONTENT_TYPE'
  | 'INVALID_TTL'
  | 'UNDECODABLE_VALUE'
  | 'SCHEMA'
  | 'KEYSPACE_EXISTS'
  | 'KEYSPACE_FIXED'
  | 'INVALID_KEYSPACE'
  | 'TOO_MANY_KEYSPACES'
  | 'CONFIRMATION_NEEDED'
  | 'INVALID_LIMIT'
  | 'INVALID_CURSOR'
  | 'SIBLINGS'
  | 'TOO_MANY_SIBLINGS'
  | 'RESOLVE'
  | 'INVALID_CONTEXT'
  | 'WRITE_TOO_OLD'
  | 'UNKNOWN_KEYSPACE'
  | 'INVALID_QUORUM'
  | 'NOT_SUPPORTED'
  | 'TOO_FEW_REPLICAS'
  | 'TOO_FEW_VOTERS'
  | 'REPAIR_INCOMPLETE'
  | 'NOT_READY'
  | 'STAMP_TOO_FAR_AHEAD'
  | 'DISK_FULL'
  | 'INVALID_CONDITION'
  | 'CONFLICT'
  | 'BUSY'
  | 'OPERATION_FORGOTTEN'
  | 'TIMEOUT'
  | 'WRITE_UNKNOWN'
  | 'DEFECT'
  | 'REFUSED';

export interface KvErrorDetails {
  readonly outcome?: 'rejected' | 'unknown' | undefined;
  readonly receipt?: Receipt | undefined;
  readonly raw?: Uint8Array | undefined;
  readonly version?: string | undefined;
  readonly siblings?: readonly Sibling<unknown>[] | undefined;
  readonly context?: string | undefined;
  readonly cause?: unknown;
}

export class KvError extends Error {
  override readonly name = 'KvError';
  readonly code: KvErrorCode;
  /** Trying the same again may succeed without anybody changing anything. */
  readonly retryable: boolean;
  /** Of a write: `rejected` if nothing was stored, `unknown` if it may have been; absent for anything else. */
  readonly outcome: 'rejected' | 'unknown' | undefined;
  /** What each replica answered, where a coordinator got so far. */
  readonly receipt: Receipt | undefined;
  /** The stored bytes that could not be decoded. */
  readonly raw: Uint8Array | undefined;
  /** Of a conflict: the version of the value that the key has, absent if it has none. */
  readonly version: string | undefined;
  /** The values that nothing resolves, in the order of their versions. */
  readonly siblings: readonly Sibling<unknown>[] | undefined;
  /** To be passed to the `set` that replaces the siblings. */
  readonly context: string | undefined;

  constructor(code: KvErrorCode, message: string, details: KvErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = retryableCodes.has(code);
    this.outcome = details.outcome;
    this.receipt = details.receipt;
    this.raw = details.raw;
    this.version = details.version;
    this.siblings = details.siblings;
    this.context = details.context;
  }
}

/** What a write is told that failed where nothing more is known: it was refused here, and nothing was sent. */
export function ofWrite(error: unknown): unknown {
  if (!(error instanceof KvError) || error.outcome !== undefined) return error;
  return new KvError(error.code, error.message, { ...error, cause: error.cause, outcome: 'rejected' });
}

export function closedError(): KvError {
  return new KvError('CLOSED', 'the client was closed');
}

/**
 * What became of one operation among others, whatever it threw.
 * @param outcome of a write, where what it threw does not say
 */
export function asKvError(error: unknown, outcome?: 'unknown'): KvError {
  if (error instanceof KvError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KvError('DEFECT', `the operation failed by a defect: ${message}`, { outcome, cause: error });
}

const retryableCodes: ReadonlySet<KvErrorCode> = new Set([
  'UNREACHABLE',
  'TOO_FEW_REPLICAS',
  'TOO_FEW_VOTERS',
  'REPAIR_INCOMPLETE',
  'NOT_READY',
  'STAMP_TOO_FAR_AHEAD',
  'DISK_FULL',
  'BUSY',
  'OPERATION_FORGOTTEN',
  'WRITE_TOO_OLD',
  'TIMEOUT',
  'WRITE_UNKNOWN',
  'REFUSED',
]);
