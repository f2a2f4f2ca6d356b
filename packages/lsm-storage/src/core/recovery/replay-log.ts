/**
 * Brings the commit log back into a memtable at opening.
 *
 * The end of the last segment may be torn: whatever follows its last complete group was never acknowledged, and is cut
 * off. Everything else that does not fit is damage: a broken place with a valid frame behind it (where groups were
 * synced one by one), a broken place in an older segment, a missing segment, a gap in the sequences. Of older segments
 * everything was synced before the next one began, by an orderly seal or by the opening that followed.
 */

import type { RecoveredSegments, Segment } from '../commit-log/commit-log.ts';
import { createSegmentFile } from '../commit-log/commit-log.ts';
import { readSegment } from '../commit-log/segment-reader.ts';
import type { Frame, SegmentEnd } from '../commit-log/segment-reader.ts';
import { CorruptionError } from '../errors.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import { segmentFileName, segmentNumbers } from '../file-names.ts';
import type { Memtable } from '../memtable/memtable.ts';
import type { ResolvedOptions } from '../options.ts';
import type { FileSystem, StorageFile } from '../ports/file-system.ts';
import type { ManifestPosition } from '../ports/manifest.ts';
import type { RecoveryReport, RecoveryStop } from '../stats.ts';
import { setAside, setFilesAside } from './set-aside.ts';

export interface ReplayedLog {
  /** What a `CommitLog` goes on from. */
  readonly recovered: RecoveredSegments;
  readonly lastSequence: number;
  readonly report: Omit<RecoveryReport, 'orphansRemoved'>;
}

/** What lies in the directory of a store. */
export interface FoundFiles {
  readonly names: readonly string[];
  /** The runs and value files among them that the manifest does not name. */
  readonly orphans: readonly string[];
}

/**
 * Replays the segments among `names` that the manifest still needs, and removes those it does not. With `readOnly`
 * everything stays where it is, what follows the end of the log too.
 */
export async function replayLog(
  fileSystem: FileSystem,
  { names, orphans }: FoundFiles,
  position: ManifestPosition,
  { recovery, readOnly }: Pick<ResolvedOptions, 'recovery' | 'readOnly'>,
  memtable: Memtable,
): Promise<ReplayedLog> {
  const replay = new LogReplay(fileSystem, position, readOnly, memtable);
  const present = segmentNumbers(names);
  const needed = present.filter((number) => number >= position.oldestSegment);
  try {
    await replay.run(needed);
  } catch (error) {
    if (!(error instanceof CorruptionError) || recovery !== 'point-in-time') throw error;
    await replay.stopAt(error, needed, orphans);
  }
  for (const number of present) {
    if (number < position.oldestSegment && !readOnly) await fileSystem.remove(segmentFileName(number));
  }
  return replay.outcome();
}

/** Of a segment, how much is replayed before the number of all its entries is reckoned from that. */
const RESERVING_SHARE = 0.25;
const RESERVING_MARGIN = 1.02;

class LogReplay {
  readonly #fileSystem: FileSystem;
  readonly #position: ManifestPosition;
  readonly #readOnly: boolean;
  readonly #memtable: Memtable;
  readonly #segments: Segment[] = [];
  #lastSequence = 0;
  #clean = true;
  #framesReplayed = 0;
  #entriesReplayed = 0;
  #framesSkipped = 0;
  #bytesTruncated = 0;
  #stoppedAt: RecoveryStop | undefined;
  #lostFiles: readonly string[] = [];

  constructor(fileSystem: FileSystem, position: ManifestPosition, readOnly: boolean, memtable: Memtable) {
    this.#fileSystem = fileSystem;
    this.#position = position;
    this.#readOnly = readOnly;
    this.#memtable = memtable;
  }

  async run(numbers: readonly number[]): Promise<void> {
    const { oldestSegment, flushedSequence } = this.#position;
    if (numbers.length === 0 && flushedSequence > 0) throw missing(oldestSegment);
    for (const [i, number] of numbers.entries()) {
      if (number !== oldestSegment + i) throw missing(oldestSegment + i);
      await this.#replaySegment(number, i === numbers.length - 1);
    }
  }

