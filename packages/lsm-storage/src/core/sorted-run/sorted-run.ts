/** The reading side of a sorted run: an immutable file of entries, with its index and filters in the manifest. */

import { BlockFile } from '../block-file/block-file.ts';
import { compareBytes, equalBytes } from '../bytes.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import { CorruptionError } from '../errors.ts';
import { MANIFEST_FILE } from '../file-names.ts';
import type { RunLoss } from '../jobs/job.ts';
import { coversKey } from '../key-ranges.ts';
import type { Pace } from '../maintenance/pacer.ts';
import { checksumOfDescription } from '../manifest/manifest-checksum.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { Manifest, RunDescription, RunPage } from '../ports/manifest.ts';
import type { ReadFrom } from '../read-from.ts';
import type { KeyRange, RunEntry } from '../versioned-entry.ts';
import { examineRun } from './describe-run.ts';
import { readRanges } from './read-ranges.ts';
import { RunBlocks } from './run-blocks.ts';
import { RunCursor } from './run-cursor.ts';
import type { CursorStart } from './run-cursor.ts';
import { runFile, runFooterOf } from './run-footer.ts';
import type { RunFooter } from './run-footer.ts';
import { findLoss } from './run-loss.ts';
import { RunScanner } from './run-scanner.ts';

/** Lookups that a filter lets pass, one after the other, until it is taken to be of no use at the moment. */
const PASSES_BEFORE_SKIPPING = 1024;

export class SortedRun {
  readonly description: RunDescription;
  /** Its range tombstones, in key order and not overlapping. They delete what is older than this run. */
  readonly ranges: readonly KeyRange[];
  readonly #file: BlockFile;
  readonly #manifest: Manifest;
  readonly #codec: Codec;
  readonly #blocks: RunBlocks;
  /**
   * How often the filters passed since they last denied a key, or were not asked about one that is not there. Where all that
   * is looked for is in the run, as with the only one, a filter is one more place in memory to go to for nothing.
   */
  #passes = 0;

  private constructor(
    description: RunDescription,
    ranges: readonly KeyRange[],
    file: BlockFile,
    manifest: Manifest,
    codec: Codec,
    cache: BlockCache,
  ) {
    this.description = description;
    this.ranges = ranges;
    this.#file = file;
    this.#manifest = manifest;
    this.#codec = codec;
    this.#blocks = new RunBlocks(description, file, manifest, codec, cache);
  }

  /**
   * Opens the file of a live run and makes sure that it is the one the manifest describes; blocks and pages are checked
   * as they are read. The manifest must stay open.
   */
  static async open(
    fileSystem: FileSystem,
    description: RunDescription,
    manifest: Manifest,
    codec: Codec,
    cache: BlockCache,
  ): Promise<SortedRun> {
    const file = await BlockFile.open(fileSystem, runFile(description.number), description);
    try {
      const ranges = await readRanges(file, codec);
      return new SortedRun(description, ranges, file, manifest, codec, cache);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Memory that the run takes beside the cache, in bytes. */
  get bytes(): number {
    return this.#blocks.bytes;
  }

  /**
   * The entry with this key, tombstones included; `undefined` if there is none, whatever ranges say. It has the key
   * that is given; its meta and value are views of the cache. With `'memory'` it may end in a `CacheMiss`.
   */
  find(key: Uint8Array, hash: number, from: ReadFrom): RunEntry | undefined {
    const number = this.#blocks.pageHolding(key);
    if (number < 0) return undefined;
    const page = this.#blocks.page(number);
    if (this.#passes < PASSES_BEFORE_SKIPPING) {
      if (!page.filter.mayContain(hash)) {
        this.#passes = 0;
        return undefined;
      }
      this.#passes++;
    }
    const block = this.#blocks.block(page.index, page.index.blockFor(key), from);
    const index = block.find(key, hash);
    if (index >= 0) return block.foundAt(index, key);
    this.#passes = 0;
    return undefined;
  }

  /** Whether a range tombstone of this run deletes older entries of this key. */
  deletedByRange(key: Uint8Array): boolean {
    return this.ranges.length > 0 && coversKey(this.ranges, key);
  }

  /** About how many bytes on disk the entries of a key range take, to a block, values kept apart by their average. */
  approximateBytes({ from, to }: KeyRange): number {
    const { smallestKey, largestKey, references } = this.description;
    const { entriesBytes } = this.#blocks;
    if (entriesBytes === 0) return 0;
    const start = compareBytes(from, smallestKey) <= 0 ? 0 : this.#blocks.bytesBefore(from);
    const endsBehind = to === undefined || (largestKey !== undefined && compareBytes(to, largestKey) > 0);
    const bytes = Math.max(0, (endsBehind ? entriesBytes : this.#blocks.bytesBefore(to)) - start);
    const apart = references.reduce((sum, reference) => sum + reference.bytes, 0);
    return bytes + Math.round((apart * bytes) / entriesBytes);
  }

  cursor(start: CursorStart): RunCursor {
    return new RunCursor(this.#blocks, start);
  }

  /**
   * Reads the whole file at that pace if there is one, and compares it with all that the manifest says of it. Damage is a
   * `CorruptionError`.
   */
  async verify(pace?: Pace): Promise<void> {
    let pages = 0;
    const scanner = await RunScanner.over(this.#file, this.#codec, pace);
    const found = await examineRun(scanner, (page) => this.#comparePage(page, pages++));
    if (pages !== this.#blocks.pages) this.#mismatch(`${this.#blocks.pages} pages instead of ${pages}`);
    if (checksumOfDescription(found) !== checksumOfDescription(this.description)) this.#mismatch('another description');
  }

  /** What is lost of the run by damage to its file; `undefined`: nothing is damaged. Reads the whole file at that pace. */
  async loss(pace: Pace): Promise<RunLoss | undefined> {
    const { number, largestKey } = this.description;
    return findLoss({ number, largestKey, blocks: this.#blocks, file: this.#file, codec: this.#codec }, pace);
  }

  /** Its footer, as it was when the run was opened. */
  get footer(): RunFooter {
    return runFooterOf(this.#file);
  }

  /** Goes through the entries as they are on the disk, at that pace. */
  scanner(pace: Pace): RunScanner {
    return new RunScanner(this.#file, this.ranges, this.#codec, { pace });
  }

  /** Nothing may be asked of the run or of its cursors afterwards. */
  async close(): Promise<void> {
    this.#blocks.clear();
    await this.#file.close();
  }

  #comparePage(found: RunPage, number: number): void {
    if (number >= this.#blocks.pages) return;
    const { firstKey, index, filter } = this.#manifest.page(this.description.number, number);
    const same =
      equalBytes(firstKey, found.firstKey) && equalBytes(index, found.index) && equalBytes(filter, found.filter);
    if (!same) this.#mismatch(`another page ${number}`);
  }

  #mismatch(what: string): never {
    throw new CorruptionError(MANIFEST_FILE, 0, `it has ${what} than the file of run ${this.description.number} says`);
  }
}
