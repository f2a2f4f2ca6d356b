/**
 * A node does not know the id any more by which a call asked for its keyspace, and the call has certainly made nothing
 * there: the keyspace may have been dropped and made again under its name. Callers are never told of it like this.
 */
import { KvError } from './errors.ts';

export class KeyspaceGone extends Error {
  override readonly name = 'KeyspaceGone';
  readonly keyspaceId: number;

  constructor(keyspaceId: number, cause: KvError) {
    super(cause.message, { cause });
    this.keyspaceId = keyspaceId;
  }

  /** As callers are told, who know its name. */
  named(keyspace: string): KvError {
    const message = `there is no keyspace ${JSON.stringify(keyspace)} any more`;
    return new KvError('UNKNOWN_KEYSPACE', message, { cause: this.cause });
  }
}

/** What a request to the keyspace failed with, in place of what the node said of its id. */
export function goneOr(error: unknown, keyspaceId: number): unknown {
  const isGone = error instanceof KvError && error.code === 'UNKNOWN_KEYSPACE';
  return isGone ? new KeyspaceGone(keyspaceId, error) : error;
}
