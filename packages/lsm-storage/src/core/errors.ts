/**
 * What the engine says when it cannot do what it was asked. Every error carries a stable `code`; the message tells
 * what happened, what was needed and what was got; `cause` keeps the error underneath.
 */

/**
 * - `INVALID_ARGUMENT`: the call breaks a limit that the message names; nothing was done.
 * - `LOCKED`: another engine has the directory open; the message names its holder.
 * - `CLOSED`: the engine was closed.
 * - `READ_ONLY`: the engine was opened for reading; nothing was done.
 * - `POISONED`: an earlier write or sync failed, so nothing more is written until the engine is opened again. Whether
 *   the entries then in flight are durable is unknown until that opening; reads go on.
 * - `CORRUPTION`: bytes on disk are not what was written (always a {@link CorruptionError}).
 * - `UNSUPPORTED_FORMAT`: a file has another format version, or was written with a codec that this engine was not given.
 * - `NOT_FOUND`, `ALREADY_EXISTS`, `DISK_FULL`, `IO_ERROR`: what a file system call ran into.
 */
export type StorageErrorCode =
  | 'INVALID_ARGUMENT'
  | 'LOCKED'
  | 'CLOSED'
  | 'READ_ONLY'
  | 'POISONED'
  | 'CORRUPTION'
  | 'UNSUPPORTED_FORMAT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'DISK_FULL'
  | 'IO_ERROR';

export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Bytes on disk that are not what the engine wrote there: never returned as data, always reported with their place. */
export class CorruptionError extends StorageError {
  override readonly name: string = 'CorruptionError';
  /** Path of the damaged file, relative to the engine's directory. */
  readonly file: string;
  /** Position in bytes of the frame, block or footer that is damaged; 0 where the file as a whole is. */
  readonly offset: number;
  /** What is wrong there, in words. */
  readonly what: string;

  constructor(file: string, offset: number, what: string, options?: { readonly cause?: unknown }) {
    super('CORRUPTION', `${file} is damaged at byte ${offset}: ${what}`, options);
    this.file = file;
    this.offset = offset;
    this.what = what;
  }
}

/** Whether the file system failed for a reason of its own. */
export function isIoError(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'IO_ERROR';
}

/** Whether bytes on disk are wrong, or cannot be had. */
export function isDamage(error: unknown): error is StorageError {
  return error instanceof CorruptionError || isIoError(error);
}

/** What reading a file ended in: one that cannot be read is as damaged as one that can be read and is wrong. */
export function unreadable(error: unknown, file: string): unknown {
  return isIoError(error) ? new CorruptionError(file, 0, 'it cannot be read', { cause: error }) : error;
}

/** Whether something failed for want of space on the disk, and may be tried again. */
export function isDiskFull(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'DISK_FULL';
}
