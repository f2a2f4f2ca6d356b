/**
 * What a proposer asks of one acceptor of a key in a strong keyspace, and the answers (CASPaxos, Rystsov 2018). What an
 * acceptor does is told by `@kv/quorum`; it answers when its new state is durable.
 */
import type { Ballot, OperationMemory, Version } from '@kv/quorum';
import { longBytes } from '../layout/byte-strings.ts';
import { list, oneOf, optional, struct } from '../layout/composites.ts';
import { ballot, key, meta, stamp, version } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, u16 } from '../layout/scalars.ts';

/** What a change came to, as a register remembers it for whoever tries it again. */
export type ChangeMemory =
  | { readonly outcome: 'applied'; readonly version: Version }
  /** `version`: of the value that stood in the way, absent where there was none. */
  | { readonly outcome: 'conflict'; readonly version?: Version };

/** All that the acceptors of a key agree on. */
export interface RegisterValue {
  /** A record meta of a value or of a tombstone: its version is that of the change that was made last. */
  readonly meta: Uint8Array;
  /** As compressed as the meta says; empty for a tombstone. */
  readonly value: Uint8Array;
  /** At most 64 operations. */
  readonly memory: OperationMemory<ChangeMemory>;
}

export interface AcceptedRegister {
  readonly ballot: Ballot;
  readonly value: RegisterValue;
}

export interface Prepare {
  readonly type: 'prepare';
  readonly partition: number;
  readonly key: Uint8Array;
  readonly ballot: Ballot;
}

export type PrepareReply =
  | { readonly type: 'prepare-reply'; readonly outcome: 'promised'; readonly accepted?: AcceptedRegister }
  | { readonly type: 'prepare-reply'; readonly outcome: 'outbid'; readonly promised: Ballot };

export interface Accept {
  readonly type: 'accept';
  readonly partition: number;
  readonly key: Uint8Array;
  readonly ballot: Ballot;
  readonly value: RegisterValue;
}

export type AcceptReply =
  | { readonly type: 'accept-reply'; readonly outcome: 'accepted' }
  | { readonly type: 'accept-reply'; readonly outcome: 'outbid'; readonly promised: Ballot };

/** How much of what was accepted a query asks for: all of it, or what tells it from something else. */
export type RegisterWant = 'value' | 'ballot';

export interface RegisterQuery {
  readonly type: 'register-query';
  readonly partition: number;
  readonly key: Uint8Array;
  readonly want: RegisterWant;
}

/** Durable when it was sent. */
export interface RegisterQueryReply {
  readonly type: 'register-query-reply';
  readonly promised?: Ballot;
  readonly accepted?: {
    readonly ballot: Ballot;
    /** Of the value. */
    readonly version: Version;
    /** Present if it was wanted. */
    readonly value?: RegisterValue;
  };
}

const changeMemory = oneOf<ChangeMemory, 'outcome'>('outcome', {
  applied: [1, { version }],
  conflict: [2, { version: optional(version) }],
});

const memory = struct<RegisterValue['memory']>({
  recent: list(struct<RegisterValue['memory']['recent'][number]>({ id: version, result: changeMemory }), 64),
  forgotten: optional(stamp),
});

export const registerValue: Layout<RegisterValue> = struct<RegisterValue>({ meta, memory, value: longBytes });

const accepted = struct<AcceptedRegister>({ ballot, value: registerValue });

export const prepare: Layout<Prepare> = struct<Prepare>({ type: constant('prepare'), partition: u16, key, ballot });

const prepareReplyType = constant('prepare-reply');

export const prepareReply: Layout<PrepareReply> = oneOf<PrepareReply, 'outcome'>('outcome', {
  promised: [1, { type: prepareReplyType, accepted: optional(accepted) }],
  outbid: [2, { type: prepareReplyType, promised: ballot }],
});

export const accept: Layout<Accept> = struct<Accept>({
  type: constant('accept'),
  partition: u16,
  key,
  ballot,
  value: registerValue,
});

const acceptReplyType = constant('accept-reply');

export const acceptReply: Layout<AcceptReply> = oneOf<AcceptReply, 'outcome'>('outcome', {
  accepted: [1, { type: acceptReplyType }],
  outbid: [2, { type: acceptReplyType, promised: ballot }],
});

export const registerQuery: Layout<RegisterQuery> = struct<RegisterQuery>({
  type: constant('register-query'),
  partition: u16,
  key,
  want: choice<RegisterWant>({ value: 1, ballot: 2 }),
});

export const registerQueryReply: Layout<RegisterQueryReply> = struct<RegisterQueryReply>({
  type: constant('register-query-reply'),
  promised: optional(ballot),
  accepted: optional(
    struct<NonNullable<RegisterQueryReply['accepted']>>({ ballot, version, value: optional(registerValue) }),
  ),
});
