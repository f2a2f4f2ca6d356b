/**
 * Finds out what damage to the file of a run took from it. A block that cannot be read does not say what was in it, and a
 * damaged header not even where the next one begins; the index in the manifest says both.
 */

import { BlockWalk } from '../block-file/block-walk.ts';
import type { Gap } from '../block-file/block-walk.ts';
import type { BlockFile } from '../block-file/block-file.ts';
import { openBlock } from '../block-file/block.ts';
import { isDamage } from '../errors.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import type { RunLoss } from '../jobs/job.ts';
import { keyAfter, mergeRanges } from '../key-ranges.ts';
import type { Pace } from '../maintenance/pacer.ts';
import type { Codec } from '../ports/codec.ts';
import type { RunDescription } from '../ports/manifest.ts';
import { readsWell } from '../reads-well.ts';
import type { KeyRange } from '../versioned-entry.ts';
import type { BlockIndex } from './block-index.ts';
import { EntriesBlock } from './entries-block.ts';
import { readRanges } from './read-ranges.ts';
import { wholeBytes } from './run-blocks.ts';
import type { RunBlocks } from './run-blocks.ts';
import { runFile, runFooterOf } from './run-footer.ts';

export interface SearchedRun extends Pick<RunDescription, 'number' | 'largestKey'> {
  readonly blocks: RunBlocks;
  readonly file: BlockFile;
  readonly codec: Codec;
}

/** `undefined`: the file is whole, and all of the index can be read. */
export async function findLoss(run: SearchedRun, pace: Pace): Promise<RunLoss | undefined> {
  const search = new LossSearch(run, pace);
  await search.entries();
  await search.ends();
  return search.found();
}

class LossSearch {
  readonly #run: SearchedRun;
  readonly #pace: Pace;
  readonly #ranges: KeyRange[] = [];
  readonly #gaps: Gap[] = [];
  /** Of what holds no entries, or is read in another way. */
  #damagedElsewhere = false;

  constructor(run: SearchedRun, pace: Pace) {
    this.#run = run;
    this.#pace = pace;
  }

  found(): RunLoss | undefined {
    if (this.#gaps.length === 0 && !this.#damagedElsewhere) return undefined;
    return { run: this.#run.number, ranges: mergeRanges([this.#ranges]), gaps: this.#gaps, valueFiles: [] };
  }

  async entries(): Promise<void> {
    const { blocks, file } = this.#run;
    let position = FILE_HEADER_BYTES;
    /** The first of the pages just before that cannot be read. */
    let unread: number | undefined;
    for (let page = 0; page < blocks.pages; page++) {
      const index = this.#indexOf(page);
      if (index === undefined) {
        unread ??= page;
        continue;
      }
      if (unread !== undefined) await this.#walk(position, index.position(0), unread, blocks.firstKeyOf(page));
      unread = undefined;
      for (let block = 0; block < index.blocks; block++) await this.#check(index, page, block);
      position = index.position(index.blocks);
    }
    if (unread !== undefined) await this.#walk(position, runFooterOf(file).entriesEnd, unread, this.#end());
  }

  /** Header, footer and range tombstones. */
  async ends(): Promise<void> {
    const { file, codec, number } = this.#run;
    const whole = await readsWell(async () => {
      await file.checkEnds(runFile(number));
      await readRanges(file, codec);
    });
    if (!whole) this.#damagedElsewhere = true;
  }

  #indexOf(page: number): BlockIndex | undefined {
    try {
      return this.#run.blocks.passingPage(page).index;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#damagedElsewhere = true;
      return undefined;
    }
  }

  async #check(index: BlockIndex, page: number, block: number): Promise<void> {
    const pointer = index.pointer(block);
    const { position } = pointer;
    const bytes = wholeBytes(pointer);
    const whole = await readsWell(async () => readEntries(await this.#run.blocks.fromDisk(pointer)));
    await this.#pace(bytes);
    if (whole) return;
    const from = block === 0 ? this.#run.blocks.firstKeyOf(page) : index.separator(block);
    const to = block + 1 < index.blocks ? index.separator(block + 1) : this.#endOf(page);
    this.#lose({ from: position, to: position + bytes }, { from, to });
  }

  /** Without an index, all is lost from the first block on that cannot be read. */
  async #walk(start: number, end: number, page: number, to: Uint8Array | undefined): Promise<void> {
    const { file, blocks, codec } = this.#run;
    const walk = new BlockWalk(file, { start, end, pace: this.#pace });
    let position = start;
    let lastKey: Uint8Array | undefined;
    const whole = await readsWell(async () => {
      for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
        const place = { file: file.path, offset: walked.pointer.position };
        lastKey = readEntries(new EntriesBlock(openBlock(walked.block, codec, place), place));
        position = walk.position;
      }
    });
    if (whole) return;
    const from = lastKey === undefined ? blocks.firstKeyOf(page) : keyAfter(lastKey);
    if (from !== undefined) this.#lose({ from: position, to: end }, { from, to });
  }

  #lose(gap: Gap, range: KeyRange): void {
    this.#gaps.push(gap);
    this.#ranges.push(range);
  }

  /** Where the keys of a page end. */
  #endOf(page: number): Uint8Array | undefined {
    const { blocks } = this.#run;
    return page + 1 < blocks.pages ? blocks.firstKeyOf(page + 1) : this.#end();
  }

  #end(): Uint8Array | undefined {
    const { largestKey } = this.#run;
    return largestKey === undefined ? undefined : keyAfter(largestKey);
  }
}

/** Reads every entry; returns the last key. */
function readEntries(block: EntriesBlock): Uint8Array {
  for (let i = 0; i < block.count; i++) block.entryAt(i);
  return block.keyAt(block.count - 1);
}
