/**
 * Writes a sorted run and, beside it, the value file of the values that are kept apart. Entries come in key order, and
 * so do range tombstones; the two in any order to each other.
 */

import { BlockFileWriter } from '../block-file/block-file-writer.ts';
import { copyBytes } from '../bytes.ts';
import type { RunPlan } from '../jobs/job.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { AddedRun, RunPage } from '../ports/manifest.ts';
import { ValueFileWriter } from '../value-file/value-file-writer.ts';
import { PackedValue } from '../versioned-entry.ts';
import type { KeyRange, RunEntry, VersionedEntry } from '../versioned-entry.ts';
import { EntriesBlockWriter } from './entries-block-writer.ts';
import { encodeRanges } from './ranges-block.ts';
import { numbersOfFooter, runFile } from './run-footer.ts';
import { RunPagesWriter } from './run-pages.ts';
import { RunSummary } from './run-summary.ts';

/**
 * Has a run filled and makes it durable, with its value file and the names of both: afterwards the manifest may name
 * them. `undefined`, and no file, if nothing was added. If it fails, no file is left either.
 */
export async function writeRun(
  fileSystem: FileSystem,
  codec: Codec,
  plan: RunPlan,
  fill: (writer: RunWriter) => Promise<void>,
): Promise<AddedRun | undefined> {
  const run = new BlockFileWriter(fileSystem, runFile(plan.run), codec);
  const values = new ValueFileWriter(fileSystem, codec, plan.valueFile);
  try {
    const writer = new RunWriter(run, values, plan);
    await fill(writer);
    const added = await writer.finish();
    if (added !== undefined) await fileSystem.syncDirectory('');
    return added;
  } catch (error) {
    await run.abandon();
    await values.abandon();
    throw error;
  }
}

/** Made by {@link writeRun}. The bytes that it is given must not change before the run is finished. */
export class RunWriter {
  readonly #run: BlockFileWriter;
  readonly #values: ValueFileWriter;
  readonly #plan: RunPlan;
  readonly #block: EntriesBlockWriter = new EntriesBlockWriter();
  readonly #summary: RunSummary = new RunSummary();
  readonly #pages: RunPage[] = [];
  readonly #pagesWriter: RunPagesWriter = new RunPagesWriter((page) => this.#pages.push(page));
  readonly #ranges: KeyRange[] = [];
  /** The greatest key of the finished blocks. */
  #indexedKey: Uint8Array | undefined;

  constructor(run: BlockFileWriter, values: ValueFileWriter, plan: RunPlan) {
    this.#run = run;
    this.#values = values;
    this.#plan = plan;
  }

  /** Bytes that the finished blocks of both files take. */
  get bytes(): number {
    return this.#run.position + this.#values.bytes;
  }

  /** Whether `drain` has something to do. */
  get full(): boolean {
    return this.#run.full || this.#values.full;
  }

  /** Keys ascend strictly. A large value goes to the value file; a pointer is kept as it is. */
  add(entry: VersionedEntry): void {
    this.#add({ ...entry, value: this.#placed(entry.value) });
  }

  /** Adds an entry whose value is a checked block of another value file, which moves as it is stored. */
  addRelocated(entry: VersionedEntry, storedBlock: Uint8Array, rawLength: number): void {
    this.#add({ ...entry, value: this.#values.appendMoved(storedBlock, rawLength) });
  }

  /** Ranges ascend and do not overlap. They delete nothing of this run. */
  addRange(range: KeyRange): void {
    this.#ranges.push(range);
    this.#summary.addRange(range);
  }

  /** Writes out what has gathered once it is worth a write. Nothing may be added before it resolves. */
  async drain(): Promise<void> {
    await this.#values.drain();
    await this.#run.drain();
  }

  /** Makes both files durable, but not their names. */
  async finish(): Promise<AddedRun | undefined> {
    if (this.#summary.size === 0) return undefined;
    if (this.#block.count > 0) this.#finishBlock();
    this.#pagesWriter.finish();
    const { run: number, firstSequence, lastSequence } = this.#plan;
    const summary = this.#summary.describe();
    const entriesEnd = this.#run.position;
    for (const raw of encodeRanges(this.#ranges)) this.#run.append('ranges', raw);
    const valueFile = await this.#values.finish();
    const file = await this.#run.finish(numbersOfFooter({ entriesEnd, ...summary, firstSequence, lastSequence }));
    return { run: { number, ...file, ...summary, firstSequence, lastSequence }, pages: this.#pages, valueFile };
  }

  /** What an entry of the run has as its value. */
  #placed(value: VersionedEntry['value']): RunEntry['value'] {
    if (value instanceof PackedValue) return this.#values.appendPacked(value);
    const separate = value instanceof Uint8Array && value.length >= this.#plan.separateBytes;
    return separate ? this.#values.append(value) : value;
  }

  #add(entry: RunEntry): void {
    this.#summary.add(entry);
    this.#pagesWriter.addKey(entry.key);
    this.#block.add(entry);
    if (this.#block.isFull(this.#plan.blockBytes)) this.#finishBlock();
  }

  #finishBlock(): void {
    const firstKey = this.#block.firstKey as Uint8Array;
    const lastKey = copyBytes(this.#block.lastKey as Uint8Array);
    this.#pagesWriter.addBlock(this.#indexedKey, firstKey, this.#run.append('entries', this.#block.finish()));
    this.#indexedKey = lastKey;
  }
}
