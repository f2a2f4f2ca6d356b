/**
 * An `abstract-level` database over the engine. Level's implicit and explicit snapshots, seeks, batches and bounds are
 * the engine's own; this translates words and formats.
 */

import { AbstractLevel } from 'abstract-level';
import type { AbstractDatabaseOptions, AbstractIteratorOptions, AbstractOpenOptions, Transcoder } from 'abstract-level';
import type { BatchOperation, MaybePromise, StorageEngine, StoreReads } from '../core/index.ts';
import type { Compression } from '../node/compression.ts';
import { openStorage } from '../node/open-storage.ts';
import type { OpenStorageOptions } from '../node/open-storage.ts';
import { bytesOf, dataOf } from './data.ts';
import type { Data, DataFormat } from './data.ts';
import { ItemReader } from './item-reader.ts';
import type { ReaderOptions } from './item-reader.ts';
import { keyRangeOf } from './key-bounds.ts';
import { LevelError, levelError, throwLevelError } from './level-error.ts';
import { LevelIterator, LevelKeyIterator, LevelValueIterator } from './level-iterators.ts';
import type { LevelIteratorOptions } from './level-iterators.ts';
import { LevelSnapshot } from './level-snapshot.ts';
import type { SnapshotOwner } from './level-snapshot.ts';

/** Level's options, and those of the engine beside them. */
export interface LsmLevelOptions<K, V>
  extends AbstractDatabaseOptions<K, V>,
    Omit<OpenStorageOptions, 'createIfMissing' | 'errorIfExists' | 'compression'> {
  /** As the engine has it; as `classic-level` has it, true (zstd here) or false (none). */
  readonly compression?: Compression | boolean;
}

/** What iterators take beside Level's options; those over keys or values likewise. */
export interface LsmIteratorOptions<K, V> extends AbstractIteratorOptions<K, V> {
  /** Bytes of keys and values that `nextv` returns at once, but for the last entry; default 256 KiB. */
  readonly highWaterMarkBytes?: number;
}

export interface RangeSizeOptions<K> {
  /** What the bounds are encoded with; default: the database's key encoding. */
  readonly keyEncoding?: string | Transcoder.PartialEncoder<K>;
}

/** What `abstract-level` hands on to its implementations. */
interface ReadOptions {
  readonly valueEncoding: DataFormat;
  readonly snapshot?: LevelSnapshot | undefined;
}

type OpenOptions = AbstractOpenOptions &
  Omit<OpenStorageOptions, 'compression'> &
  Pick<LsmLevelOptions<unknown, unknown>, 'compression'>;

type Operation =
  | { readonly type: 'put'; readonly key: Data; readonly value: Data }
  | { readonly type: 'del'; readonly key: Data };

interface ClearOptions extends ReaderOptions {
  /** Negative: none. */
  readonly limit: number;
}

const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  has: true,
  getSync: true,
  createIfMissing: true,
  errorIfExists: true,
  implicitSnapshots: true,
  explicitSnapshots: true,
  permanence: true,
  seek: true,
  additionalMethods: { approximateSize: true, compactRange: true },
  signals: { iterators: true },
};

/** Keys that `clear` with a limit or a snapshot deletes in one batch. */
const KEYS_PER_BATCH = 10_000;

export class LsmLevel<KDefault = string, VDefault = string> extends AbstractLevel<Data, KDefault, VDefault> {
  readonly #location: string;
  #engine: StorageEngine | undefined;
  /** Reads that wait for the disk: closing waits for them. */
  readonly #reading: Set<Promise<unknown>> = new Set();

  /** Opens itself, as Level's databases do. `location`: a directory in which nothing else may be. */
  constructor(location: string, options?: LsmLevelOptions<KDefault, VDefault>) {
    super(MANIFEST, options);
    this.#location = location;
  }

  get location(): string {
    return this.#location;
  }