  /**
   * Ends the log before the damage: keeps what was replayed, sets the rest aside. Orphans too, and first of all: they may
   * hold what the log misses, and once it is cut, nothing tells them from those of an unfinished flush.
   */
  async stopAt(damage: CorruptionError, numbers: readonly number[], orphans: readonly string[]): Promise<void> {
    const later = numbers.filter((number) => number >= this.#nextSegment());
    const damaged = later.find((number) => segmentFileName(number) === damage.file);
    const keptBytes = damaged === undefined || damage.offset <= FILE_HEADER_BYTES ? 0 : damage.offset;
    if (!this.#readOnly) {
      const lostOrphans = await setFilesAside(this.#fileSystem, orphans);
      this.#lostFiles = [...lostOrphans, ...(await setAside(this.#fileSystem, later, damaged, keptBytes))];
    }
    if (damaged !== undefined && keptBytes > 0) this.#keep(damaged, keptBytes);
    if (this.#segments.length === 0 && !this.#readOnly) {
      const file = await createSegmentFile(this.#fileSystem, this.#nextSegment(), true);
      await file.close();
      this.#keep(this.#nextSegment(), FILE_HEADER_BYTES);
    }
    this.#clean = false;
    this.#stoppedAt = { file: damage.file, offset: damage.offset, what: damage.what };
  }

  outcome(): ReplayedLog {
    const lastSequence = Math.max(this.#lastSequence, this.#position.flushedSequence);
    return {
      recovered: { segments: this.#segments, nextSegment: this.#nextSegment() },
      lastSequence,
      report: {
        cleanShutdown: this.#clean,
        segments: this.#segments.length,
        framesReplayed: this.#framesReplayed,
        entriesReplayed: this.#entriesReplayed,
        framesSkipped: this.#framesSkipped,
        bytesTruncated: this.#bytesTruncated,
        stoppedAt: this.#stoppedAt,
        lostFiles: this.#lostFiles,
      },
    };
  }

  async #replaySegment(number: number, newest: boolean): Promise<void> {
    const file = await this.#fileSystem.open(segmentFileName(number), this.#readOnly ? 'read' : 'modify');
    let end: SegmentEnd;
    try {
      const reserve = this.#reservation(await file.size());
      end = await readSegment(file, number, (frame) => {
        this.#replayFrame(frame, file.path);
        reserve(frame);
      });
      if (end.kind === 'broken') this.#refuseDamage(end, number, newest);
      else if (!newest && !end.sealed && end.bytes < (await file.size())) {
        // Room behind the last frame goes before the next segment begins.
        throw new CorruptionError(file.path, end.bytes, 'it ends in zeros, and later segments follow');
      }
      if (newest && !this.#readOnly) await makeFirm(file, end);
    } finally {
      await file.close();
    }
    await this.#finishSegment(number, end, newest);
  }

  /**
   * Told of each frame of a segment, has the memtable make room for all of its entries at once, as soon as a part of them
   * tells how many that will be. A part so large that at most four times as much is taken as is needed by then.
   */
  #reservation(bytes: number): (frame: Frame) => void {
    const before = this.#entriesReplayed;
    let reserved = false;
    return ({ position }) => {
      if (reserved || position < bytes * RESERVING_SHARE) return;
      reserved = true;
      const entries = (this.#entriesReplayed - before) * (bytes / position);
      this.#memtable.reserve(before + Math.ceil(entries * RESERVING_MARGIN));
    };
  }

  async #finishSegment(number: number, end: SegmentEnd, newest: boolean): Promise<void> {
    if (newest) this.#clean = end.kind === 'complete' && end.sealed;
    if (end.kind === 'complete') return this.#keep(number, end.bytes);
    this.#bytesTruncated += end.bytes - end.position;
    if (end.position > 0) return this.#keep(number, end.position);
    if (this.#readOnly) return;
    // Not even its header became durable: the segment never began.
    await this.#fileSystem.remove(segmentFileName(number));
    await this.#fileSystem.syncDirectory('');
  }

  #replayFrame(frame: Frame, file: string): void {
    const { flushedSequence } = this.#position;
    const { firstSequence } = frame.header;
    const known = Math.max(this.#lastSequence, flushedSequence);
    if (firstSequence > known + 1) {
      const what = `sequence ${known + 1} was expected, got ${firstSequence}: groups before it are missing`;
      throw new CorruptionError(file, frame.position, what);
    }
    if (firstSequence <= this.#lastSequence) {
      const what = `sequence ${firstSequence} comes again after ${this.#lastSequence}`;
      throw new CorruptionError(file, frame.position, what);
    }
    const lastSequence = firstSequence + frame.header.entries - 1;
    if (frame.header.kind === 'seal') {
      this.#lastSequence = lastSequence;
    } else if (lastSequence <= flushedSequence) {
      this.#lastSequence = lastSequence;
      this.#framesSkipped++;
    } else {
      this.#putBack(frame, file, lastSequence);
    }
  }

  #putBack(frame: Frame, file: string, lastSequence: number): void {
    const place = { file, offset: frame.position };
    if (frame.header.firstSequence <= this.#position.flushedSequence) {
      throw new CorruptionError(file, frame.position, 'a part of its group is in a run, and a part is not');
    }
    this.#memtable.adopt(frame.bytes, frame.start, frame.end, place);
    if (this.#memtable.lastSequence !== lastSequence) {
      const got = this.#memtable.lastSequence - frame.header.firstSequence + 1;
      throw new CorruptionError(file, frame.position, `${frame.header.entries} entries expected, got ${got}`);
    }
    this.#lastSequence = lastSequence;
    this.#entriesReplayed += frame.header.entries;
    this.#framesReplayed++;
  }

  #refuseDamage(end: SegmentEnd & { kind: 'broken' }, number: number, newest: boolean): void {
    const file = segmentFileName(number);
    if (!newest) {
      const what = `${end.what}, and later segments follow`;
      throw new CorruptionError(file, end.position, what);
    }
    if (end.laterFrame !== undefined) {
      const what = `${end.what}, and a valid frame follows at byte ${end.laterFrame}`;
      throw new CorruptionError(file, end.position, what);
    }
    if (end.position === 0 && number === this.#position.oldestSegment && this.#position.flushedSequence > 0) {
      throw new CorruptionError(file, 0, `${end.what}, in a segment that the manifest knows`);
    }
  }

  #keep(number: number, bytes: number): void {
    this.#segments.push({ number, bytes });
  }

  #nextSegment(): number {
    return this.#position.oldestSegment + this.#segments.length;
  }
}

/**
 * Cuts off what is broken or was never written, and makes the rest durable: the process that wrote it may have ended before it could, and
 * what is now built on it must not outlive it.
 */
async function makeFirm(file: StorageFile, end: SegmentEnd): Promise<void> {
  if (end.kind === 'broken' && end.position === 0) return;
  const bytes = end.kind === 'broken' ? end.position : end.bytes;
  if (bytes < (await file.size())) await file.truncate(bytes);
  await file.sync();
}

function missing(number: number): CorruptionError {
  return new CorruptionError(segmentFileName(number), 0, 'the segment is missing');
}
