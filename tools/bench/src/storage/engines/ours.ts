/** `@kv/lsm-storage` at its defaults: zstd and checksums on, jobs on worker threads. */
import { openStorage, type StorageEngine } from '@kv/lsm-storage';
import {
  type BenchEngine,
  type BenchScan,
  type EngineOptions,
  mebibytes,
  type Pair,
  scanStep,
} from './bench-engine.ts';

export async function openOurs(directory: string, options: EngineOptions): Promise<BenchEngine> {
  const { durable, cacheBytes, writeBufferBytes, memoryBudget } = options;
  const storage = await openStorage(directory, {
    durability: durable ? 'group' : 'none',
    memtableBytes: writeBufferBytes,
    ...(memoryBudget === undefined ? { cacheBytes } : { memoryBudget }),
  });
  return new Ours(storage, describe(options));
}

function describe({ durable, cacheBytes, writeBufferBytes, memoryBudget }: EngineOptions): string {
  const memory =
    memoryBudget === undefined ? `block cache ${mebibytes(cacheBytes)}` : `memory budget ${mebibytes(memoryBudget)}`;
  return `durability ${durable ? 'group' : 'none'}, zstd, memtable ${mebibytes(writeBufferBytes)}, ${memory}`;
}

class Ours implements BenchEngine {
  readonly options: string;
  readonly #storage: StorageEngine;

  constructor(storage: StorageEngine, options: string) {
    this.#storage = storage;
    this.options = options;
  }

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.#storage.put(key, value);
  }

  batch(pairs: readonly Pair[]): Promise<void> {
    return this.#storage.batch(pairs.map(({ key, value }) => ({ type: 'put', key, value })));
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#storage.getSync(key);
  }

  async getMany(keys: readonly Buffer[]): Promise<number> {
    let found = 0;
    for (const value of await this.#storage.getMany(keys)) if (value !== undefined) found += 1;
    return found;
  }

  seek(key: Buffer, count: number): number {
    const iterator = this.#storage.iterator({ gte: key, limit: count });
    const entries = iterator.nextv(count).length;
    iterator.close();
    return entries;
  }

  scan(reverse: boolean): BenchScan {
    const iterator = this.#storage.iterator({ reverse });
    return { next: () => iterator.nextv(scanStep).length, close: async () => iterator.close() };
  }

  flush(): Promise<void> {
    return this.#storage.flush();
  }

  compact(): Promise<void> {
    return this.#storage.compact();
  }

  debt(): string {
    const { runs, garbageBytes } = this.#storage.stats();
    return `${runs} runs, ${mebibytes(garbageBytes)} of replaced values`;
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}
