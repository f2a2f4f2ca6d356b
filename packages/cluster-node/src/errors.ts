/** What keeps a member from starting or going on, and what is wrong with a request before anything was sent for it. */
export type ClusterNodeErrorCode =
  | 'INVALID_TOPOLOGY'
  | 'NOT_A_MEMBER'
  | 'IDENTITY_MISSING'
  | 'IDENTITY_MISMATCH'
  | 'STORAGE_MISSING'
  | 'GENERATION_BEHIND'
  | 'STOPPED';

export class ClusterNodeError extends Error {
  override readonly name = 'ClusterNodeError';
  readonly code: ClusterNodeErrorCode;

  constructor(code: ClusterNodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A request that was refused before anything was sent: the caller asked for something that cannot be. */
export type RequestErrorCode =
  | 'KEY_EMPTY'
  | 'KEY_TOO_LONG'
  | 'VALUE_TOO_LARGE'
  | 'UNKNOWN_KEYSPACE'
  | 'KEYSPACE_EXISTS'
  | 'KEYSPACE_FIXED'
  | 'INVALID_KEYSPACE'
  | 'TOO_MANY_KEYSPACES'
  | 'INVALID_QUORUM'
  | 'INVALID_CONTENT_TYPE'
  | 'INVALID_VERSION'
  | 'INVALID_TTL'
  | 'INVALID_LIMIT'
  | 'INVALID_CURSOR'
  | 'INVALID_CONTEXT'
  | 'INVALID_CHANGE_ID'
  | 'STAMP_TOO_FAR_AHEAD'
  | 'OPERATION_FORGOTTEN'
  | 'NOT_SUPPORTED'
  | 'NOT_READY'
  | 'BUSY'
  | 'TOO_FEW_VOTERS'
  | 'DISK_FULL';

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
