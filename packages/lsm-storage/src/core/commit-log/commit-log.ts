/**
 * The writing side of the commit log: appends groups to the newest segment, begins the next one, removes old ones.
 *
 * A segment is never written again by a later opening: each opening begins its own with its first group. The newest
 * segment is never removed, even when all its entries are in runs, so that a missing one always shows.
 */

import { FILE_HEADER_BYTES, encodeFileHeader } from '../file-header.ts';
import { segmentFileName } from '../file-names.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { StoredEntry } from '../stored-entry.ts';
import { encodeGroup, encodeSeal } from './frame.ts';

/** A segment that is complete on disk. */
export interface Segment {
  readonly number: number;
  readonly bytes: number;
  /** Sequence of its newest entry; of the newest before it when it has none. */
  readonly lastSequence: number;
}

interface ActiveSegment {
  readonly number: number;
  readonly file: StorageFile;
  bytes: number;
}

export class CommitLog {
  readonly #fileSystem: FileSystem;
  readonly #segmentBytes: number;
  readonly #older: Segment[];
  #nextSegment: number;
  #lastSequence: number;
  #active: ActiveSegment | undefined;

  /** `recovered`: the segments on disk, oldest first. `nextSegment` is higher than any of them. */
  constructor(
    fileSystem: FileSystem,
    segmentBytes: number,
    recovered: { readonly segments: readonly Segment[]; readonly nextSegment: number; readonly lastSequence: number },
  ) {
    this.#fileSystem = fileSystem;
    this.#segmentBytes = segmentBytes;
    this.#older = [...recovered.segments];
    this.#nextSegment = recovered.nextSegment;
    this.#lastSequence = recovered.lastSequence;
  }

  get segments(): number {
    return this.#older.length + (this.#active === undefined ? 0 : 1);
  }

  get bytes(): number {
    let bytes = this.#active?.bytes ?? 0;
    for (const segment of this.#older) bytes += segment.bytes;
    return bytes;
  }

  /**
   * Appends a group as one frame and syncs it. The caller never appends while an append is under way, and never again
   * after one failed: what a failed sync left behind is known only to the next recovery.
   */
  async append(group: readonly StoredEntry[]): Promise<void> {
    const first = group[0];
    const last = group.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#active !== undefined && this.#active.bytes >= this.#segmentBytes) await this.#retireActive();
    this.#active ??= await this.#createSegment();
    const active = this.#active;
    const frame = encodeGroup(active.number, active.bytes, first.sequence, group);
    await active.file.write(active.bytes, [frame]);
    await active.file.sync();
    active.bytes += frame.length;
    this.#lastSequence = last.sequence;
  }

  /** The oldest segment that must stay when everything up to `flushedSequence` is in runs. */
  oldestNeeded(flushedSequence: number): number {
    for (const segment of this.#older) if (segment.lastSequence > flushedSequence) return segment.number;
    return this.#active?.number ?? this.#older.at(-1)?.number ?? this.#nextSegment;
  }

  /** Removes segments below `number`. Only after a manifest that no longer needs them is durable. */
  async removeBelow(number: number): Promise<void> {
    for (let oldest = this.#older[0]; oldest !== undefined && oldest.number < number; oldest = this.#older[0]) {
      await this.#fileSystem.remove(segmentFileName(oldest.number));
      this.#older.shift();
    }
  }

  /** Ends the log in order: after a seal, whatever is broken before it is proven damage, not a torn tail. */
  async seal(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    await active.file.write(active.bytes, [encodeSeal(active.number, active.bytes, this.#lastSequence + 1)]);
    await active.file.sync();
  }

  async close(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await active?.file.close();
  }

  async #createSegment(): Promise<ActiveSegment> {
    const number = this.#nextSegment;
    const file = await createSegmentFile(this.#fileSystem, number);
    this.#nextSegment = number + 1;
    return { number, file, bytes: FILE_HEADER_BYTES };
  }

  async #retireActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#older.push({ number: active.number, bytes: active.bytes, lastSequence: this.#lastSequence });
    await active.file.close();
  }
}

/** Creates a segment without entries. Its file and its name are durable before anything in it can be acknowledged. */
export async function createSegmentFile(fileSystem: FileSystem, number: number): Promise<StorageFile> {
  const file = await fileSystem.open(segmentFileName(number), 'create');
  try {
    await file.write(0, [encodeFileHeader('kv-log', number)]);
    await file.sync();
    await fileSystem.syncDirectory('');
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
