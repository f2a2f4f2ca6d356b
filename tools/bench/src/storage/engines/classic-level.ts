/** LevelDB through classic-level, with write buffer and cache as large as ours and its compression (Snappy) on. */
import { ClassicLevel, type Iterator } from 'classic-level';
import {
  type BenchEngine,
  type BenchScan,
  type EngineOptions,
  mebibytes,
  type Pair,
  scanStep,
} from './bench-engine.ts';

type Level = ClassicLevel<Buffer, Buffer>;
type LevelIterator = Iterator<Level, Buffer, Buffer>;

/** Above every key of the bench. */
const top = Buffer.from([0xff]);
const bottom = Buffer.alloc(0);
/** Bytes that one call of `nextv` may bring; the default of 16 KiB would cut large batches short. */
const highWaterMarkBytes = 1024 * 1024;

export async function openClassicLevel(directory: string, options: EngineOptions): Promise<BenchEngine> {
  const db: Level = new ClassicLevel(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: true,
    writeBufferSize: options.writeBufferBytes,
    cacheSize: options.cacheBytes,
  });
  await db.open();
  return new ClassicLevelEngine(db, options);
}

class ClassicLevelEngine implements BenchEngine {
  readonly options: string;
  readonly #db: Level;
  readonly #write: { readonly sync: boolean };
  #seeker: LevelIterator | undefined;

  constructor(db: Level, { durable, writeBufferBytes, cacheBytes }: EngineOptions) {
    this.#db = db;
    this.#write = { sync: durable };
    const sizes = `writeBufferSize ${mebibytes(writeBufferBytes)}, cacheSize ${mebibytes(cacheBytes)}`;
    this.options = `sync ${durable}, compression (snappy), ${sizes}, checksums of blocks not verified (its default)`;
  }

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.#db.put(key, value, this.#write);
  }

  batch(pairs: readonly Pair[]): Promise<void> {
    return this.#db.batch(
      pairs.map(({ key, value }) => ({ type: 'put', key, value })),
      this.#write,
    );
  }

  get(key: Buffer): Buffer | undefined {
    return this.#db.getSync(key);
  }

  async getMany(keys: readonly Buffer[]): Promise<number> {
    const values = await this.#db.getMany([...keys]);
    return values.filter((value) => value !== undefined).length;
  }

  async seek(key: Buffer, count: number): Promise<number> {
    this.#seeker ??= this.#db.iterator({ highWaterMarkBytes });
    this.#seeker.seek(key);
    return (await this.#seeker.nextv(count)).length;
  }

  scan(reverse: boolean): BenchScan {
    const iterator = this.#db.iterator({ reverse, highWaterMarkBytes });
    return {
      next: async () => (await iterator.nextv(scanStep)).length,
      close: () => iterator.close(),
    };
  }

  /** LevelDB writes out its memtable first, whatever range it is asked to compact; above all keys nothing else is. */
  async flush(): Promise<void> {
    await this.#db.compactRange(top, top);
  }

  async compact(): Promise<void> {
    await this.#db.compactRange(bottom, top);
  }

  debt(): string {
    return `${this.#db.getProperty('leveldb.num-files-at-level0')} files at level 0`;
  }

  async close(): Promise<void> {
    await this.#seeker?.close();
    await this.#db.close();
  }
}
