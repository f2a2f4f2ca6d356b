/**
 * Carries a compaction out: the newest entry of each key goes into a new run. Values that are kept apart stay where they
 * are; only those in files that are mostly garbage move, as they are stored, neither decompressed nor looked into.
 */

import { BlockCache } from '../cache/block-cache.ts';
import { compareBytes } from '../bytes.ts';
import { StorageError, unreadable } from '../errors.ts';
import { runFileName, valueFileName } from '../file-names.ts';
import { coversKey, mergeRanges } from '../key-ranges.ts';
import type { JobPorts } from '../jobs/flush.ts';
import type { CompactionJob } from '../jobs/job.ts';
import type { AddedRun } from '../ports/manifest.ts';
import { RunScanner } from '../sorted-run/run-scanner.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import type { RunWriter } from '../sorted-run/run-writer.ts';
import { ValueFile } from '../value-file/value-file.ts';
import type { KeyRange, RunEntry } from '../versioned-entry.ts';
import { disposed } from './purge.ts';

/** `undefined` if nothing is left of the inputs. Throws `CLOSED` once it is cancelled. */
export async function mergeRuns(job: CompactionJob, ports: JobPorts): Promise<AddedRun | undefined> {
  const merge = new RunMerge(job, ports);
  try {
    await merge.open();
    return await writeRun(ports.fileSystem, ports.codec, job.plan, (writer) => merge.writeTo(writer));
  } finally {
    await merge.close();
  }
}

/** Bytes read and written between two looks at the clock, the brake and whoever wants to know. */
const PACE_BYTES = 256 * 1024;

class RunMerge {
  readonly #job: CompactionJob;
  readonly #ports: JobPorts;
  /** Newest first. */
  readonly #inputs: RunScanner[] = [];
  readonly #relocated: Map<number, ValueFile> = new Map();
  /** What is left out, and has range tombstones instead. */
  readonly #lost: readonly KeyRange[];
  #bytesRead = 0;
  #paced = 0;

  constructor(job: CompactionJob, ports: JobPorts) {
    this.#job = job;
    this.#ports = ports;
    this.#lost = job.cut?.ranges ?? [];
  }

  async open(): Promise<void> {
    const { fileSystem, codec } = this.#ports;
    const { cut } = this.#job;
    for (const run of this.#job.inputs) {
      const open = (): Promise<RunScanner> =>
        cut === undefined
          ? RunScanner.open(fileSystem, codec, run.number, run)
          : RunScanner.openDamaged(fileSystem, codec, run, cut);
      this.#inputs.push(await readingOf(runFileName(run.number), open));
    }
    const uncached = new BlockCache(0);
    for (const file of this.#job.relocated) {
      const open = (): Promise<ValueFile> =>
        cut === undefined
          ? ValueFile.open(fileSystem, file, codec, uncached)
          : ValueFile.openDamaged(fileSystem, file, codec, uncached);
      this.#relocated.set(file.number, await readingOf(valueFileName(file.number), open));
    }
  }

  async close(): Promise<void> {
    for (const input of this.#inputs) await input.close();
    for (const file of this.#relocated.values()) await file.close();
  }

  async writeTo(writer: RunWriter): Promise<void> {
    for (const input of this.#inputs) await this.#supply(input);
    for (let first = this.#first(); first >= 0; first = this.#first()) {
      const entry = (this.#inputs[first] as RunScanner).current as RunEntry;
      const kept = this.#isDropped(entry.key, first) ? undefined : disposed(entry, this.#job.disposal);
      if (kept !== undefined) await this.#write(writer, kept);
      await this.#passBy(entry.key, first);
      if (writer.full) await writer.drain();
      // What is dropped takes its time too.
      if (this.#bytesRead + writer.bytes - this.#paced >= PACE_BYTES) await this.#pause(writer);
    }
    if (this.#job.disposal.oldest) return;
    for (const range of mergeRanges([...this.#inputs.map(({ ranges }) => ranges), this.#lost])) writer.addRange(range);
  }

  /** The input whose entry comes first, of equal keys the newest; -1 at the end. */
  #first(): number {
    let found = -1;
    let key: Uint8Array | undefined;
    for (let i = 0; i < this.#inputs.length; i++) {
      const { current } = this.#inputs[i] as RunScanner;
      if (current === undefined || (key !== undefined && compareBytes(current.key, key) >= 0)) continue;
      found = i;
      key = current.key;
    }
    return found;
  }

  /** Whether the entry is lost, or a newer input deletes everything that older ones know of the key. */
  #isDropped(key: Uint8Array, input: number): boolean {
    if (this.#lost.length > 0 && coversKey(this.#lost, key)) return true;
    for (let i = 0; i < input; i++) if (coversKey((this.#inputs[i] as RunScanner).ranges, key)) return true;
    return false;
  }

  /** Older inputs may know the key too. */
  async #passBy(key: Uint8Array, first: number): Promise<void> {
    for (let i = first; i < this.#inputs.length; i++) {
      const input = this.#inputs[i] as RunScanner;
      if (input.current === undefined || (i > first && compareBytes(input.current.key, key) !== 0)) continue;
      input.advance();
      if (input.wanting) await this.#supply(input);
    }
  }

  async #supply(input: RunScanner): Promise<void> {
    this.#bytesRead += await readingOf(input.file.path, () => input.supply());
  }

  async #write(writer: RunWriter, entry: RunEntry): Promise<void> {
    const { value } = entry;
    const file = value === undefined || value instanceof Uint8Array ? undefined : this.#relocated.get(value.file);
    if (file === undefined || value === undefined || value instanceof Uint8Array) return writer.add(entry);
    const stored = await readingOf(valueFileName(value.file), () => file.readStored(value));
    this.#bytesRead += stored.length;
    writer.addRelocated(entry, stored, value.rawLength);
  }

  async #pause(writer: RunWriter): Promise<void> {
    const { control, pace } = this.#ports;
    if (control.cancelled()) {
      throw new StorageError('CLOSED', 'the compaction was given up because the engine closes');
    }
    const done = this.#bytesRead + writer.bytes;
    const bytes = done - this.#paced;
    this.#paced = done;
    control.progressed?.({ bytesRead: this.#bytesRead, bytesWritten: writer.bytes });
    await pace(bytes);
  }
}

/** Whoever is told of the failure must know which file to look into. */
async function readingOf<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(error, file);
  }
}
