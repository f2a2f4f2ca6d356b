/** One operation of a client as the history keeps it: what was asked, when, and what the client was told. */
import type { Version } from '@kv/quorum';
import type { WriteCondition } from '@kv/simulation';

export interface Intent {
  readonly kind: 'put' | 'delete' | 'get';
  readonly key: string;
  /** R of a read, W of a write; absent in a strong keyspace, where operations come as if one at a time. */
  readonly quorum?: number;
  /** Fingerprint of the value of a put. */
  readonly value?: string;
  /** What a write in a strong keyspace asks to be there: compare and set. */
  readonly condition?: WriteCondition;
  /** Read once all faults are over, to settle what is there. */
  readonly final?: boolean;
}

export type Outcome =
  | 'applied'
  | 'superseded'
  | 'rejected'
  | 'unknown'
  /** The condition of a write did not hold. */
  | 'conflict'
  | 'found'
  | 'absent'
  /** A read without an answer. */
  | 'failed';

export interface Answer {
  readonly outcome: Outcome;
  /** Of the write, or of what was read. */
  readonly version?: Version | undefined;
  /** That a superseded write lost against. */
  readonly winner?: Version | undefined;
  /** Fingerprint of what was read. */
  readonly value?: string | undefined;
  /** Whether only owners were counted, as the receipt says; absent where there was none. */
  readonly mode?: string | undefined;
  /** Of a read: whether, as the receipt says, as many owners hold it as keep later reads from going behind it. */
  readonly lasting?: boolean | undefined;
  /** What each replica answered: `node-1 stored`. */
  readonly replicas?: readonly string[] | undefined;
  /** Code of the error that it ended with. */
  readonly error?: string | undefined;
  readonly message?: string | undefined;
  /** Of an error: whether it may be due to the state of the cluster. */
  readonly retryable?: boolean | undefined;
}

export interface Operation extends Intent {
  /** `<client>-<number>`, unique in the run. */
  readonly id: string;
  readonly client: string;
  /** Monotonic milliseconds of this process. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** The newest version of the key that its client had been told of before it began. */
  readonly seen: Version | undefined;
  /** Begun while a fault was under way. */
  readonly duringFaults: boolean;
  readonly answer: Answer;
}

/** True for what the client may rely on: the write is durable, or the read was answered. */
export function succeeded({ outcome }: Answer): boolean {
  return outcome !== 'unknown' && outcome !== 'rejected' && outcome !== 'failed';
}
