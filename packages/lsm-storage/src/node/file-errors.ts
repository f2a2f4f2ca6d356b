/** Turns what Node throws about files into the engine's own errors. */

import { StorageError } from '../core/errors.ts';
import type { StorageErrorCode } from '../core/index.ts';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  SQLITE_FULL: 'DISK_FULL',
};

/** Errors of the system, or of SQLite, by their `code`. `what` says what was being done, as in "writing 0000000001.log". */
export function fileError(cause: unknown, what: string): StorageError {
  const errno = errnoOf(cause);
  return new StorageError(CODES[errno] ?? 'IO_ERROR', `${what} failed: ${errno}`, { cause });
}

/** Node's `code` of a system error, or the message of anything else. */
export function errnoOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
