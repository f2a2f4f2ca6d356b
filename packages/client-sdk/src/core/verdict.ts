/** What an answer means for its request: it is settled, or it is worth another try somewhere else. */
import type { Receipt as CoordinatorReceipt, Version } from '@kv/quorum';
import {
  decodeRecordMeta,
  type GetReply,
  type Message,
  type ReadFailed,
  type Refusal,
  type Siblings,
  type TopologyState,
  type ScanReply,
  type WriteReply,
} from '@kv/wire';
import { KvError, type KvErrorCode } from './errors.ts';
import { clientReceipt, type Receipt } from './receipt.ts';

export type Verdict<Result> =
  | { readonly type: 'settled'; readonly result: Result }
  /** No other node would answer otherwise. */
  | { readonly type: 'refused'; readonly error: KvError }
  /** `harmless`: this attempt certainly changed nothing. */
  | { readonly type: 'try-again'; readonly error: KvError; readonly harmless: boolean };

export type Judge<Result> = (message: Message) => Verdict<Result>;
export type NameOf = (id: string) => string;

export type ReadAnswer =
  | {
      readonly found: true;
      readonly version: Version;
      readonly contentType: string;
      readonly deadline: number | undefined;
      readonly bytes: Uint8Array;
      readonly receipt: Receipt;
    }
  | { readonly found: false; readonly version: Version | undefined; readonly receipt: Receipt };

export interface WriteAnswer {
  readonly outcome: 'applied' | 'superseded';
  readonly version: Version;
  readonly winner: Version | undefined;
  readonly certain: boolean;
  readonly receipt: Receipt;
}

export interface SiblingsAnswer {
  readonly siblings: readonly { readonly version: Version; readonly contentType: string; readonly bytes: Uint8Array }[];
  /** The highest version known of the key. */
  readonly version: Version | undefined;
  readonly context: Uint8Array | undefined;
  readonly receipt: Receipt;
}

export function judgeSiblings(nameOf: NameOf): Judge<SiblingsAnswer> {
  return (message) => {
    switch (message.type) {
      case 'siblings':
        return { type: 'settled', result: siblingsAnswer(message, nameOf) };
      case 'read-failed':
        return { type: 'try-again', error: readFailure(message, nameOf), harmless: true };
      case 'error':
        return refusal(message);
      default:
        return unexpected(message);
    }
  };
}

export function judgeRead(nameOf: NameOf): Judge<ReadAnswer> {
  return (message) => {
    switch (message.type) {
      case 'get-reply':
        return { type: 'settled', result: readAnswer(message, nameOf) };
      case 'read-failed':
        return { type: 'try-again', error: readFailure(message, nameOf), harmless: true };
      case 'error':
        return refusal(message);
      default:
        return unexpected(message);
    }
  };
}

export function judgeScan(nameOf: NameOf): Judge<ScanReply> {
  return (message) => {
    switch (message.type) {
      case 'scan-reply':
        return { type: 'settled', result: message };
      case 'read-failed':
        return { type: 'try-again', error: readFailure(message, nameOf), harmless: true };
      case 'error':
        return refusal(message);
      default:
        return unexpected(message);
    }
  };
}

export function judgeWrite(nameOf: NameOf): Judge<WriteAnswer> {
  return (message) => {
    switch (message.type) {
      case 'write-reply':
        return writeVerdict(message, nameOf);
      case 'error':
        return refusal(message);
      default:
        return unexpected(message);
    }
  };
}

/** `behind`: ids of the members that are not known to go by it yet. */
export interface DecidedTopology {
  readonly topology: TopologyState;
  readonly behind: readonly string[];
}

export const judgeChange: Judge<DecidedTopology> = (message) => {
  if (message.type === 'topology') return { type: 'settled', result: { topology: message, behind: [] } };
  if (message.type === 'topology-behind') return { type: 'settled', result: message };
  if (message.type !== 'error') return unexpected(message);
  if (message.code !== 'CHANGE_UNKNOWN') return refusal(message);
  return { type: 'try-again', error: new KvError('REFUSED', message.message), harmless: false };
};

function readAnswer(reply: GetReply, nameOf: NameOf): ReadAnswer {
  const receipt = clientReceipt(reply.receipt, nameOf);
  const meta = reply.meta === undefined ? undefined : decodeRecordMeta(reply.meta);
  if (reply.found === 'absent' || meta?.kind !== 'value') return { found: false, version: meta?.version, receipt };
  const { version, contentType, deadline } = meta;
  return { found: true, version, contentType, deadline, bytes: reply.value ?? new Uint8Array(0), receipt };
}

function siblingsAnswer({ siblings, version, context, receipt }: Siblings, nameOf: NameOf): SiblingsAnswer {
  const found = siblings.map(({ value, ...sibling }) => ({ ...sibling, bytes: value }));
  return {
    siblings: found,
    version: version ?? found.at(-1)?.version,
    context,
    receipt: clientReceipt(receipt, nameOf),
  };
}

