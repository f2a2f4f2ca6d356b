/**
 * What a store should hold, as a map of strings: each step makes a new state, so that any earlier one can be looked at
 * again. Bytes are characters of the same code, so that the order of strings is the order of bytes.
 */

import type { Entry, KeyedEntry } from '../core/index.ts';
import type { IteratorOptions } from '../core/read/storage-iterator.ts';

export interface ModelEntry {
  readonly meta: string;
  /** `undefined`: a tombstone, which has a meta. */
  readonly value: string | undefined;
  /** 0: none. */
  readonly deadline: number;
}

export type ModelState = ReadonlyMap<string, ModelEntry>;

export type ModelWrite =
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: string;
      readonly meta: string;
      readonly deadline: number;
    }
  | { readonly type: 'delete'; readonly key: string }
  | { readonly type: 'delete-range'; readonly from: string; readonly to: string | undefined };

export const raw = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const unraw = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export function written(state: ModelState, writes: readonly ModelWrite[]): ModelState {
  const after = new Map(state);
  for (const write of writes) {
    if (write.type === 'put') {
      const { key, meta, value, deadline } = write;
      after.set(key, { meta, value, deadline });
    } else if (write.type === 'delete') after.delete(write.key);
    else for (const key of after.keys()) if (isWithin(key, write.from, write.to)) after.delete(key);
  }
  return after;
}

function isWithin(key: string, from: string, to: string | undefined): boolean {
  return key >= from && (to === undefined || key < to);
}

/** What is known of a key at a time; `undefined`: nothing. */
export function entryAt(state: ModelState, key: string, now: number): ModelEntry | undefined {
  const entry = state.get(key);
  if (entry === undefined) return undefined;
  const value = entry.deadline !== 0 && entry.deadline <= now ? undefined : entry.value;
  return value === undefined && entry.meta === '' ? undefined : { ...entry, value };
}

/** In the order of the iteration, without regard to the limit. */
export function iterated(state: ModelState, options: IteratorOptions, now: number): [string, ModelEntry][] {
  const found: [string, ModelEntry][] = [];
  for (const key of [...state.keys()].sort()) {
    const entry = entryAt(state, key, now);
    if (entry === undefined || (entry.value === undefined && options.tombstones !== true)) continue;
    if (isWanted(key, options)) found.push([key, options.values === false ? withoutValue(entry) : entry]);
  }
  return options.reverse === true ? found.reverse() : found;
}

function withoutValue(entry: ModelEntry): ModelEntry {
  return { ...entry, value: entry.value === undefined ? undefined : '' };
}

function isWanted(key: string, { gt, gte, lt, lte, prefix }: IteratorOptions): boolean {
  if (prefix !== undefined && !key.startsWith(unraw(prefix))) return false;
  if (gt !== undefined ? key <= unraw(gt) : gte !== undefined && key < unraw(gte)) return false;
  return lt !== undefined ? key < unraw(lt) : lte === undefined || key <= unraw(lte);
}

export function fromEntry({ meta, value, deadline }: Entry): ModelEntry {
  return { meta: unraw(meta), value: value === undefined ? undefined : unraw(value), deadline };
}

export function fromKeyed(entry: KeyedEntry): [string, ModelEntry] {
  return [unraw(entry.key), fromEntry(entry)];
}
