/** What the bench asks of every engine. Each adapter answers in the quickest way that its engine's documents name. */

export const engineNames = ['ours', 'classic-level', 'lmdb', 'better-sqlite3'] as const;

export type EngineName = (typeof engineNames)[number];

/** An engine that ours is compared with. */
export type PeerName = Exclude<EngineName, 'ours'>;

export const peerNames: readonly PeerName[] = ['classic-level', 'lmdb', 'better-sqlite3'];

export interface EngineOptions {
  /** Of the values that are going to be stored. */
  readonly valueBytes: number;
  /** A write is acknowledged once it is synced; else once the operating system has it. */
  readonly durable: boolean;
  /** For blocks or pages held by the engine; lmdb has none but the page cache. */
  readonly cacheBytes: number;
  /** The memtable of those that have one. */
  readonly writeBufferBytes: number;
  /** The one budget of an engine that has one; else what it takes by itself. */
  readonly memoryBudget?: number;
}

export const defaultWriteBufferBytes: number = 32 * 1024 * 1024;

/** Bytes as the engines' options are told in the report. */
export function mebibytes(bytes: number): string {
  const count = bytes / 1024 / 1024;
  return `${count < 10 ? Number(count.toFixed(1)) : Math.round(count)} MiB`;
}

/** Buffers, for every engine takes them as they are. */
export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface BenchEngine {
  /** What it was opened with, in its own words, for the report. */
  readonly options: string;
  /** Copies the key; the value is not changed after the call. Engines that write in the call return nothing. */
  put(key: Buffer, value: Buffer): Promise<void> | undefined;
  /** All or nothing. */
  batch(pairs: readonly Pair[]): Promise<void> | undefined;
  /** The value in bytes of the caller's own; the key may be used again after the call. */
  get(key: Buffer): Uint8Array | undefined;
  /** How many of the keys were found. */
  getMany(keys: readonly Buffer[]): Promise<number> | number;
  /** Reads up to `count` entries from the first key at or above the given one. @returns how many */
  seek(key: Buffer, count: number): Promise<number> | number;
  /** Reads everything, in steps of about a thousand entries. */
  scan(reverse: boolean): BenchScan;
  /** Resolves when everything written is where it stays and synced: nothing is left in a log or a memtable only. */
  flush(): Promise<void>;
  /** Flushes, and merges everything that can be merged. */
  compact(): Promise<void>;
  /** What is left for compaction to do, in the engine's own words. */
  debt(): string;
  close(): Promise<void>;
}

export interface BenchScan {
  /** Reads keys and values. @returns how many entries, 0 at the end */
  next(): Promise<number> | number;
  close(): Promise<void> | undefined;
}

/** Entries that a scan takes in one step, where the engine lets it choose. */
export const scanStep = 1000;
