/** What is known of a run once all that is in it has passed by: all of its description but what its file has to say. */

import { BLOCK_HEADER_BYTES } from '../block-file/block.ts';
import { compareBytes, copyBytes } from '../bytes.ts';
import type { RunDescription, ValueReference } from '../ports/manifest.ts';
import type { KeyRange, ValuePointer, RunEntry } from '../versioned-entry.ts';

type OfContents =
  | 'entries'
  | 'tombstones'
  | 'ranges'
  | 'earliestDeadline'
  | 'references'
  | 'smallestKey'
  | 'largestKey';

export class RunSummary {
  #entries = 0;
  #tombstones = 0;
  #ranges = 0;
  #earliestDeadline = 0;
  #firstKey: Uint8Array | undefined;
  #lastKey: Uint8Array | undefined;
  #firstFrom: Uint8Array | undefined;
  #lastRange: KeyRange | undefined;
  readonly #references: Map<number, { values: number; bytes: number }> = new Map();

  /** Entries and range tombstones. */
  get size(): number {
    return this.#entries + this.#ranges;
  }

  /** In key order. */
  add(entry: RunEntry): void {
    const { key, deadline, value } = entry;
    this.#firstKey ??= copyBytes(key);
    this.#lastKey = key;
    this.#entries++;
    if (value === undefined) {
      this.#tombstones++;
      return;
    }
    if (deadline !== 0 && (this.#earliestDeadline === 0 || deadline < this.#earliestDeadline)) {
      this.#earliestDeadline = deadline;
    }
    if (!(value instanceof Uint8Array)) this.#refer(value);
  }

  /** In key order. */
  addRange(range: KeyRange): void {
    this.#firstFrom ??= copyBytes(range.from);
    this.#lastRange = range;
    this.#ranges++;
  }

  /** There must be something to describe. */
  describe(): Pick<RunDescription, OfContents> {
    return {
      entries: this.#entries,
      tombstones: this.#tombstones,
      ranges: this.#ranges,
      earliestDeadline: this.#earliestDeadline,
      references: this.#describeReferences(),
      smallestKey: this.#smallestKey(),
      largestKey: this.#largestKey(),
    };
  }

  #refer({ file, storedLength }: ValuePointer): void {
    let reference = this.#references.get(file);
    if (reference === undefined) this.#references.set(file, (reference = { values: 0, bytes: 0 }));
    reference.values++;
    reference.bytes += BLOCK_HEADER_BYTES + storedLength;
  }

  #describeReferences(): ValueReference[] {
    const references = [...this.#references].map(([file, reference]) => ({ file, ...reference }));
    return references.sort((left, right) => left.file - right.file);
  }

  #smallestKey(): Uint8Array {
    const key = this.#firstKey;
    const from = this.#firstFrom;
    if (key === undefined || (from !== undefined && compareBytes(from, key) < 0)) return from as Uint8Array;
    return key;
  }

  #largestKey(): Uint8Array | undefined {
    const key = this.#lastKey;
    if (this.#lastRange === undefined) return copyBytes(key as Uint8Array);
    const { to } = this.#lastRange;
    if (to === undefined) return undefined;
    return copyBytes(key === undefined || compareBytes(key, to) < 0 ? to : key);
  }
}
