/**
 * A ring: token ranges and who owns them. Immutable, without an epoch and without knowledge of who is up. The two
 * allocators make it: `allocate` with equal partitions, `hashedRing` with one range per hashed token. Both answer
 * alike.
 */
import { type Copies, copiesKey } from './copies.ts';
import { RingError } from './errors.ts';
import { PreferenceLists, serverAt } from './preference-lists.ts';
import { orderedServers, type Server } from './server.ts';
import { type SpreadRule, spreadRule } from './spread-rule.ts';
import { type Token, tokenCount, type TokenRange } from './token.ts';

/** Storage keys name a partition in 16 bits. */
export const maxPartitions = 65_536;

export class Ring {
  /** Ordered by id, frozen. */
  readonly servers: readonly Server[];
  /** How many token ranges there are, each one virtual node. */
  readonly partitions: number;
  readonly #owners: Uint16Array;
  /** Of each partition its last token, ascending; undefined where all are equally wide. */
  readonly #lasts: Uint32Array | undefined;
  readonly #lists = new Map<string, PreferenceLists>();

  /** Use `allocate`, `ringOf` or `hashedRing`. Takes the arrays over; the servers must be ordered. */
  constructor(servers: readonly Server[], owners: Uint16Array, lasts?: Uint32Array) {
    this.servers = servers;
    this.partitions = owners.length;
    this.#owners = owners;
    this.#lasts = lasts;
  }

  /** Whether all partitions are equally wide. */
  get equal(): boolean {
    return this.#lasts === undefined;
  }

  /** The partition in whose range the token lies: a shift, or a binary search over hashed tokens. */
  partitionOf(token: Token): number {
    if (this.#lasts === undefined) return Math.floor(((token >>> 0) / tokenCount) * this.partitions);
    return firstAtOrAfter(this.#lasts, token >>> 0) % this.partitions;
  }

  rangeOf(partition: number): TokenRange {
    this.#checkPartition(partition);
    if (this.#lasts === undefined) {
      const width = tokenCount / this.partitions;
      return { first: partition * width, last: (partition + 1) * width - 1 };
    }
    const before = this.#lasts[(partition + this.partitions - 1) % this.partitions] ?? 0;
    return { first: (before + 1) >>> 0, last: this.#lasts[partition] ?? 0 };
  }

  ownerOf(partition: number): Server {
    this.#checkPartition(partition);
    return serverAt(this.servers, this.#owners[partition] ?? 0);
  }

  /** The owner table: by partition an index into `servers`. A copy; `ringOf` makes the ring of it again. */
  owners(): Uint16Array {
    return this.#owners.slice();
  }

  /** Computed when first asked for, then kept: hold on to it, or ask again, at no cost. */
  preferenceLists(copies: Copies): PreferenceLists {
    const key = copiesKey(copies);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const lists = new PreferenceLists(this.servers, this.#owners, this.spreadRule(copies));
    this.#lists.set(key, lists);
    return lists;
  }

  /** The servers that hold the token, best first. */
  preferenceList(token: Token, copies: Copies): readonly Server[] {
    return this.preferenceLists(copies).of(this.partitionOf(token));
  }

  /** The rule by which copies spread over the servers that own a virtual node here. */
  spreadRule(copies: Copies): SpreadRule {
    const present = new Set(this.#owners);
    return spreadRule(this.servers, copies, (index) => present.has(index));
  }

  #checkPartition(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) return;
    throw new RingError('OUT_OF_RANGE', `partition must be 0 to ${this.partitions - 1}, got ${partition}`);
  }
}

/**
 * The ring of equal partitions with this owner table: by partition an index into `servers`, in the order given. So a
 * ring that was agreed and stored comes back as it was, whatever allocator made it.
 */
export function ringOf(servers: readonly Server[], owners: ArrayLike<number>): Ring {
  checkPartitions(owners.length);
  const ordered = orderedServers(servers);
  const place = new Map(ordered.map((server, index) => [server.id, index]));
  const table = Uint16Array.from({ length: owners.length }, (_, partition) => {
    const index = place.get(servers[owners[partition] ?? -1]?.id ?? '');
    if (index === undefined) {
      throw new RingError(
        'INVALID_OWNERS',
        `owner of partition ${partition} must be 0 to ${servers.length - 1}, got ${owners[partition]}`,
      );
    }
    return index;
  });
  return new Ring(ordered, table);
}

export function checkPartitions(partitions: number): void {
  const powerOfTwo = Number.isInteger(partitions) && partitions >= 1 && (partitions & (partitions - 1)) === 0;
  if (powerOfTwo && partitions <= maxPartitions) return;
  throw new RingError(
    'INVALID_PARTITIONS',
    `partitions must be a power of two from 1 to ${maxPartitions}, got ${partitions}`,
  );
}

/** The index of the first number that is at least `token`; the length if none is. */
function firstAtOrAfter(ascending: Uint32Array, token: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < token) low = middle + 1;
    else high = middle;
  }
  return low;
}
