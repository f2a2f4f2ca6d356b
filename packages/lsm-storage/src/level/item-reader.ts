/**
 * What Level's three kinds of iterators have in common: reading a range of the engine as of one moment, in pieces, and
 * again from elsewhere after a seek, even from behind the end.
 *
 * The engine answers what is in memory within the call. A loop over answers that are there already is a chain of
 * microtasks, which would keep timers and sockets waiting until it ended; so a turn of the event loop is taken every so
 * many bytes.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyBytes } from '../core/bytes.ts';
import type {
  IteratorOptions,
  KeyedEntry,
  MaybePromise,
  Snapshot,
  StorageEngine,
  StorageIterator,
} from '../core/index.ts';
import type { Data } from './data.ts';
import { bytesOf } from './data.ts';
import type { Bounds } from './key-bounds.ts';
import { scanRangeOf } from './key-bounds.ts';
import { LevelError, levelError, throwLevelError } from './level-error.ts';
import type { LevelSnapshot } from './level-snapshot.ts';

/** Options of an iterator as `abstract-level` hands them to its implementations. */
export interface ReaderOptions extends Bounds {
  readonly reverse: boolean;
  readonly snapshot?: LevelSnapshot | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly highWaterMarkBytes?: number | undefined;
}

const HIGH_WATER_MARK_BYTES = 256 * 1024;

/** After so many bytes other work has its turn. */
const BYTES_PER_TURN = 256 * 1024;

/** What an entry counts for beside its bytes: so many take as long to copy as an entry to find. */
const BYTES_PER_ENTRY = 256;

/** Entries that `all` reads at once. */
const ENTRIES_PER_PIECE = 1000;

export class ItemReader<T> {
  readonly #snapshot: Snapshot;
  /** Whether the snapshot is for this reader alone. */
  readonly #owned: boolean;
  readonly #range: IteratorOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #highWaterMarkBytes: number;
  readonly #itemOf: (entry: KeyedEntry) => T;
  /** Made when it is needed, since a snapshot may be closed before its iterators are. */
  #iterator: StorageIterator | undefined;
  /** Where reading goes on; `undefined`: where it is. */
  #target: Uint8Array | undefined;
  #bytesThisTurn = 0;

  /** Reads the engine as it is now, or the snapshot of the options. `values`: whether `itemOf` needs them. */
  constructor(engine: StorageEngine, options: ReaderOptions, values: boolean, itemOf: (entry: KeyedEntry) => T) {
    this.#owned = options.snapshot === undefined;
    this.#snapshot = options.snapshot?.reads ?? engine.snapshot();
    this.#range = { ...scanRangeOf(options), reverse: options.reverse, values };
    this.#signal = options.signal;
    this.#highWaterMarkBytes = options.highWaterMarkBytes ?? HIGH_WATER_MARK_BYTES;
    this.#itemOf = itemOf;
  }

  next(): MaybePromise<T | undefined> {
    return this.#mustWait() ? this.#afterWaiting(() => this.#readOne()) : this.#readOne();
  }

  /** Up to so many items, fewer once they come to the high water mark; none: the end. */
  nextv(size: number): MaybePromise<T[]> {
    return this.#mustWait() ? this.#afterWaiting(() => this.#read(size)) : this.#read(size);
  }

  /** Up to so many items, whatever their size. */
  async all(size: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < size) {
      const read = await this.nextv(Math.min(size - items.length, ENTRIES_PER_PIECE));
      if (read.length === 0) break;
      for (const item of read) items.push(item);
    }
    return items;
  }

  /** Reading goes on there: the bounds stay, and behind the end there is something again. */
  seek(target: Data): void {
    this.#target = copyBytes(bytesOf(target));
  }

  close(): void {
    this.#iterator?.close();
    if (this.#owned) this.#snapshot.release();
  }

  #readOne(): MaybePromise<T | undefined> {
    return converted(
      () => this.#positioned().take(),
      (entry) => (entry === undefined ? undefined : this.#item(entry)),
    );
  }

  #read(size: number): MaybePromise<T[]> {
    return converted(
      () => this.#positioned().takeMany(size, this.#highWaterMarkBytes),
      (entries) => entries.map((entry) => this.#item(entry)),
    );
  }

  #item(entry: KeyedEntry): T {
    this.#bytesThisTurn += BYTES_PER_ENTRY + entry.key.length + (entry.value?.length ?? 0);
    return this.#itemOf(entry);
  }

  /** The engine's iterators close themselves at their end: a seek begins with a new one. */
  #positioned(): StorageIterator {
    if (this.#target !== undefined) {
      this.#iterator?.close();
      this.#iterator = undefined;
    }
    this.#iterator ??= this.#snapshot.iterator(this.#range);
    if (this.#target !== undefined) this.#iterator.seek(this.#target);
    this.#target = undefined;
    return this.#iterator;
  }

  /** With a signal each read waits a moment, in which whoever made the call can abort it. */
  #mustWait(): boolean {
    return this.#signal !== undefined || this.#bytesThisTurn >= BYTES_PER_TURN;
  }

  async #afterWaiting<R>(read: () => MaybePromise<R>): Promise<R> {
    await (this.#bytesThisTurn >= BYTES_PER_TURN ? this.#turn() : undefined);
    if (this.#signal?.aborted === true) {
      throw new LevelError('LEVEL_ABORTED', 'the operation was aborted', { cause: this.#signal.reason });
    }
    return read();
  }

  async #turn(): Promise<void> {
    this.#bytesThisTurn = 0;
    await nextTurn();
  }
}

/** The engine's answer and the engine's errors in Level's words. */
function converted<A, B>(read: () => MaybePromise<A>, convert: (answer: A) => B): MaybePromise<B> {
  try {
    const answer = read();
    return answer instanceof Promise ? answer.then(convert, throwLevelError) : convert(answer);
  } catch (error) {
    throw levelError(error);
  }
}
