/** What clients did and were told, in virtual time: the only thing that the checkers look at. */
import type { Version } from '@kv/quorum';

interface OperationRecord {
  /** `<client>-<number>`, unique in the run. */
  readonly id: string;
  readonly client: string;
  readonly key: string;
  /** Virtual milliseconds at which the client began it. */
  readonly startedAt: number;
  /** When the client was told how it ended; `Infinity` if it never was. */
  readonly endedAt: number;
}

/** `unknown`: it may have happened, now or later. */
export type WriteRecordOutcome = 'applied' | 'superseded' | 'rejected' | 'unknown';

export interface WriteRecord extends OperationRecord {
  readonly kind: 'put' | 'delete';
  /** The fingerprint of the value, of no other write; `undefined` for a delete. */
  readonly value: string | undefined;
  /** From the stamp of its version on, in milliseconds; absent where the value lives for ever. */
  readonly ttlMs?: number;
  readonly w: number;
  /** Whether only owners of the key were counted. */
  readonly strict: boolean;
  /** Stamped by the client, or by the coordinator and named in its answer; `undefined` when nobody told. */
  readonly version: Version | undefined;
  readonly outcome: WriteRecordOutcome;
  /** The version that a superseded write lost against. */
  readonly winner?: Version;
  /**
   * Whether the writer's clock had been told to its coordinator, so that its stamp is after all that the writer saw.
   */
  readonly ordered: boolean;
  /** The newest version of this key that the client had been told of before it began. */
  readonly seen: Version | undefined;
}

/** `failed`: no answer within the promise, so nothing was read. */
export type ReadRecordOutcome = 'found' | 'absent' | 'failed';

export interface ReadRecord extends OperationRecord {
  readonly kind: 'get';
  readonly r: number;
  /** As of a write. */
  readonly strict: boolean;
  readonly outcome: ReadRecordOutcome;
  /** What was found; of an absent key the version of its tombstone, if there is one. */
  readonly version: Version | undefined;
  /** The version is that of the newest deletion that it may have found: it found nothing at all. */
  readonly supposed?: true;
  /** The fingerprint of the value found. */
  readonly value: string | undefined;
  /** What the nodes' wall clocks showed; absent where nobody looked. */
  readonly clocks?: ClockBounds;
  /** Whether its receipt says that later reads do not go behind it. */
  readonly lasting: boolean;
  /** Read after the end of all faults, to settle what is there. */
  readonly final: boolean;
}

/** `conflict`: its condition did not hold, so it was not done. `unknown`: it may have happened, now or later. */
export type StrongOutcome = 'found' | 'absent' | 'failed' | 'applied' | 'conflict' | 'rejected' | 'unknown';

/** What a key must hold for a write to be done. */
export type WriteCondition =
  | { readonly type: 'version'; readonly version: Version }
  /** The fingerprint of a value; `undefined`: the key must be absent. */
  | { readonly type: 'value'; readonly value: string | undefined };

/** An operation in a strong keyspace. */
export interface StrongRecord extends OperationRecord {
  readonly kind: 'get' | 'put' | 'delete';
  /** Of a put or delete: it is done only if this holds. */
  readonly condition?: WriteCondition;
  readonly outcome: StrongOutcome;
  /** The fingerprint of what a put writes, of no other write, or of what a get found. */
  readonly value: string | undefined;
  /** Of what was written or found, if that was told; of a conflict what was there instead, `undefined` for nothing. */
  readonly version: Version | undefined;
}

/** Between which times the clock of whoever coordinated an operation must have been, in milliseconds since 1970. */
export interface ClockBounds {
  /** No node can have held an earlier time for the present one while it ran. */
  readonly lowestMs: number;
  /** Nor ever a later one by its end. */
  readonly highestMs: number;
}

/** An operation in a keyspace with siblings. Values are told by their fingerprints. */
export interface SiblingRecord extends OperationRecord {
  readonly kind: 'get' | 'put' | 'delete';
  /** R of a get, W of a put or delete. */
  readonly quorum: number;
  /** As of a write. */
  readonly strict: boolean;
  readonly outcome: Exclude<StrongOutcome, 'conflict'>;
  /** What a put writes, or what a get found. */
  readonly values: readonly string[];
  /** Of a put or delete: what the read had shown whose context it passed on. */
  readonly replaces: readonly string[];
  readonly version: Version | undefined;
  /** Read after the end of all faults, to settle what is there. */
  readonly final: boolean;
}

