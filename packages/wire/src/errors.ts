/**
 * The one error of this package. It says that bytes from outside, or a value about to become bytes, do not fit a format.
 */

/**
 * - `MALFORMED`: bytes or a value break a rule of the format.
 * - `FRAME_TOO_LARGE`: a frame is, or says it is, longer than the limit.
 * - `UNKNOWN_MESSAGE`: a frame carries a message type that this version does not know.
 * - `UNSUPPORTED_VERSION`: a format or a peer is of a version that this one cannot read or speak.
 */
export type WireErrorCode = 'MALFORMED' | 'FRAME_TOO_LARGE' | 'UNKNOWN_MESSAGE' | 'UNSUPPORTED_VERSION';

export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
