/** What every frame says beside its message. */
import type { Stamp } from '@kv/quorum';
import type { Message } from './messages/message.ts';

export interface FrameHeader {
  /** Chosen by the asker, repeated in the answer: answers may come in any order. 32 bits; 0 where none is expected. */
  readonly operationId: number;
  /** Epoch of the topology that the sender planned with, an integer in [0, 2^53). */
  readonly epoch: number;
  /** 32 bits; 0 for messages about no keyspace. */
  readonly keyspaceId: number;
  /** Milliseconds that remain until nobody waits for the answer any more, 32 bits; 0 for no deadline. */
  readonly deadlineMs: number;
  /** The sender's hybrid logical clock when it sent the frame; the receiver merges it. */
  readonly stamp: Stamp;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly message: Message;
}

/**
 * The longest frame, in bytes after the length field. Higher would let a peer ask for more memory per connection; lower
 * must still hold the largest value, 1 MiB by default, beside its key and meta.
 */
export const maxFrameBytes: number = 4 * 1024 * 1024;
