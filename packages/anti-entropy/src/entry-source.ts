/** Where entries come from: the one thing that an exchange needs of a store. */

export interface Entry {
  readonly key: Uint8Array;
  /** Opaque here: equal bytes are the same version. */
  readonly version: Uint8Array;
}

export interface Query {
  /** Which keys are asked for. */
  readonly includes: (key: Uint8Array) => boolean;
  /** Keys behind this one, in byte order; `undefined`: from the first. */
  readonly after: Uint8Array | undefined;
  /** Up to this one, included; `undefined`: to the last. */
  readonly through: Uint8Array | undefined;
  /** At most so many entries. */
  readonly limit: number;
}

export interface Listing {
  /** In byte order of their keys. */
  readonly entries: readonly Entry[];
  /**
   * Every included key up to this one is listed, and there may be more behind it; `undefined`: the listing is whole. A
   * source may end a listing wherever it likes, for instance when it has looked at too many keys that were not asked for.
   */
  readonly through: Uint8Array | undefined;
}

export type ListEntries = (query: Query) => Listing;

/** Negative if `a` comes before `b`; a prefix comes before what it begins. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export interface ListingLimits {
  /** Keys that are looked at, asked for or not; default 10 000. */
  readonly looks?: number;
}

/** Answers a query from entries in byte order, of which the first may be the one behind `after`. */
export function listFrom(entries: Iterable<Entry>, query: Query, { looks = 10_000 }: ListingLimits = {}): Listing {
  const found: Entry[] = [];
  let looked = 0;
  for (const entry of entries) {
    if (query.after !== undefined && compareKeys(entry.key, query.after) <= 0) continue;
    if (query.through !== undefined && compareKeys(entry.key, query.through) > 0) break;
    looked += 1;
    if (query.includes(entry.key)) found.push(entry);
    if (found.length >= query.limit || looked >= looks) return { entries: found, through: entry.key };
  }
  return { entries: found, through: undefined };
}
