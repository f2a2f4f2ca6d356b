/** What a client asks of a coordinator to change a key of a strong keyspace, and the answers with their receipts. */
import type { Receipt, Version } from '@kv/quorum';
import { longBytes, printableText } from '../layout/byte-strings.ts';
import { oneOf, optional, struct } from '../layout/composites.ts';
import { key, maxContentTypeBytes, meta, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { boolean, choice, constant, u32, u48, u8 } from '../layout/scalars.ts';
import { receipt } from './receipt.ts';

/** What must hold for the change to be made: anything, that the key has no value, or that its value has this version. */
export type ChangeCondition =
  | { readonly type: 'none' }
  | { readonly type: 'absent' }
  | { readonly type: 'version'; readonly version: Version };

export type ChangeTo =
  | {
      readonly type: 'put';
      /** Printable ASCII, at most 128 bytes. */
      readonly contentType: string;
      /** Id of the codec that `value` is compressed with; 0 is plain. */
      readonly codec: number;
      /** Bytes of the value once decompressed. */
      readonly rawLength: number;
      readonly value: Uint8Array;
      /** Time to live in milliseconds from the stamp of the version that the change is given; for ever if absent. */
      readonly ttlMs?: number;
    }
  | { readonly type: 'delete' };

export interface Change {
  readonly type: 'change';
  /** 1 to 4096 bytes. */
  readonly key: Uint8Array;
  /** Stamped by the client, the same for every try, so that it is made once; the coordinator stamps if absent. */
  readonly operation?: Version;
  readonly condition: ChangeCondition;
  readonly to: ChangeTo;
  /** Whether a conflict is to be answered with the value that stood in the way. */
  readonly wantCurrent: boolean;
}

/**
 * `busy`: too much waits at the coordinator. `outbid`: others kept overtaking it. `forgotten`: this try did nothing, and
 * nobody knows any more whether an earlier one of the same operation did.
 */
export type ChangeFailure = 'too-few-replicas' | 'deadline' | 'busy' | 'outbid' | 'forgotten';

export type ChangeReply =
  | {
      readonly type: 'change-reply';
      readonly outcome: 'applied';
      /** That the key has now: above the one before. */
      readonly version: Version;
      readonly receipt: Receipt;
    }
  | {
      readonly type: 'change-reply';
      /** The condition did not hold: nothing was changed, and no try of this operation will change anything. */
      readonly outcome: 'conflict';
      /** Of the value that the key had; absent where it had none. */
      readonly version?: Version;
      /** That value, if it was wanted and is still there: a record meta and bytes. */
      readonly current?: { readonly meta: Uint8Array; readonly value: Uint8Array };
      readonly receipt: Receipt;
    }
  | {
      readonly type: 'change-reply';
      /** This try changed nothing and never will. */
      readonly outcome: 'unavailable';
      readonly reason: ChangeFailure;
      readonly receipt: Receipt;
    }
  | {
      readonly type: 'change-reply';
      /** It may have been made, or may yet be. */
      readonly outcome: 'unknown';
      readonly reason: ChangeFailure;
      readonly receipt: Receipt;
    };

const condition = oneOf<ChangeCondition, 'type'>('type', {
  none: [0, {}],
  absent: [1, {}],
  version: [2, { version }],
});

const changeTo = oneOf<ChangeTo, 'type'>('type', {
  put: [
    1,
    {
      contentType: printableText(maxContentTypeBytes),
      codec: u8,
      rawLength: u32,
      value: longBytes,
      ttlMs: optional(u48),
    },
  ],
  delete: [2, {}],
});

export const change: Layout<Change> = struct<Change>({
  type: constant('change'),
  key,
  operation: optional(version),
  condition,
  to: changeTo,
  wantCurrent: boolean,
});

const type = constant('change-reply');
const failed = {
  type,
  reason: choice<ChangeFailure>({ 'too-few-replicas': 1, deadline: 2, busy: 3, outbid: 4, forgotten: 5 }),
  receipt,
};

export const changeReply: Layout<ChangeReply> = oneOf<ChangeReply, 'outcome'>('outcome', {
  applied: [1, { type, version, receipt }],
  conflict: [
    2,
    {
      type,
      version: optional(version),
      current: optional(struct<{ meta: Uint8Array; value: Uint8Array }>({ meta, value: longBytes })),
      receipt,
    },
  ],
  unavailable: [3, failed],
  unknown: [4, failed],
});
