/** What a caller did wrong: a peer never causes an exception, its bad messages end in a `refused` effect. */
export type GossipErrorCode = 'INVALID_OPTION' | 'INVALID_ARGUMENT';

/** A mistake of the calling program, with a stable `code`. */
export class GossipError extends Error {
  override readonly name = 'GossipError';
  readonly code: GossipErrorCode;

  constructor(code: GossipErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
