/** Changes in strong keyspaces: what a call asks for, and what an answer means for it. */
import { formatVersion, parseVersion, QuorumError, type Version } from '@kv/quorum';
import {
  type Change,
  type ChangeCondition,
  type ChangeFailure,
  type ChangeReply,
  type ChangeTo,
  decodeRecordMeta,
} from '@kv/wire';
import { KvError, type KvErrorCode } from './errors.ts';
import type { SetOptions } from './options.ts';
import { clientReceipt, type Receipt } from './receipt.ts';
import { type EncodedValue, plain } from './value.ts';
import { diskIsFullEverywhere, type Judge, type NameOf, refusal, unexpected, type Verdict } from './verdict.ts';

export type ChangeAnswer =
  | { readonly outcome: 'applied'; readonly version: Version; readonly receipt: Receipt }
  | {
      readonly outcome: 'conflict';
      /** Of the value that the key had; absent where it had none. */
      readonly version: Version | undefined;
      /** That value, if it was asked for and is still there. */
      readonly current: { readonly contentType: string; readonly bytes: Uint8Array } | undefined;
      readonly receipt: Receipt;
    };

/** @throws KvError INVALID_CONDITION */
export function conditionOf({ ifMatch, ifAbsent = false }: Pick<SetOptions, 'ifMatch' | 'ifAbsent'>): ChangeCondition {
  if (ifMatch !== undefined && ifAbsent) {
    throw new KvError('INVALID_CONDITION', 'a change has ifMatch or ifAbsent, got both');
  }
  if (ifMatch === undefined) return { type: ifAbsent ? 'absent' : 'none' };
  try {
    return { type: 'version', version: parseVersion(ifMatch) };
  } catch (cause) {
    if (!(cause instanceof QuorumError)) throw cause;
    throw new KvError('INVALID_CONDITION', `ifMatch is a version as an entry tells it: ${cause.message}`, { cause });
  }
}

/** @throws KvError NOT_SUPPORTED where a condition is asked for in an eventual keyspace */
export function refuseCondition(
  keyspace: string,
  { ifMatch, ifAbsent }: Pick<SetOptions, 'ifMatch' | 'ifAbsent'>,
): void {
  if (ifMatch === undefined && ifAbsent !== true) return;
  const option = ifMatch === undefined ? 'ifAbsent' : 'ifMatch';
  throw new KvError('NOT_SUPPORTED', `${option} needs a strong keyspace, and ${keyspace} is eventual`);
}

export interface KeyChange {
  readonly key: Uint8Array;
  /** `undefined`: none, the key is to be deleted. */
  readonly value: EncodedValue | undefined;
  readonly condition: ChangeCondition;
  readonly wantCurrent: boolean;
}

/** @param operation the same for every try */
export function changeMessage({ key, value, condition, wantCurrent }: KeyChange, operation: Version): Change {
  const to: ChangeTo = value === undefined ? { type: 'delete' } : { type: 'put', ...plain(value) };
  return { type: 'change', key, operation, condition, to, wantCurrent };
}

export function judgeKeyChange(nameOf: NameOf): Judge<ChangeAnswer> {
  return (message) => {
    switch (message.type) {
      case 'change-reply':
        return verdictOf(message, nameOf);
      case 'error':
        return refusal(message);
      default:
        return unexpected(message);
    }
  };
}

export function conflictError({ version, receipt }: Extract<ChangeAnswer, { outcome: 'conflict' }>): KvError {
  const current = version && formatVersion(version);
  const found = current === undefined ? 'the key has no value' : `the key has the version ${current}`;
  return new KvError('CONFLICT', `${found}; nothing was changed`, { outcome: 'rejected', receipt, version: current });
}

function verdictOf(reply: ChangeReply, nameOf: NameOf): Verdict<ChangeAnswer> {
  const receipt = clientReceipt(reply.receipt, nameOf);
  switch (reply.outcome) {
    case 'applied':
      return { type: 'settled', result: { outcome: 'applied', version: reply.version, receipt } };
    case 'conflict':
      return { type: 'settled', result: { ...conflictIn(reply), receipt } };
    case 'unavailable':
      return {
        type: 'try-again',
        error: failure(
          diskIsFullEverywhere(reply.receipt.replicas) ? 'DISK_FULL' : failureCodes[reply.reason],
          reply.reason,
          receipt,
        ),
        harmless: true,
      };
    case 'unknown':
      // Of what it has forgotten a coordinator only says that this try did nothing.
      return {
        type: 'try-again',
        error: failure(failureCodes[reply.reason], reply.reason, receipt),
        harmless: reply.reason === 'forgotten',
      };
  }
}

function conflictIn({
  version,
  current,
}: Extract<ChangeReply, { outcome: 'conflict' }>): Omit<Extract<ChangeAnswer, { outcome: 'conflict' }>, 'receipt'> {
  const meta = current && decodeRecordMeta(current.meta);
  const value = meta?.kind === 'value' ? { contentType: meta.contentType, bytes: current?.value } : undefined;
  return {
    outcome: 'conflict',
    version,
    current: value?.bytes && { contentType: value.contentType, bytes: value.bytes },
  };
}

const failureCodes: Readonly<Record<ChangeFailure, KvErrorCode>> = {
  'too-few-replicas': 'TOO_FEW_REPLICAS',
  deadline: 'TIMEOUT',
  outbid: 'TIMEOUT',
  busy: 'BUSY',
  forgotten: 'OPERATION_FORGOTTEN',
};

function failure(code: KvErrorCode, reason: ChangeFailure, receipt: Receipt): KvError {
  const message = `needed ${receipt.needed} of the key's owners to agree, got ${receipt.got} (${reason})`;
  return new KvError(code, message, { receipt });
}
