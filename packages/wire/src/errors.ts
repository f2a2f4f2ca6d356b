/**
 * The one error of this package: bytes from outside, or a value about to become bytes, do not fit a format.
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
  /** Where in the value, as in `topology.members[3].name`; empty where no field is to blame. */
  readonly path: string;
  readonly #problem: string;

  constructor(code: WireErrorCode, problem: string, options: { cause?: unknown; path?: string } = {}) {
    const { path = '', ...rest } = options;
    super(path === '' ? problem : `${path}: ${problem}`, rest);
    this.code = code;
    this.path = path;
    this.#problem = problem;
  }

  /** The same error, seen from the field `step` that contains the place of this one. */
  within(step: string): WireError {
    const separator = this.path === '' || this.path.startsWith('[') ? '' : '.';
    const path = step + separator + this.path;
    return new WireError(this.code, this.#problem, { path, ...('cause' in this ? { cause: this.cause } : {}) });
  }
}

/** A value or bytes that break a rule; `problem` says what was needed and what was got. */
export function malformed(problem: string, cause?: unknown): WireError {
  return new WireError('MALFORMED', problem, cause === undefined ? {} : { cause });
}

/** Adds `step` to the path of a WireError on its way out; leaves every other error as it is. */
export function locate(error: unknown, step: string): unknown {
  return error instanceof WireError ? error.within(step) : error;
}
