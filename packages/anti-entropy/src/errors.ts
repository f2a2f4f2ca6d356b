/** What a caller or a peer got wrong. */
export type AntiEntropyErrorCode = 'INVALID_OPTION' | 'INVALID_REQUEST';

/** A mistake with a stable `code`. A bad answer of a peer is none: it ends the exchange as `refused`. */
export class AntiEntropyError extends Error {
  override readonly name = 'AntiEntropyError';
  readonly code: AntiEntropyErrorCode;

  constructor(code: AntiEntropyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
