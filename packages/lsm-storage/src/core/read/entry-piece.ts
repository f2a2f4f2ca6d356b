/**
 * The entries that one step of an iterator takes. Those are found first, and then the values that are not in memory are
 * read, several at once.
 */

import { copyBytes, ownedCopy } from '../bytes.ts';
import type { KeyedEntry } from '../entry.ts';
import type { StoreVersion } from '../store/store-version.ts';
import { PackedValue } from '../versioned-entry.ts';
import type { ValuePointer, VersionedEntry } from '../versioned-entry.ts';
import { unpacked, valueFileOf } from './read-value.ts';

/** Values that are read at once. */
const READS_AT_ONCE = 16;

/** A value that is to be read, and the entry that it belongs to. */
interface MissingValue {
  readonly pointer: ValuePointer;
  readonly entry: { value: Uint8Array | undefined };
}

export class EntryPiece {
  readonly entries: KeyedEntry[] = [];
  readonly #count: number;
  readonly #bytes: number;
  readonly #values: boolean;
  readonly #missing: MissingValue[] = [];
  #taken = 0;
  #isLast = false;

  /** Has enough with so many entries, or, but for the first one, with so many bytes of keys and values. */
  constructor(count: number, bytes: number, values: boolean) {
    this.#count = count;
    this.#bytes = bytes;
    this.#values = values;
  }

  get isFull(): boolean {
    const { length } = this.entries;
    return this.#isLast || length >= this.#count || (length > 0 && this.#taken >= this.#bytes);
  }

  /** Whether no value is missing. */
  get isWhole(): boolean {
    return this.#missing.length === 0;
  }

  /** Whether nothing comes after it. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** There are no more entries. */
  end(): void {
    this.#isLast = true;
  }

  add(found: VersionedEntry, dead: boolean, version: StoreVersion): void {
    const { key, value } = found;
    this.#taken += key.length;
    if (dead || value === undefined) {
      this.entries.push(ownedEntry(found, undefined));
    } else if (!this.#values) {
      this.entries.push(ownedEntry(found, NO_BYTES));
    } else if (value instanceof Uint8Array) {
      this.#taken += value.length;
      this.entries.push(ownedEntry(found, ownedCopy(value)));
    } else if (value instanceof PackedValue) {
      this.#taken += value.rawLength;
      this.entries.push(ownedEntry(found, unpacked(value, version)));
    } else this.#addApart(found, value, version);
  }

  /** Reads the values that are missing. The version must be held. */
  async readMissing(version: StoreVersion): Promise<void> {
    for (let start = 0; start < this.#missing.length; start += READS_AT_ONCE) {
      const reads = this.#missing.slice(start, start + READS_AT_ONCE).map(async ({ pointer, entry }) => {
        entry.value = await valueFileOf(pointer, version).loadPassing(pointer);
      });
      // None may go on when this ends, since what is read may be closed then.
      const outcomes = await Promise.allSettled(reads);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  #addApart(found: VersionedEntry, pointer: ValuePointer, version: StoreVersion): void {
    this.#taken += pointer.rawLength;
    const cached = valueFileOf(pointer, version).peek(pointer);
    const entry = ownedEntry(found, cached);
    this.entries.push(entry);
    if (cached === undefined) this.#missing.push({ pointer, entry });
  }
}

/** The entry in memory that belongs to the caller, as the value must already. */
export function ownedEntry(
  { key, meta, deadline }: VersionedEntry,
  value: Uint8Array | undefined,
): KeyedEntry & { value: Uint8Array | undefined } {
  return { key: copyBytes(key), meta: meta.length === 0 ? NO_BYTES : copyBytes(meta), deadline, value };
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
