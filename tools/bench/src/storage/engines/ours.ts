/** `@kv/lsm-storage` at its defaults: zstd and checksums on. */
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
  const storage = await openStorage(directory, { memtableBytes: options.writeBufferBytes });
  return new Ours(storage, describe(options));
}

function describe({ writeBufferBytes }: EngineOptions): string {
  return `durability group, zstd, memtable ${mebibytes(writeBufferBytes)}, no block cache`;
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

  async batch(pairs: readonly Pair[]): Promise<void> {
    await Promise.all(pairs.map(({ key, value }) => this.#storage.put(key, value)));
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#storage.get(key)?.value;
  }

  getMany(keys: readonly Buffer[]): number {
    let found = 0;
    for (const key of keys) if (this.#storage.get(key) !== undefined) found += 1;
    return found;
  }

  seek(key: Buffer, count: number): number {
    let entries = 0;
    for (const _ of this.#storage.scan({ gte: key, limit: count })) entries += 1;
    return entries;
  }

  scan(reverse: boolean): BenchScan {
    const scan = this.#storage.scan({ reverse });
    return {
      next: () => {
        let entries = 0;
        while (entries < scanStep && scan.next().done !== true) entries += 1;
        return entries;
      },
      close: () => undefined,
    };
  }

  flush(): Promise<void> {
    return this.#storage.flush();
  }

  compact(): Promise<void> {
    return this.#storage.compact();
  }

  debt(): string {
    return `${this.#storage.stats().runs} runs`;
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}