  /** The engine underneath, for what Level has no words for. `LEVEL_DATABASE_NOT_OPEN` unless the database is open. */
  get engine(): StorageEngine {
    if (this.#engine === undefined) throw new LevelError('LEVEL_DATABASE_NOT_OPEN', 'Database is not open');
    return this.#engine;
  }

  /** About how many bytes on disk the entries from `start` up to `end` take; what was written lately is not counted. */
  async approximateSize<K = KDefault>(start: K, end: K, options?: RangeSizeOptions<K>): Promise<number> {
    if (this.status === 'opening') return this.deferAsync(() => this.approximateSize(start, end, options));
    const { engine } = this;
    const range = keyRangeOf({ gte: this.#bound(start, options), lt: this.#bound(end, options) });
    return range === undefined ? 0 : attempt(() => engine.approximateBytes(range.from, range.to));
  }

  /** Merges what is stored from `start` to `end`; what was deleted or replaced there takes no space afterwards. */
  async compactRange<K = KDefault>(start: K, end: K, options?: RangeSizeOptions<K>): Promise<void> {
    if (this.status === 'opening') return this.deferAsync(() => this.compactRange(start, end, options));
    const { engine } = this;
    const range = keyRangeOf({ gte: this.#bound(start, options), lte: this.#bound(end, options) });
    if (range !== undefined) await engine.compactRange(range.from, range.to).catch(throwLevelError);
  }

  protected async _open(options: OpenOptions): Promise<void> {
    const { compression = true, ...others } = options;
    const named = typeof compression !== 'boolean' ? compression : compression ? 'zstd' : 'none';
    this.#engine = await openStorage(this.#location, { ...others, compression: named }).catch(throwLevelError);
  }

  protected async _close(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await Promise.allSettled(this.#reading);
    await engine?.close().catch(throwLevelError);
  }

  protected _get(key: Data, options: ReadOptions): MaybePromise<Data | undefined> {
    const value = attempt(() => this.#readsOf(options).get(bytesOf(key)));
    if (value instanceof Promise) return this.#waitFor(value.then((read) => found(read, options)));
    return found(value, options);
  }

  protected _getSync(key: Data, options: ReadOptions): Data | undefined {
    return found(
      attempt(() => this.#readsOf(options).getSync(bytesOf(key))),
      options,
    );
  }

  protected _getMany(keys: readonly Data[], options: ReadOptions): MaybePromise<(Data | undefined)[]> {
    const values = attempt(() => this.#readsOf(options).getMany(keys.map(bytesOf)));
    if (values instanceof Promise) return this.#waitFor(values.then((read) => read.map((one) => found(one, options))));
    return values.map((value) => found(value, options));
  }

  protected _has(key: Data, options: ReadOptions): MaybePromise<boolean> {
    const there = attempt(() => this.#readsOf(options).has(bytesOf(key)));
    return there instanceof Promise ? this.#waitFor(there) : there;
  }

  protected _hasMany(keys: readonly Data[], options: ReadOptions): Promise<boolean[]> {
    return Promise.all(keys.map(async (key) => this._has(key, options)));
  }

  protected _put(key: Data, value: Data): Promise<void> {
    return this.engine.put(bytesOf(key), bytesOf(value)).catch(throwLevelError);
  }

  protected _del(key: Data): Promise<void> {
    return this.engine.delete(bytesOf(key)).catch(throwLevelError);
  }

  protected _batch(operations: readonly Operation[]): Promise<void> {
    return this.engine.batch(operations.map(writeOf)).catch(throwLevelError);
  }

  /** Without limit and snapshot one range tombstone, however many entries there are; else in batches. */
  protected async _clear(options: ClearOptions): Promise<void> {
    if (options.limit >= 0 || options.snapshot !== undefined) return this.#clearOneByOne(options);
    const range = keyRangeOf(options);
    if (range !== undefined) await this.engine.deleteRange(range.from, range.to).catch(throwLevelError);
  }

  protected _snapshot(options: SnapshotOwner): LevelSnapshot {
    return new LevelSnapshot(this.engine.snapshot(), options);
  }

  protected _iterator(options: LevelIteratorOptions): LevelIterator<this> {
    return new LevelIterator(this, this.engine, options);
  }

  protected _keys(options: LevelIteratorOptions): LevelKeyIterator<this> {
    return new LevelKeyIterator(this, this.engine, options);
  }

  protected _values(options: LevelIteratorOptions): LevelValueIterator<this> {
    return new LevelValueIterator(this, this.engine, options);
  }

  async #clearOneByOne(options: ClearOptions): Promise<void> {
    const { engine } = this;
    const reader = new ItemReader(engine, options, false, ({ key }) => key);
    try {
      for (let left = options.limit < 0 ? Infinity : options.limit; left > 0; ) {
        const keys = await reader.nextv(Math.min(left, KEYS_PER_BATCH));
        if (keys.length === 0) break;
        await engine.batch(keys.map((key) => ({ type: 'delete', key }))).catch(throwLevelError);
        left -= keys.length;
      }
    } finally {
      reader.close();
    }
  }

  #readsOf({ snapshot }: { readonly snapshot?: LevelSnapshot | undefined }): StoreReads {
    return snapshot === undefined ? this.engine : snapshot.reads;
  }

  #bound<K>(key: K, options: RangeSizeOptions<K> | undefined): Data {
    if (key === undefined || key === null) throw new LevelError('LEVEL_INVALID_KEY', 'Key cannot be null or undefined');
    const { keyEncoding } = options ?? {};
    if (keyEncoding === undefined) return this.keyEncoding().encode(key as never);
    return this.keyEncoding(keyEncoding as Transcoder.MixedEncoding<K, Data, K>).encode(key);
  }

  #waitFor<T>(read: Promise<T>): Promise<T> {
    const reading = read.catch(throwLevelError).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
    return reading;
  }
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw levelError(error);
  }
}

function found(value: Uint8Array | undefined, { valueEncoding }: ReadOptions): Data | undefined {
  return value === undefined ? undefined : dataOf(value, valueEncoding);
}

function writeOf(operation: Operation): BatchOperation {
  const key = bytesOf(operation.key);
  return operation.type === 'put' ? { type: 'put', key, value: bytesOf(operation.value) } : { type: 'delete', key };
}
