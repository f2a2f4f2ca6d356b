/** What a caller can do wrong. A ring that was made never throws afterwards, except for an argument out of range. */
export type RingErrorCode =
  | 'NO_SERVERS'
  | 'INVALID_SERVER'
  | 'DUPLICATE_SERVER'
  | 'INVALID_PARTITIONS'
  | 'INVALID_COPIES'
  | 'INVALID_OWNERS'
  | 'OUT_OF_RANGE'
  | 'RINGS_DIFFER';

export class RingError extends Error {
  override readonly name = 'RingError';
  readonly code: RingErrorCode;

  constructor(code: RingErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
