/**
 * Names in order, as a list of short sorted lists: finding is two binary searches, inserting shifts one short list.
 * New names wait unsorted until the first question about order, so that a memtable that is only written and looked
 * up pays nothing for it.
 */

const CHUNK_NAMES = 256;

export class OrderedNames {
  /** Never an empty chunk; every name of a chunk is smaller than every name of the next. */
  #chunks: string[][] = [];
  #waiting: string[] = [];

  /** The caller adds each name once. */
  add(name: string): void {
    this.#waiting.push(name);
  }

  /** The smallest name that is greater than `name` (or equal, if `inclusive`); the smallest of all for `undefined`. */
  above(name: string | undefined, inclusive: boolean): string | undefined {
    this.#settle();
    if (name === undefined) return this.#chunks[0]?.[0];
    const c = firstWhere(this.#chunks.length, (i) => reaches(this.#chunks[i]?.at(-1), name, inclusive));
    const chunk = this.#chunks[c];
    if (chunk === undefined) return undefined;
    return chunk[firstWhere(chunk.length, (i) => reaches(chunk[i], name, inclusive))];
  }

  /** The greatest name that is smaller than `name` (or equal, if `inclusive`); the greatest of all for `undefined`. */
  below(name: string | undefined, inclusive: boolean): string | undefined {
    this.#settle();
    if (name === undefined) return this.#chunks.at(-1)?.at(-1);
    const c = firstWhere(this.#chunks.length, (i) => reaches(this.#chunks[i]?.[0], name, !inclusive)) - 1;
    const chunk = this.#chunks[c];
    if (chunk === undefined) return undefined;
    return chunk[firstWhere(chunk.length, (i) => reaches(chunk[i], name, !inclusive)) - 1];
  }

  /** All names, ascending. */
  all(): string[] {
    this.#settle();
    return this.#chunks.flat();
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting.sort(compareNames);
    this.#waiting = [];
    if (this.#chunks.length === 0) {
      for (let i = 0; i < waiting.length; i += CHUNK_NAMES) this.#chunks.push(waiting.slice(i, i + CHUNK_NAMES));
      return;
    }
    for (const name of waiting) this.#insert(name);
  }

  #insert(name: string): void {
    const found = firstWhere(this.#chunks.length, (i) => reaches(this.#chunks[i]?.at(-1), name, true));
    const c = Math.min(found, this.#chunks.length - 1);
    const chunk = this.#chunks[c] as string[];
    const at = firstWhere(chunk.length, (i) => reaches(chunk[i], name, true));
    chunk.splice(at, 0, name);
    if (chunk.length > 2 * CHUNK_NAMES) this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK_NAMES));
  }
}

function reaches(candidate: string | undefined, name: string, inclusive: boolean): boolean {
  return candidate !== undefined && (inclusive ? candidate >= name : candidate > name);
}

/** By code unit, which for names is byte order. */
function compareNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The first index in [0, count) that satisfies a predicate which, once true, stays true; else `count`. */
function firstWhere(count: number, predicate: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (predicate(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
