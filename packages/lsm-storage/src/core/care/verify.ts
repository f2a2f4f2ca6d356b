/**
 * Reads a whole store and compares it with what it says of itself: every block of every run and value file against its
 * checksum, the pages of the manifest against the runs they index, and every frame of the log that is not written any
 * more. Damage that nobody has read yet is found while there is still a replica or a checkpoint to replace it.
 */

import type { CommitLog, Segment } from '../commit-log/commit-log.ts';
import { readSegment } from '../commit-log/segment-reader.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import { runFileName, segmentFileName, valueFileName } from '../file-names.ts';
import { pacer } from '../maintenance/pacer.ts';
import type { Pace } from '../maintenance/pacer.ts';
import { pacedReads } from '../paced-reads.ts';
import type { StorageClock } from '../ports/clock.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { StoreVersion } from '../store/store-version.ts';

export interface VerifyOptions {
  /**
   * Default 64 MiB, which leaves most of a disk to others, and reads a terabyte in four and a half hours. 0: as fast as it
   * goes.
   */
  readonly bytesPerSecond?: number;
}

export interface VerifyReport {
  /** Files that were read, damaged ones included, and their bytes together. */
  readonly runs: number;
  readonly valueFiles: number;
  readonly segments: number;
  readonly bytes: number;
  /** The first damage of each damaged file. */
  readonly damage: readonly CorruptionError[];
}

/** What a long read is paced and ended by. */
export interface PacingDependencies {
  readonly clock: StorageClock;
  /** Resolves when the store is being closed. */
  readonly stopping: Promise<void>;
  /** Throws once the store is closed. */
  readonly assertOpen: () => void;
}

export interface VerifyDependencies extends PacingDependencies {
  readonly fileSystem: FileSystem;
  readonly version: StoreVersion;
  readonly log: CommitLog;
  /** Another engine may be writing the store: what it needs no more, it removes. */
  readonly readOnly: boolean;
}

const BYTES_PER_SECOND = 64 * 1024 * 1024;

/** Goes on after damage. Reads file by file, in pieces between which other work has its turn. */
export async function verifyStore(dependencies: VerifyDependencies, options: VerifyOptions): Promise<VerifyReport> {
  const { version } = dependencies;
  const verification = new Verification(dependencies, paceOf(dependencies, options));
  version.retain();
  try {
    return await verification.run();
  } finally {
    version.release();
  }
}

/** Keeps to the rate, and throws when the store is closed: no pause holds that up. */
export function paceOf({ clock, stopping, assertOpen }: PacingDependencies, { bytesPerSecond }: VerifyOptions): Pace {
  const rate = bytesPerSecond ?? BYTES_PER_SECOND;
  if (!(rate >= 0)) throw new StorageError('INVALID_ARGUMENT', `bytesPerSecond must be at least 0, got ${rate}`);
  const pause = (milliseconds: number): Promise<void> => Promise.race([clock.pause(milliseconds), stopping]);
  const pace = pacer(rate, { now: () => clock.now(), pause });
  return async (bytes) => {
    await pace(bytes);
    assertOpen();
  };
}

class Verification {
  readonly #use: VerifyDependencies;
  readonly #pace: Pace;
  readonly #damage: CorruptionError[] = [];
  #segments = 0;
  #bytes = 0;

  constructor(dependencies: VerifyDependencies, pace: Pace) {
    this.#use = dependencies;
    this.#pace = pace;
  }

  async run(): Promise<VerifyReport> {
    const { runs, valueFiles } = this.#use.version;
    for (const run of runs) await this.#check(runFileName(run.description.number), run.description, run);
    for (const file of valueFiles.values()) {
      await this.#check(valueFileName(file.description.number), file.description, file);
    }
    for (const segment of this.#use.log.sealed) await this.#checkSegment(segment);
    return {
      runs: runs.length,
      valueFiles: valueFiles.size,
      segments: this.#segments,
      bytes: this.#bytes,
      damage: this.#damage,
    };
  }

  async #check(path: string, { bytes }: { bytes: number }, file: Verifiable): Promise<void> {
    try {
      await file.verify(this.#pace);
    } catch (error) {
      this.#note(error, path);
    }
    this.#use.assertOpen();
    this.#bytes += bytes;
  }

  async #checkSegment(segment: Segment): Promise<void> {
    try {
      await verifySegment(this.#use.fileSystem, segment, this.#pace);
    } catch (error) {
      if (this.#isGone(segment, error)) return;
      this.#note(error, segmentFileName(segment.number));
    }
    this.#use.assertOpen();
    this.#segments++;
    this.#bytes += segment.bytes;
  }

  /** Whether what a segment held is in a run by now. */
  #isGone({ number }: Segment, error: unknown): boolean {
    const { log, readOnly } = this.#use;
    if (readOnly) return error instanceof StorageError && error.code === 'NOT_FOUND';
    return !log.sealed.some((segment) => segment.number === number);
  }

  /** A file that cannot be read is as damaged as one that can be read and is wrong. */
  #note(error: unknown, path: string): void {
    this.#use.assertOpen();
    if (error instanceof CorruptionError) {
      this.#damage.push(error);
    } else if (error instanceof StorageError && (error.code === 'IO_ERROR' || error.code === 'NOT_FOUND')) {
      this.#damage.push(new CorruptionError(path, 0, 'it cannot be read', { cause: error }));
    } else throw error;
  }
}

interface Verifiable {
  verify(pace: Pace): Promise<void>;
}

/** Behind the bytes that count there may be a torn tail that a read-only opening left where it is. */
async function verifySegment(fileSystem: FileSystem, segment: Segment, pace: Pace): Promise<void> {
  const file = await fileSystem.open(segmentFileName(segment.number), 'read');
  try {
    const end = await readSegment(pacedReads(file, pace), segment.number, () => undefined);
    const intact = end.kind === 'complete' ? end.bytes : end.position;
    if (intact >= segment.bytes) return;
    throw new CorruptionError(file.path, intact, end.kind === 'broken' ? end.what : 'the end of the segment is gone');
  } finally {
    await file.close();
  }
}
