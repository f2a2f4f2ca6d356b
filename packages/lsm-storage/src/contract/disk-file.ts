/**
 * The bytes of one file on a disk that can lose power: what programs see, what the last sync made durable, and which
 * pages differ. After a power loss every differing page is there, or not, or in part.
 */

import { copyBytes } from '../core/bytes.ts';
import type { Random } from './random.ts';
import type { Survival } from './survival.ts';

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

export class DiskFile {
  #current: Uint8Array;
  #size: number;
  #durable: Uint8Array;
  #durableSize: number;
  readonly #dirtyPages: Set<number> = new Set();

  /** A file whose bytes are durable. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#current = new Uint8Array(bytes);
    this.#size = bytes.length;
    this.#durable = new Uint8Array(bytes);
    this.#durableSize = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  read(position: number, length: number): Uint8Array {
    return copyBytes(this.#current.subarray(Math.min(position, this.#size), Math.min(position + length, this.#size)));
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.#current = grown(this.#current, end);
    // Whatever lay between the old end and this write reads as zeros, and is as unsynced as the write itself.
    this.#markDirty(Math.min(position, this.#size), end);
    this.#current.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    this.#current = grown(this.#current, size);
    this.#markDirty(Math.min(size, this.#size), Math.max(size, this.#size));
    this.#current.fill(0, Math.min(size, this.#size));
    this.#size = size;
  }

  sync(): void {
    this.#durable = grown(this.#durable, this.#size);
    this.#durable.fill(0, this.#size, Math.max(this.#size, this.#durableSize));
    for (const page of this.#dirtyPages) {
      const start = page * PAGE_BYTES;
      const end = Math.min(start + PAGE_BYTES, this.#size);
      if (start < end) this.#durable.set(this.#current.subarray(start, end), start);
    }
    this.#durableSize = this.#size;
    this.#dirtyPages.clear();
  }

  /** All bytes as programs see them. */
  contents(): Uint8Array {
    return copyBytes(this.#current.subarray(0, this.#size));
  }

  /** What the disk may hold after power was lost now. */
  afterPowerLoss(random: Random): DiskFile {
    const size = this.#survivingSize(random);
    const bytes = new Uint8Array(size);
    bytes.set(this.#durable.subarray(0, Math.min(size, this.#durableSize)));
    for (const page of [...this.#dirtyPages].sort((left, right) => left - right)) {
      const start = page * PAGE_BYTES;
      const end = Math.min(start + survivingBytes(random), size, this.#size);
      if (start < end) bytes.set(this.#current.subarray(start, end), start);
    }
    return new DiskFile(bytes);
  }

  /** The same with each page, and a shrinking, decided by itself; see {@link Survival}. */
  surviving(survival: Survival): DiskFile {
    const pages = [...this.#dirtyPages].sort((left, right) => left - right).filter(() => survival.keeps());
    const shrinks = this.#size < this.#durableSize && survival.keeps();
    const last = pages.at(-1);
    const ends = pages.map((page) =>
      Math.min(this.#size, page * PAGE_BYTES + (page === last ? survival.lastPageBytes(PAGE_BYTES) : PAGE_BYTES)),
    );
    const bytes = new Uint8Array(shrinks ? this.#size : Math.max(this.#durableSize, ends.at(-1) ?? 0));
    bytes.set(this.#durable.subarray(0, Math.min(bytes.length, this.#durableSize)));
    for (const [i, page] of pages.entries()) {
      const start = page * PAGE_BYTES;
      if (start < (ends[i] as number)) bytes.set(this.#current.subarray(start, ends[i]), start);
    }
    return new DiskFile(bytes);
  }

  /** The old size, the new one, or any size between: a file system may write its length before, after or with pages. */
  #survivingSize(random: Random): number {
    const least = Math.min(this.#size, this.#durableSize);
    const most = Math.max(this.#size, this.#durableSize);
    if (least === most) return least;
    const fate = random();
    if (fate < 0.25) return this.#durableSize;
    if (fate < 0.6) return this.#size;
    return least + Math.floor(random() * (most - least + 1));
  }

  #markDirty(start: number, end: number): void {
    for (let page = Math.floor(start / PAGE_BYTES); page * PAGE_BYTES < end; page++) this.#dirtyPages.add(page);
  }
}

/** At least so many bytes, those there are and zeros behind them. */
function grown(bytes: Uint8Array, length: number): Uint8Array {
  if (length <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

/** How many leading bytes of an unsynced page reach the disk: all, none, or some sectors. */
function survivingBytes(random: Random): number {
  const fate = random();
  if (fate < 0.4) return PAGE_BYTES;
  if (fate < 0.7) return 0;
  return SECTOR_BYTES * Math.floor(random() * (PAGE_BYTES / SECTOR_BYTES));
}
