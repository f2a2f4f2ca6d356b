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
