/**
 * The writing side of the commit log: appends groups to the newest segment, begins the next one, removes old ones.
 *
 * Each memtable has a segment of its own, which goes when the memtable is in a run. A segment is never written again by
 * a later opening, and the newest one is never removed, even when all its entries are in runs, so that a missing one
 * always shows.
 *
 * The newest segment is longer than what it holds. Where every group is synced and groups are small, zeros are written
 * ahead of them: a sync of bytes that only replace others has no new blocks and no new length to make durable, and takes
 * half the time. Of large groups the bytes themselves take longer than that, so for them the file only becomes longer.
 * What lies behind the last frame is zeros either way, and goes when the segment is sealed.
 */

import { StorageError, isIoError } from '../errors.ts';
import { FILE_HEADER_BYTES, encodeFileHeader } from '../file-header.ts';
import { segmentFileName } from '../file-names.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import { encodeSeal, finishGroup } from './frame.ts';

/** A segment that is complete on disk. */
export interface Segment {
  readonly number: number;
  readonly bytes: number;
}

/** The segments on disk, oldest first; `nextSegment` is higher than any of them. */
export interface RecoveredSegments {
  readonly segments: readonly Segment[];
  readonly nextSegment: number;
}

/** A group as the memtable holds it: its first part has room in front for the header of the frame. */
export interface LoggedGroup {
  readonly parts: readonly Uint8Array[];
  readonly firstSequence: number;
  readonly entries: number;
}

interface ActiveSegment {
  readonly number: number;
  readonly file: StorageFile;
  bytes: number;
  /** How long the file is. */
  extent: number;
  /** Up to where zeros were written. */
  written: number;
}

/** An opening looks through as much for what a crash left behind the last frame. */
const MOST_EXTENT_BYTES = 8 * 1024 * 1024;

/** Zeros are written ahead as far as the next multiple of this: more would be felt as a pause by whoever waits for it. */
const ZEROS: Uint8Array = new Uint8Array(256 * 1024);
/** Only ahead of groups of which so many fit: of larger ones the zeros would cost what their syncs save. */
const LEAST_GROUPS_AHEAD = 4;

export class CommitLog {
  readonly #fileSystem: FileSystem;
  readonly #syncsEachGroup: boolean;
  /** By how much the newest segment is lengthened at a time. */
  readonly #extentBytes: number;
  readonly #aheadBytes: number;
  readonly #older: Segment[];
  #nextSegment: number;
  #active: ActiveSegment | undefined;
  /** Bytes appended since the last sync began. */
  #unsyncedBytes = 0;
  #bytesWritten = 0;
  /** Segments are begun one at a time. Never rejects. */
  #beginning: Promise<unknown> = Promise.resolve();
  /** The last sync that was begun. */
  #syncing: Promise<void> = Promise.resolve();

  /**
   * `syncsEachGroup`: an appended group is durable; else it is handed to the operating system. `memtableBytes`: about what
   * a segment will hold.
   */
  constructor(fileSystem: FileSystem, syncsEachGroup: boolean, memtableBytes: number, recovered: RecoveredSegments) {
    this.#fileSystem = fileSystem;
    this.#extentBytes = Math.min(memtableBytes, MOST_EXTENT_BYTES);
    this.#aheadBytes = Math.min(memtableBytes, ZEROS.length);
    this.#syncsEachGroup = syncsEachGroup;
    this.#older = [...recovered.segments];
    this.#nextSegment = recovered.nextSegment;
  }

  get segments(): number {
    return this.#older.length + (this.#active === undefined ? 0 : 1);
  }

  get bytes(): number {
    let bytes = this.#active?.bytes ?? 0;
    for (const segment of this.#older) bytes += segment.bytes;
    return bytes;
  }

  /** Bytes appended since opening, and zeros ahead of them. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }

  /** The segments to which nothing is written any more, oldest first. */
  get sealed(): readonly Segment[] {
    return [...this.#older];
  }

  /** Seals the newest segment, and begins the next one; returns its number. `nextSequence`: of its first entry. */
  beginSegment(nextSequence: number): Promise<number> {
    const begun = this.#beginning.then(() => this.#begin(nextSequence));
    this.#beginning = begun.catch(() => undefined);
    return begun;
  }

  /**
   * Begins a segment behind this one, to which nothing may be appended any more, if there is none yet; returns the
   * number of the newest one then.
   */
  beginBehind(number: number, nextSequence: number): Promise<number> {
    const begun = this.#beginning.then(() => {
      return this.#nextSegment === number + 1 ? this.#begin(nextSequence) : this.#nextSegment - 1;
    });
    this.#beginning = begun.catch(() => undefined);
    return begun;
  }