/** A key as a scan showed it. */
export interface ScannedRecord {
  readonly key: string;
  readonly version: Version;
  /** The fingerprint of its value. */
  readonly value: string;
}

/** The keys that begin with `prefix`, from `gte`, included, to `lt`, excluded; all of ASCII. */
export interface KeyBounds {
  readonly prefix: string;
  readonly gte?: string;
  readonly lt?: string;
}

export function isWithin(key: string, { prefix, gte = '', lt }: KeyBounds): boolean {
  return key.startsWith(prefix) && key >= gte && (lt === undefined || key < lt);
}

/** The keys of a keyspace that are within bounds, page by page, from the first to the last. */
export interface ScanRecord {
  readonly id: string;
  readonly keyspaceId: number;
  readonly bounds: KeyBounds;
  readonly r: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly found: readonly ScannedRecord[];
}

export interface History {
  /** How old deletions are at least, in milliseconds, that owners may forget; absent: they forget none. */
  readonly forgetsAfterMs?: number;
  /** N: how many replicas hold each key. */
  readonly replicas: number;
  readonly writes: readonly WriteRecord[];
  readonly reads: readonly ReadRecord[];
}

/** What one replica holds of a key at the end, read from its own storage. */
export interface StoredCopy {
  readonly replica: string;
  readonly keyspaceId?: number;
  readonly key: string;
  /** `undefined` when it holds nothing. */
  readonly version: Version | undefined;
  /** Fingerprint of all stored bytes, meta and value. */
  readonly bytes: string;
  /** It is a deletion, which may be forgotten at one replica and not yet at another: then it counts as nothing. */
  readonly deletion?: Version;
  /** Its disk was damaged: it may lack what the others have, but what it holds is what they hold under that version. */
  readonly damaged?: boolean;
}

/** A promise that was broken. */
export interface Violation {
  /** The checker's name. */
  readonly check: string;
  readonly key?: string;
  /** Ids of the operations concerned. */
  readonly operations: readonly string[];
  readonly message: string;
}

/** True when `later` began after `earlier` had ended: no observer can doubt their order. */
export function isAfter(later: OperationRecord, earlier: OperationRecord): boolean {
  return later.startedAt > earlier.endedAt;
}

/** True for a write whose client was told that W replicas hold it, or something newer, durably. */
export function isAcknowledged(write: WriteRecord): boolean {
  return write.outcome === 'applied' || write.outcome === 'superseded';
}

export function answered(reads: readonly ReadRecord[]): ReadRecord[] {
  return reads.filter(({ outcome }) => outcome !== 'failed');
}

type DescribedRecord = WriteRecord | ReadRecord | StrongRecord | SiblingRecord;

/** An operation as the report of a violation tells it, in virtual time. */
export function describe(operation: DescribedRecord): string {
  const terms = describeTerms(operation);
  const version = operation.version === undefined ? 'no version' : shortVersion(operation.version);
  const end = operation.endedAt === Infinity ? 'never' : operation.endedAt.toFixed(1);
  const { id, kind, key, outcome, startedAt } = operation;
  const times = `[${startedAt.toFixed(1)}..${end}]`;
  const values = 'values' in operation ? operation.values.join(' ') : (operation.value ?? '');
  return `${id} ${kind} ${key}${terms} ${times} ${outcome} ${version} ${values}`;
}

function describeTerms(operation: DescribedRecord): string {
  if ('replaces' in operation) return ` ${operation.kind === 'get' ? 'r' : 'w'}=${operation.quorum}`;
  if ('r' in operation) return ` r=${operation.r}`;
  if ('w' in operation) return ` w=${operation.w}`;
  const { condition } = operation;
  if (condition === undefined) return '';
  if (condition.type === 'version') return ` if ${shortVersion(condition.version)}`;
  return ` if ${condition.value ?? 'absent'}`;
}

/** Enough of a version to tell two apart. */
export function shortVersion({ ms, counter, actor }: Version): string {
  return `${ms}.${counter}@${actor.slice(0, 6)}`;
}
