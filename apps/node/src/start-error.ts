/** Why a node that was told what it needs could not start nevertheless. The message is for whoever started it. */

/**
 * - `ADDRESS_REFUSED`: it may not listen there.
 * - `ADDRESS_UNAVAILABLE`: it could not: the port is taken, or the machine has no such address.
 * - `UNKNOWN_MEMBER`: the topology has no member of that name.
 * - `FOLDER_UNAVAILABLE`: its data folder cannot be made.
 */
export type StartErrorCode = 'ADDRESS_REFUSED' | 'ADDRESS_UNAVAILABLE' | 'UNKNOWN_MEMBER' | 'FOLDER_UNAVAILABLE';

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