  /**
   * Appends a group as one frame to the segment begun last. Never called while an append is under way. After a write
   * that failed it may be called again: the frame goes to the same place.
   */
  async append(group: LoggedGroup): Promise<void> {
    const active = this.#active;
    if (active === undefined) throw new Error('no segment was begun');
    const { firstSequence, entries } = group;
    const place = { segment: active.number, position: active.bytes, firstSequence, entries };
    const bytes = finishGroup(group.parts, place);
    const end = active.bytes + bytes;
    await this.#makeRoom(active, end);
    await active.file.write(active.bytes, group.parts);
    active.bytes = end;
    this.#unsyncedBytes += bytes;
    this.#bytesWritten += bytes;
  }

  /** Makes everything appended durable. After a failure nothing may be appended any more. */
  async sync(): Promise<void> {
    if (this.#unsyncedBytes === 0 || this.#active === undefined) return;
    this.#unsyncedBytes = 0;
    this.#syncing = syncFile(this.#active.file);
    await this.#syncing;
  }

  /**
   * Removes segments below `number`. Only after a manifest that no longer needs them is durable. One that cannot be removed
   * does no harm: it is tried again at the next call, and at the next opening.
   */
  async removeBelow(number: number): Promise<void> {
    for (let oldest = this.#older[0]; oldest !== undefined && oldest.number < number; oldest = this.#older[0]) {
      try {
        await this.#fileSystem.remove(segmentFileName(oldest.number));
      } catch (error) {
        if (isIoError(error)) return;
        throw error;
      }
      this.#older.shift();
    }
  }

  /** Ends the newest segment in order: whatever is broken before a seal is proven damage, not a torn tail. */
  async seal(nextSequence: number): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    // Never two syncs at once, and no file closed under one.
    await this.#syncing;
    const seal = encodeSeal(active.number, active.bytes, nextSequence);
    await active.file.write(active.bytes, [seal]);
    const bytes = active.bytes + seal.length;
    if (active.extent > bytes) await active.file.truncate(bytes);
    active.extent = bytes;
    await syncFile(active.file);
    this.#unsyncedBytes = 0;
  }

  async close(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await this.#syncing.catch(() => undefined);
    await active?.file.close();
  }

  async #begin(nextSequence: number): Promise<number> {
    await this.#retireActive(nextSequence);
    const number = this.#nextSegment;
    const file = await createSegmentFile(this.#fileSystem, number, this.#syncsEachGroup);
    this.#nextSegment = number + 1;
    this.#active = { number, file, bytes: FILE_HEADER_BYTES, extent: FILE_HEADER_BYTES, written: FILE_HEADER_BYTES };
    return number;
  }

  /**
   * Sees to it that the next frame, which ends at `end`, finds room, and those after it for a while. Before the frame
   * is written: a group whose frame is whole must not be refused because there was no space for zeros.
   */
  async #makeRoom(active: ActiveSegment, end: number): Promise<void> {
    const small = (end - active.bytes) * LEAST_GROUPS_AHEAD <= this.#aheadBytes;
    if (this.#syncsEachGroup && small) await this.#writeZeros(active, end);
    else await this.#lengthen(active, end);
  }

  async #writeZeros(active: ActiveSegment, end: number): Promise<void> {
    if (end <= active.written) return;
    const written = Math.ceil(end / this.#aheadBytes) * this.#aheadBytes;
    if (written > end) await active.file.write(end, [ZEROS.subarray(0, written - end)]);
    this.#bytesWritten += written - end;
    active.written = written;
    active.extent = Math.max(active.extent, written);
  }

  async #lengthen(active: ActiveSegment, end: number): Promise<void> {
    if (end <= active.extent) return;
    const extent = Math.ceil(end / this.#extentBytes) * this.#extentBytes;
    await active.file.truncate(extent);
    active.extent = extent;
  }

  async #retireActive(nextSequence: number): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    await this.seal(nextSequence);
    this.#active = undefined;
    this.#older.push({ number: active.number, bytes: active.bytes });
    // Another sync may have begun after the one that sealing waited for.
    await this.#syncing.catch(() => undefined);
    await active.file.close();
  }
}

/** Whatever a sync fails with, it leaves unknown what is durable: that is no full disk, which may be tried again. */
async function syncFile(file: StorageFile): Promise<void> {
  try {
    await file.sync();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError('IO_ERROR', `a sync of ${file.path} failed: ${why}`, { cause });
  }
}

/**
 * Creates a segment without entries. Its file and its name are durable before anything in it can be acknowledged.
 * `syncsEachGroup` false is noted in it: then a torn group does not prove that groups behind it were acknowledged.
 */
export async function createSegmentFile(
  fileSystem: FileSystem,
  number: number,
  syncsEachGroup: boolean,
): Promise<StorageFile> {
  const path = segmentFileName(number);
  const file = await fileSystem.open(path, 'create');
  try {
    await file.write(0, [encodeFileHeader('kv-log', number, syncsEachGroup ? 0 : UNSYNCED_FLAG)]);
    await file.sync();
    await fileSystem.syncDirectory('');
    return file;
  } catch (error) {
    await file.close();
    await fileSystem.remove(path).catch(() => undefined);
    throw error;
  }
}

/** In the flags of a segment's header: its groups were not synced one by one. */
export const UNSYNCED_FLAG = 1;
