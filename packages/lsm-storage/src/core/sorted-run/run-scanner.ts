/**
 * Goes through a run file from its first entry to its last, with nothing but the file itself: for merging runs on
 * another thread, and for repair. It reads far ahead and checks all that it reads.
 */

import { BLOCK_HEADER_BYTES, openBlock } from '../block-file/block.ts';
import { BlockFile } from '../block-file/block-file.ts';
import type { RecordedFile } from '../block-file/block-file.ts';
import { BlockWalk } from '../block-file/block-walk.ts';
import type { Gap, WalkOptions } from '../block-file/block-walk.ts';
import { CorruptionError } from '../errors.ts';
import type { Pace } from '../maintenance/pacer.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { RunDescription } from '../ports/manifest.ts';
import type { BlockPointer, KeyRange, RunEntry } from '../versioned-entry.ts';
import { EntriesBlock } from './entries-block.ts';
import { readRanges } from './read-ranges.ts';
import { numbersOfFooter, runFile, runFooterOf } from './run-footer.ts';
import type { RunFooter } from './run-footer.ts';

export interface ScannedBlock {
  readonly pointer: BlockPointer;
  readonly entries: EntriesBlock;
}

/** What is known of a run beside its blocks of entries, whatever became of its file. */
export interface KnownRun {
  readonly footer: RunFooter;
  readonly tombstones: readonly KeyRange[];
  /** Where the blocks of entries are that cannot be read. */
  readonly gaps: readonly Gap[];
}

export class RunScanner {
  readonly file: BlockFile;
  readonly footer: RunFooter;
  /** The range tombstones of the run. */
  readonly ranges: readonly KeyRange[];
  readonly #codec: Codec;
  readonly #walk: BlockWalk;
  #block: EntriesBlock | undefined;
  #at = 0;
  #ended = false;
  #current: RunEntry | undefined;

  /** `ranges`: the range tombstones of the run, which are not read. With `pace` its reads keep to that. */
  constructor(file: BlockFile, ranges: readonly KeyRange[], codec: Codec, options: Pick<WalkOptions, 'pace' | 'gaps'>) {
    this.file = file;
    this.footer = runFooterOf(file);
    this.ranges = ranges;
    this.#codec = codec;
    this.#walk = new BlockWalk(file, { end: this.footer.entriesEnd, ...options });
  }

  /** `recorded`: what the manifest says of the file; without it any whole run of this number will do. */
  static async open(
    fileSystem: FileSystem,
    codec: Codec,
    number: number,
    recorded?: RecordedFile,
  ): Promise<RunScanner> {
    const file = await BlockFile.open(fileSystem, runFile(number), recorded);
    try {
      return await RunScanner.over(file, codec);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A scanner of a file that is open already. With `pace` its reads keep to that. */
  static async over(file: BlockFile, codec: Codec, pace?: Pace): Promise<RunScanner> {
    return new RunScanner(file, await readRanges(file, codec), codec, { pace });
  }

  /** A scanner that reads nothing but blocks of entries, and of those only what is not damaged. */
  static async openDamaged(
    fileSystem: FileSystem,
    codec: Codec,
    { number, bytes, footerChecksum }: RunDescription,
    { footer, tombstones, gaps }: KnownRun,
  ): Promise<RunScanner> {
    const known = { bytes, footerChecksum, footer: numbersOfFooter(footer) };
    return new RunScanner(await BlockFile.openDamaged(fileSystem, runFile(number), known), tombstones, codec, { gaps });
  }

  /** Whether the next block must be supplied before `current` can be told. */
  get wanting(): boolean {
    return this.#block === undefined && !this.#ended;
  }

  /** Reads the next block; returns the bytes that it takes in the file. */
  async supply(): Promise<number> {
    const next = await this.nextBlock();
    this.#block = next?.entries;
    this.#at = 0;
    this.#ended = next === undefined;
    return next === undefined ? 0 : BLOCK_HEADER_BYTES + next.pointer.storedLength;
  }

  /** `undefined`: a block is wanted, or the run has ended. Meta and value are views. */
  get current(): RunEntry | undefined {
    if (this.#current === undefined) this.#current = this.#block?.entryAt(this.#at);
    return this.#current;
  }

  /** Moves to the next entry; there must be a current one. */
  advance(): void {
    this.#current = undefined;
    this.#at++;
    if (this.#at === this.#block?.count) this.#block = undefined;
  }

  /** The next block as a whole, instead of its entries one by one; `undefined`: there are no more. */
  async nextBlock(): Promise<ScannedBlock | undefined> {
    const walked = await this.#walk.next();
    if (walked === undefined) return undefined;
    const { pointer, kind, block } = walked;
    const place = { file: this.file.path, offset: pointer.position };
    if (kind !== 'entries') throw new CorruptionError(place.file, place.offset, 'this is no block of entries');
    return { pointer, entries: new EntriesBlock(openBlock(block, this.#codec, place), place) };
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
