/** What goes wrong, in the words of the Level ecosystem: a `LEVEL_…` code, and the engine's own error as the cause. */

import { StorageError } from '../core/index.ts';
import type { StorageErrorCode } from '../core/index.ts';

export type LevelErrorCode =
  | 'LEVEL_ABORTED'
  | 'LEVEL_ALREADY_EXISTS'
  | 'LEVEL_CORRUPTION'
  | 'LEVEL_DATABASE_NOT_OPEN'
  | 'LEVEL_INVALID_ARGUMENT'
  | 'LEVEL_INVALID_KEY'
  | 'LEVEL_IO_ERROR'
  | 'LEVEL_LOCKED'
  | 'LEVEL_NOT_FOUND'
  | 'LEVEL_NOT_SUPPORTED'
  | 'LEVEL_READONLY';

/** A full disk and an engine that stopped writing are I/O errors to Level; the cause tells which. */
const CODES: Readonly<Record<StorageErrorCode, LevelErrorCode>> = {
  ALREADY_EXISTS: 'LEVEL_ALREADY_EXISTS',
  CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  CORRUPTION: 'LEVEL_CORRUPTION',
  DISK_FULL: 'LEVEL_IO_ERROR',
  INVALID_ARGUMENT: 'LEVEL_INVALID_ARGUMENT',
  IO_ERROR: 'LEVEL_IO_ERROR',
  LOCKED: 'LEVEL_LOCKED',
  NOT_FOUND: 'LEVEL_NOT_FOUND',
  POISONED: 'LEVEL_IO_ERROR',
  READ_ONLY: 'LEVEL_READONLY',
  UNSUPPORTED_FORMAT: 'LEVEL_NOT_SUPPORTED',
};

export class LevelError extends Error {
  override readonly name: string;
  readonly code: LevelErrorCode;

  constructor(code: LevelErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    // What aborting is called on every platform.
    this.name = code === 'LEVEL_ABORTED' ? 'AbortError' : 'LevelError';
    this.code = code;
  }
}

/** The engine's errors in Level's words; anything else as it is. */
export function levelError(error: unknown): unknown {
  return error instanceof StorageError ? new LevelError(CODES[error.code], error.message, { cause: error }) : error;
}

/** For `catch` of a promise. */
export function throwLevelError(error: unknown): never {
  throw levelError(error);
}