function readFailure({ outcome, receipt }: ReadFailed, nameOf: NameOf): KvError {
  const codes = {
    unavailable: 'TOO_FEW_REPLICAS',
    'repair-incomplete': 'REPAIR_INCOMPLETE',
    'timed-out': 'TIMEOUT',
  } as const;
  const detail = outcome === 'repair-incomplete' ? '; but too few held the newest version in time' : '';
  const message = `needed ${receipt.needed} of the key's replicas to answer, got ${receipt.got}${detail}`;
  return new KvError(codes[outcome], message, { receipt: clientReceipt(receipt, nameOf) });
}

function writeVerdict(reply: WriteReply, nameOf: NameOf): Verdict<WriteAnswer> {
  const { outcome, version, winner, certain } = reply;
  const receipt = clientReceipt(reply.receipt, nameOf);
  if (outcome === 'applied' || outcome === 'superseded') {
    return { type: 'settled', result: { outcome, version, winner, certain, receipt } };
  }
  const refused = siblingRefusal(reply.reason, receipt);
  if (refused !== undefined) return refused;
  if (reply.reason === 'write-too-old' && nobodyMayHoldIt(reply.receipt.replicas)) {
    const message = 'had this write been made before, it may have been replaced or deleted and forgotten since';
    return { type: 'try-again', error: new KvError('WRITE_TOO_OLD', message, { receipt }), harmless: true };
  }
  const message = `needed ${receipt.needed} of the key's replicas to be durable, got ${receipt.got}`;
  const error = new KvError(writeCode(reply.receipt, reply.reason), message, { outcome, receipt });
  return { type: 'try-again', error, harmless: outcome === 'rejected' };
}

/** What the owner that was to give a dot said of the key's siblings; it did nothing. */
function siblingRefusal(reason: string | undefined, receipt: Receipt): Verdict<never> | undefined {
  switch (reason) {
    case 'too-many-siblings': {
      const message = 'the key has as many siblings as it may: read them, and write one with the context of the read';
      return { type: 'refused', error: new KvError('TOO_MANY_SIBLINGS', message, { receipt }) };
    }
    case 'invalid-context':
      return {
        type: 'refused',
        error: new KvError('INVALID_CONTEXT', 'the context names writes to come', { receipt }),
      };
    default:
      return undefined;
  }
}

function writeCode({ needed, got, replicas }: CoordinatorReceipt, reason: string | undefined): KvErrorCode {
  if (reason === 'deadline') return 'TIMEOUT';
  if (reason === 'refused' && diskIsFullEverywhere(replicas)) return 'DISK_FULL';
  return reason === 'refused' || got >= needed ? 'REFUSED' : 'TOO_FEW_REPLICAS';
}

/**
 * Everyone who was asked refused, be it for the write's age: only then is it certain that this try made nothing, now or
 * later. An owner that takes no write of this age takes no hint of it either, though it may not have said so yet.
 */
function nobodyMayHoldIt(replicas: CoordinatorReceipt['replicas']): boolean {
  const owners = new Set(replicas.filter(({ role }) => role === 'primary').map(({ replica }) => replica));
  return replicas.every(
    ({ replica, role, answer, reason }) =>
      answer === 'refused' || reason === 'BELOW_WATERMARK' || (role === 'fallback' && owners.has(replica)),
  );
}

/** Every owner that was up refused because its disk is full. */
export function diskIsFullEverywhere(replicas: CoordinatorReceipt['replicas']): boolean {
  const isFull = replicas.map(({ reason }) => reason === 'DISK_FULL');
  return isFull.includes(true) && replicas.every(({ answer }, index) => answer === 'down' || isFull[index] === true);
}

/** Codes of refusals that hold at every node, and those that may not; a node that refused did nothing. */
const lasting: ReadonlySet<string> = new Set<KvErrorCode>([
  'KEY_EMPTY',
  'KEY_TOO_LONG',
  'VALUE_TOO_LARGE',
  'INVALID_CONTENT_TYPE',
  'INVALID_TTL',
  'INVALID_LIMIT',
  'INVALID_CURSOR',
  'INVALID_QUORUM',
  'INVALID_CONTEXT',
  'UNKNOWN_KEYSPACE',
  'NOT_SUPPORTED',
  'KEYSPACE_EXISTS',
  'KEYSPACE_FIXED',
  'INVALID_KEYSPACE',
  'TOO_MANY_KEYSPACES',
]);
const passing: ReadonlySet<string> = new Set<KvErrorCode>([
  'NOT_READY',
  'BUSY',
  'STAMP_TOO_FAR_AHEAD',
  'OPERATION_FORGOTTEN',
  'TOO_FEW_VOTERS',
  'DISK_FULL',
]);

export function refusal({ code, message }: Refusal): Verdict<never> {
  if (lasting.has(code)) return { type: 'refused', error: new KvError(code as KvErrorCode, message) };
  const known = passing.has(code) ? (code as KvErrorCode) : 'REFUSED';
  return { type: 'try-again', error: new KvError(known, `a node refused: ${code}: ${message}`), harmless: true };
}

export function unexpected(message: Message): Verdict<never> {
  const error = new KvError('REFUSED', `a node answered with an unexpected ${message.type}`);
  return { type: 'try-again', error, harmless: false };
}
