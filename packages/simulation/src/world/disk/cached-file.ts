/**
 * The bytes of one file, twice: as programs see them (the page cache) and as they are on the medium. A sync copies what
 * was written before it; a crash decides page by page what of the rest had reached the medium by itself.
 */
import type { SeededRandom } from '../seeded-random.ts';
import { turn } from './bit-rot.ts';
import type { CrashLosses, CrashOutcome } from './crash.ts';
import { DiskSpace } from './disk-space.ts';

/** What a sync that is under way will make durable: the file as it was when the sync began. */
export interface SyncSnapshot {
  readonly size: number;
  readonly lastWriteAt: number;
  readonly pages: readonly { readonly page: number; readonly written: number; readonly bytes: Uint8Array }[];
}

export class CachedFile {
  readonly #pageBytes: number;
  readonly #space: DiskSpace;
  /** Pages that take space; the others read as zeros and take none. */
  readonly #taken = new Set<number>();
  #cache = new Uint8Array(0);
  #size = 0;
  #medium = new Uint8Array(0);
  #mediumSize = 0;
  /** Pages that were written since they were last synced, with the number of their last write. */
  readonly #dirty = new Map<number, number>();
  #writes = 0;
  /** Where the last write began, and the last one that is synced. */
  #lastWriteAt = 0;
  #lastSyncedWriteAt = 0;

  constructor(pageBytes: number, space: DiskSpace = new DiskSpace()) {
    this.#pageBytes = pageBytes;
    this.#space = space;
  }

  get size(): number {
    return this.#size;
  }

  /** True when a crash could take something away. */
  get dirty(): boolean {
    return this.#dirty.size > 0 || this.#size !== this.#mediumSize;
  }

  read(position: number, length: number): Uint8Array {
    return this.#cache.slice(position, Math.min(this.#size, position + length));
  }

  /** What there is no space for is not written, but what comes before it is. @throws StorageError DISK_FULL */
  write(position: number, chunks: readonly Uint8Array[]): void {
    let end = position;
    for (const chunk of chunks) end += chunk.length;
    const fits = this.#takeSpace(position, end);
    if (fits >= end) this.#write(position, end, chunks);
    else {
      if (fits > position) this.#write(position, fits, [joined(chunks).subarray(0, fits - position)]);
      throw this.#space.refuse(`${end - fits} of ${end - position} bytes`);
    }
  }

