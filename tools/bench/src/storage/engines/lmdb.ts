/** LMDB through lmdb-js. It has no cache but the page cache, no write buffer, and nothing to compact. */
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { type BenchEngine, type BenchScan, type EngineOptions, type Pair, scanStep } from './bench-engine.ts';

const dataFile = 'data.mdb';

export function openLmdb(directory: string, options: EngineOptions): BenchEngine {
  const db = open<Buffer, Buffer>(directory, {
    encoding: 'binary',
    keyEncoding: 'binary',
    noSubdir: false,
    ...(!options.durable && { noSync: true }),
  });
  return new Lmdb(db, directory, options.durable);
}

class Lmdb implements BenchEngine {
  readonly options: string;
  readonly #db: RootDatabase<Buffer, Buffer>;
  readonly #directory: string;
  readonly #durable: boolean;

  constructor(db: RootDatabase<Buffer, Buffer>, directory: string, durable: boolean) {
    this.#db = db;
    this.#directory = directory;
    this.#durable = durable;
    const sync = durable ? 'overlappingSync (its default), each put awaits `flushed`' : 'noSync';
    this.options = `${sync}, binary keys and values, no compression (lz4 is optional), no checksums (it has none)`;
  }

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.#acknowledged(this.#db.put(key, value));
  }

  batch(pairs: readonly Pair[]): Promise<void> {
    return this.#acknowledged(
      this.#db.batch(() => {
        for (const { key, value } of pairs) void this.#db.put(key, value);
      }),
    );
  }

  get(key: Buffer): Buffer | undefined {
    return this.#db.getBinary(key);
  }

  getMany(keys: readonly Buffer[]): number {
    let found = 0;
    for (const key of keys) if (this.#db.getBinary(key) !== undefined) found += 1;
    return found;
  }

  seek(key: Buffer, count: number): number {
    let entries = 0;
    for (const _ of this.#db.getRange({ start: key, limit: count })) entries += 1;
    return entries;
  }

  scan(reverse: boolean): BenchScan {
    const entries = this.#db.getRange({ reverse })[Symbol.iterator]();
    return {
      next: () => {
        let count = 0;
        while (count < scanStep && entries.next().done !== true) count += 1;
        return count;
      },
      close: () => undefined,
    };
  }

  async flush(): Promise<void> {
    await this.#db.committed;
    if (this.#durable) await this.#db.flushed;
    else syncFile(join(this.#directory, dataFile));
  }

  compact(): Promise<void> {
    return this.flush();
  }

  debt(): string {
    return 'none';
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  /** `flushed` stands for all writes before it is asked for, so it is asked for in the turn of the write. */
  async #acknowledged(write: Promise<boolean>): Promise<void> {
    if (this.#durable) await Promise.all([write, this.#db.flushed]);
    else await write;
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  fdatasyncSync(file);
  closeSync(file);
}
