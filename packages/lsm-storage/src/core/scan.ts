/**
 * Ordered iteration over the merged view. A scan holds no file and no memory of the engine between its steps: when a
 * flush or a compaction changed the view meanwhile, it finds its place again by the last key it returned.
 */

import { compareBytes, copyBytes } from './bytes.ts';
import type { KeyedEntry, KeyedMeta, ScanRange } from './entry.ts';
import { StorageError } from './errors.ts';
import type { MergeCursor, MergedEntry } from './merge-cursor.ts';
import type { VersionedEntry } from './sorted-run/entries-block.ts';
import type { CursorStart } from './sorted-run/run-cursor.ts';
import type { SortedRun } from './sorted-run/sorted-run.ts';
import type { StoreView } from './store-view.ts';

/** Throws `INVALID_ARGUMENT` for a range that cannot be meant. */
export function checkRange(range: ScanRange): void {
  const { limit } = range;
  if (limit !== undefined && !(limit >= 0 && (Number.isInteger(limit) || limit === Infinity))) {
    throw new StorageError('INVALID_ARGUMENT', `limit must be an integer of at least 0, got ${limit}`);
  }
}

/** `assertOpen` is called before every step, and throws once the engine is closed. */
export function* scanMetas(view: StoreView, range: ScanRange, assertOpen: () => void): IterableIterator<KeyedMeta> {
  for (const { entry } of scanView(view, range, assertOpen)) {
    yield { key: copyBytes(entry.key), meta: copyBytes(entry.meta) };
  }
}

/** As {@link scanMetas}, with values. */
export function* scanEntries(view: StoreView, range: ScanRange, assertOpen: () => void): IterableIterator<KeyedEntry> {
  for (const { entry, run } of scanView(view, range, assertOpen)) {
    yield { key: copyBytes(entry.key), meta: copyBytes(entry.meta), value: valueOf(entry, run) };
  }
}

/** The value of an entry that is no tombstone, as the caller's own copy. */
export function valueOf(entry: VersionedEntry, run: SortedRun | undefined): Uint8Array {
  const { value } = entry;
  if (value instanceof Uint8Array) return copyBytes(value);
  if (value === undefined || run === undefined) throw new Error('a tombstone has no value');
  return run.readValueSync(value);
}

function* scanView(view: StoreView, range: ScanRange, assertOpen: () => void): Generator<MergedEntry> {
  const end = endOf(range);
  let start = startOf(range);
  let generation = view.generation;
  let cursor = view.cursor(start);
  for (let left = range.limit ?? Infinity; left > 0; ) {
    const found = nextOf(cursor);
    if (found === undefined || end(found.entry.key)) return;
    if (found.entry.value === undefined) continue;
    left--;
    yield found;
    assertOpen();
    if (view.generation === generation) continue;
    start = { ...start, key: found.entry.key, inclusive: false };
    generation = view.generation;
    cursor = view.cursor(start);
  }
}

function nextOf(cursor: MergeCursor): MergedEntry | undefined {
  for (let wanting = cursor.wanting(); wanting !== undefined; wanting = cursor.wanting()) {
    wanting.supply(wanting.run.readEntriesSync(wanting.wants as number));
  }
  return cursor.next();
}

function startOf(range: ScanRange): CursorStart {
  const reverse = range.reverse ?? false;
  const exclusive = reverse ? range.lt : range.gt;
  const inclusive = reverse ? range.lte : range.gte;
  return { key: copied(exclusive ?? inclusive), inclusive: exclusive === undefined, reverse };
}

/** Tells of a key in scan order whether it lies beyond the far bound. */
function endOf(range: ScanRange): (key: Uint8Array) => boolean {
  const reverse = range.reverse ?? false;
  const direction = reverse ? -1 : 1;
  const exclusive = copied(reverse ? range.gt : range.lt);
  const inclusive = copied(reverse ? range.gte : range.lte);
  if (exclusive !== undefined) return (key) => compareBytes(key, exclusive) * direction >= 0;
  if (inclusive !== undefined) return (key) => compareBytes(key, inclusive) * direction > 0;
  return () => false;
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copyBytes(bytes);
}