  #write(position: number, end: number, chunks: readonly Uint8Array[]): void {
    this.#cache = grown(this.#cache, end);
    let at = position;
    for (const chunk of chunks) {
      this.#cache.set(chunk, at);
      at += chunk.length;
    }
    this.#touch(Math.min(position, this.#size), end);
    this.#size = Math.max(this.#size, end);
    this.#lastWriteAt = position;
  }

  truncate(size: number): void {
    this.#cache = grown(this.#cache, size);
    this.#cache.fill(0, Math.min(size, this.#size), this.#size);
    if (size > this.#size) this.#touch(this.#size, size);
    for (const page of [...this.#dirty.keys()]) if (page * this.#pageBytes >= size) this.#dirty.delete(page);
    this.#size = size;
    this.#giveSpace(size);
  }

  /** Its last name is gone. */
  removed(): void {
    this.#giveSpace(0);
  }

  /** So many bytes at its beginning may rot: those that are synced, without the last synced write if that is to be spared. */
  rottable(sparesLastWrite: boolean): number {
    const size = Math.min(this.#size, this.#mediumSize);
    return sparesLastWrite ? Math.min(size, this.#lastSyncedWriteAt) : size;
  }

  /** For good: on the medium and for whoever reads. */
  turnBit(position: number, bit: number): void {
    turn(this.#cache, position, bit);
    turn(this.#medium, position, bit);
  }

  beginSync(): SyncSnapshot {
    const pages = [...this.#dirty].map(([page, written]) => ({
      page,
      written,
      bytes: this.#pageOf(this.#cache, page),
    }));
    return { size: this.#size, lastWriteAt: this.#lastWriteAt, pages };
  }

  endSync({ size, lastWriteAt, pages }: SyncSnapshot): void {
    this.#setMediumSize(size);
    this.#lastSyncedWriteAt = lastWriteAt;
    for (const { page, written, bytes } of pages) {
      this.#putOnMedium(page, bytes);
      if (this.#dirty.get(page) === written) this.#dirty.delete(page);
    }
  }

  /** The file as it is after a crash; what was lost is counted into `losses`. */
  crash(random: SeededRandom, outcome: CrashOutcome, losses: CrashLosses): void {
    if (this.dirty) this.#loseUnsynced(random, outcome, losses);
    this.#cache = this.#medium.slice(0, this.#mediumSize);
    this.#size = this.#mediumSize;
    this.#dirty.clear();
  }

  #loseUnsynced(random: SeededRandom, outcome: CrashOutcome, losses: CrashLosses): void {
    const before = this.#mediumSize;
    let reached = before;
    for (const page of [...this.#dirty.keys()].sort((a, b) => a - b)) {
      const kept = this.#crashPage(page, random, outcome, losses);
      if (kept > 0) reached = Math.max(reached, Math.min(this.#size, page * this.#pageBytes + kept));
    }
    // A grown size may have reached the medium ahead of the bytes, which then read as zeros.
    const size = random.chance(outcome.sizeReached) ? this.#size : reached;
    losses.bytes += Math.max(0, this.#size - size);
    this.#setMediumSize(size);
  }

  /** Puts the page, a part of it, or nothing on the medium; returns how many of its bytes got there. */
  #crashPage(page: number, random: SeededRandom, outcome: CrashOutcome, losses: CrashLosses): number {
    const bytes = this.#pageOf(this.#cache, page);
    const reaches = random.chance(outcome.pageReached);
    const torn = random.chance(outcome.pageTorn);
    const cut = random.integer(1, Math.max(1, bytes.length - 1));
    if (!reaches) {
      losses.bytes += bytes.length;
      return 0;
    }
    if (torn) losses.tornPages += 1;
    const kept = torn ? Math.min(cut, bytes.length) : bytes.length;
    this.#putOnMedium(page, bytes.subarray(0, kept));
    return kept;
  }

  /** Takes a page after the other; returns where the first byte lies for which there is no space. */
  #takeSpace(from: number, to: number): number {
    for (let page = Math.floor(from / this.#pageBytes); page * this.#pageBytes < to; page += 1) {
      if (this.#taken.has(page)) continue;
      if (!this.#space.take()) return Math.max(from, page * this.#pageBytes);
      this.#taken.add(page);
    }
    return to;
  }

  #giveSpace(size: number): void {
    for (const page of this.#taken) {
      if (page * this.#pageBytes < size) continue;
      this.#taken.delete(page);
      this.#space.give(1);
    }
  }

  #touch(from: number, to: number): void {
    this.#writes += 1;
    for (let page = Math.floor(from / this.#pageBytes); page * this.#pageBytes < to; page += 1) {
      this.#dirty.set(page, this.#writes);
    }
  }

  #pageOf(bytes: Uint8Array, page: number): Uint8Array {
    const from = page * this.#pageBytes;
    return bytes.slice(from, Math.min(this.#size, from + this.#pageBytes));
  }

  #putOnMedium(page: number, bytes: Uint8Array): void {
    const from = page * this.#pageBytes;
    this.#medium = grown(this.#medium, from + bytes.length);
    this.#medium.set(bytes, from);
  }

  #setMediumSize(size: number): void {
    this.#medium = grown(this.#medium, size);
    this.#medium.fill(0, size);
    this.#mediumSize = size;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** At least `length` bytes, zeros behind what was there. */
function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  if (bytes.length >= length) return bytes as Uint8Array<ArrayBuffer>;
  const larger = new Uint8Array(Math.max(length, bytes.length * 2, 256));
  larger.set(bytes);
  return larger;
}
