/** What can go wrong while a local cluster is started, one code per situation. */
export type LocalClusterErrorCode =
  | 'INVALID_OPTION'
  | 'PROGRAM_MISSING'
  | 'PORT_TAKEN'
  | 'DATA_UNWRITABLE'
  | 'DATA_IN_USE'
  | 'DATA_FOREIGN'
  | 'DATA_DAMAGED'
  | 'NODES_DIFFER'
  | 'UNKNOWN_NODE'
  | 'NODE_RUNNING'
  | 'NODE_FAILED'
  | 'NOT_READY';

/** A refusal or failure that a person can act on: the message is one line that says what happened and what to do. */
export class LocalClusterError extends Error {
  readonly code: LocalClusterErrorCode;

  constructor(code: LocalClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LocalClusterError';
    this.code = code;
  }
}

/** The code of a failed system call (`EACCES`, `EADDRINUSE`), or undefined for any other thrown value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
