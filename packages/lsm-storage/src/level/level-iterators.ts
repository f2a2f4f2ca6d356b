/** Level's iterators over entries, keys and values. */

import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level';
import type { KeyedEntry, MaybePromise, StorageEngine } from '../core/index.ts';
import { dataOf } from './data.ts';
import type { Data, DataFormat } from './data.ts';
import { ItemReader } from './item-reader.ts';
import type { ReaderOptions } from './item-reader.ts';

/** As `abstract-level` hands them to its implementations: bounds are encoded, and encodings are formats. */
export interface LevelIteratorOptions extends ReaderOptions {
  readonly keyEncoding: DataFormat;
  readonly valueEncoding: DataFormat;
  readonly keys?: boolean;
  readonly values?: boolean;
}

type Item = [Data | undefined, Data | undefined];

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class LevelIterator<TDatabase> extends AbstractIterator<TDatabase, Data, Data> {
  readonly #reader: ItemReader<Item>;

  constructor(db: TDatabase, engine: StorageEngine, options: LevelIteratorOptions) {
    super(db, options as object);
    const { keys, values, keyEncoding, valueEncoding } = options;
    this.#reader = new ItemReader(engine, options, values !== false, (entry) => [
      keys === false ? undefined : keyOf(entry, keyEncoding),
      values === false ? undefined : valueOf(entry, valueEncoding),
    ]);
  }

  protected _next(): MaybePromise<Item | undefined> {
    return this.#reader.next();
  }

  protected _nextv(size: number): MaybePromise<Item[]> {
    return this.#reader.nextv(size);
  }

  protected _all(): Promise<Item[]> {
    return this.#reader.all(this.limit - this.count);
  }

  protected _seek(target: Data): void {
    this.#reader.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#reader.close();
  }
}

export class LevelKeyIterator<TDatabase> extends AbstractKeyIterator<TDatabase, Data> {
  readonly #reader: ItemReader<Data>;

  constructor(db: TDatabase, engine: StorageEngine, options: LevelIteratorOptions) {
    super(db, options as object);
    const { keyEncoding } = options;
    this.#reader = new ItemReader(engine, options, false, (entry) => keyOf(entry, keyEncoding));
  }

  protected _next(): MaybePromise<Data | undefined> {
    return this.#reader.next();
  }

  protected _nextv(size: number): MaybePromise<Data[]> {
    return this.#reader.nextv(size);
  }

  protected _all(): Promise<Data[]> {
    return this.#reader.all(this.limit - this.count);
  }

  protected _seek(target: Data): void {
    this.#reader.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#reader.close();
  }
}

export class LevelValueIterator<TDatabase> extends AbstractValueIterator<TDatabase, Data, Data> {
  readonly #reader: ItemReader<Data>;

  constructor(db: TDatabase, engine: StorageEngine, options: LevelIteratorOptions) {
    super(db, options as object);
    const { valueEncoding } = options;
    this.#reader = new ItemReader(engine, options, true, (entry) => valueOf(entry, valueEncoding));
  }

  protected _next(): MaybePromise<Data | undefined> {
    return this.#reader.next();
  }

  protected _nextv(size: number): MaybePromise<Data[]> {
    return this.#reader.nextv(size);
  }

  protected _all(): Promise<Data[]> {
    return this.#reader.all(this.limit - this.count);
  }

  protected _seek(target: Data): void {
    this.#reader.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#reader.close();
  }
}

function keyOf({ key }: KeyedEntry, format: DataFormat): Data {
  return dataOf(key, format);
}

function valueOf({ value }: KeyedEntry, format: DataFormat): Data {
  return dataOf(value ?? NO_BYTES, format);
}
