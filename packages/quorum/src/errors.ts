/** What a caller of this package can do wrong. Outcomes of reads and writes are values, never errors. */
export type QuorumErrorCode = 'INVALID_VERSION' | 'INVALID_QUORUM' | 'STAMP_TOO_FAR_AHEAD';

export class QuorumError extends Error {
  override readonly name = 'QuorumError';
  readonly code: QuorumErrorCode;

  constructor(code: QuorumErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Why a set of siblings does not take a write. */
export type SiblingErrorCode = 'TOO_MANY_SIBLINGS' | 'WRITE_TOO_OLD' | 'INVALID_CONTEXT';

export class SiblingError extends Error {
  override readonly name = 'SiblingError';
  readonly code: SiblingErrorCode;

  constructor(code: SiblingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
