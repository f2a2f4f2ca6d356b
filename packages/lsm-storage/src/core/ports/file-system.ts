/**
 * The port to the disk: positional reads and writes, and the syncs that make them durable, each by its own name.
 * The engine relies on nothing more than what is said here; `@kv/lsm-storage/contract` holds an implementation to it.
 *
 * Paths are separated by '/' and relative to the root that the implementation was made for.
 */

/**
 * - `read`: an existing file, for reading.
 * - `create`: a new file, for reading and writing; `ALREADY_EXISTS` if there is one.
 * - `modify`: an existing file, for reading and writing.
 */
export type OpenMode = 'read' | 'create' | 'modify';

/** Failures are `StorageError`s with the codes `NOT_FOUND`, `ALREADY_EXISTS`, `DISK_FULL`, `LOCKED`, `IO_ERROR`. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<StorageFile>;
  /** The names in a directory, files and directories, sorted by code unit. */
  list(directory: string): Promise<readonly string[]>;
  /** No error if it exists. Not durable before the parent is synced. */
  createDirectory(path: string): Promise<void>;
  /** Replaces `to` if it exists, as one step. Durable after `syncDirectory` of the directory. */
  rename(from: string, to: string): Promise<void>;
  /** Gives a file a second name, under which it lives on when the first is removed; `ALREADY_EXISTS` if that is taken. */
  link(from: string, to: string): Promise<void>;
  /** Of a file. Durable after `syncDirectory`. Files already open stay readable. */
  remove(path: string): Promise<void>;
  /** Of a directory in which nothing is. Durable after `syncDirectory` of its parent. */
  removeDirectory(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Makes names created, linked, renamed and removed in this directory durable. '' and '.' are the root. */
  syncDirectory(path: string): Promise<void>;
  /** Exclusive until released or until its holder dies. `LOCKED` names the holder. */
  lock(path: string): Promise<FileLock>;
}

export interface StorageFile {
  readonly path: string;
  size(): Promise<number>;
  /**
   * Fewer bytes than asked for only at the end of the file. The bytes are the caller's own. They are put into `memory`,
   * if there is one, which has room for all that is asked for and is left alone by others meanwhile.
   */
  read(position: number, length: number, memory?: Uint8Array): Promise<Uint8Array>;
  /** As `read`, without leaving the call: for the read path, where a hop to another thread costs more than the read. */
  readSync(position: number, length: number, memory?: Uint8Array): Uint8Array;
  /**
   * Writes the chunks one behind the other from `position`: all of them, or an error (short writes are continued).
   * The chunks must not change before the promise settles. A gap behind the old end reads as zeros.
   */
  write(position: number, chunks: readonly Uint8Array[]): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Makes bytes and size durable (fdatasync). After a failure nothing may be assumed about unsynced writes. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileLock {
  release(): Promise<void>;
}
