/**
 * Describes a run by its file alone: what the manifest should say of it. A manifest that was lost is made again from
 * this, and one that is there is compared with it.
 */

import { compareBytes } from '../bytes.ts';
import { CorruptionError } from '../errors.ts';
import type { AddedRun, RunDescription, RunPage } from '../ports/manifest.ts';
import { RunPagesWriter } from './run-pages.ts';
import type { RunScanner, ScannedBlock } from './run-scanner.ts';
import { RunSummary } from './run-summary.ts';

/** For a scanner that stands at the beginning; its value files are to be described by themselves. */
export async function describeRun(scanner: RunScanner): Promise<AddedRun> {
  const pages: RunPage[] = [];
  return { run: await examineRun(scanner, (page) => pages.push(page)), pages, valueFile: undefined };
}

/** As {@link describeRun}, page by page. Reads and checks the whole file: damage is a `CorruptionError`. */
export async function examineRun(scanner: RunScanner, emit: (page: RunPage) => void): Promise<RunDescription> {
  const { footer, file, ranges } = scanner;
  const examiner = new RunExaminer(file.path, emit);
  for (let scanned = await scanner.nextBlock(); scanned !== undefined; scanned = await scanner.nextBlock()) {
    examiner.add(scanned);
  }
  const summary = examiner.finish(ranges);
  if (summary.entries !== footer.entries || summary.tombstones !== footer.tombstones) {
    const what = `the footer counts ${footer.entries} entries, ${footer.tombstones} of them tombstones`;
    throw new CorruptionError(file.path, file.end, `${what}, the file has ${summary.entries}, ${summary.tombstones}`);
  }
  const { firstSequence, lastSequence } = footer;
  const { number, bytes, footerChecksum } = file;
  return { number, bytes, footerChecksum, ...summary, firstSequence, lastSequence };
}

class RunExaminer {
  readonly #path: string;
  readonly #pages: RunPagesWriter;
  readonly #summary: RunSummary = new RunSummary();
  #lastKey: Uint8Array | undefined;

  constructor(path: string, emit: (page: RunPage) => void) {
    this.#path = path;
    this.#pages = new RunPagesWriter(emit);
  }

  add({ pointer, entries }: ScannedBlock): void {
    const previousKey = this.#lastKey;
    for (let i = 0; i < entries.count; i++) {
      const entry = entries.entryAt(i);
      if (this.#lastKey !== undefined && compareBytes(this.#lastKey, entry.key) >= 0) {
        throw new CorruptionError(this.#path, pointer.position, 'keys do not ascend');
      }
      this.#lastKey = entry.key;
      this.#summary.add(entry);
      this.#pages.addKey(entry.key);
    }
    this.#pages.addBlock(previousKey, entries.keyAt(0), pointer);
  }

  finish(ranges: RunScanner['ranges']): ReturnType<RunSummary['describe']> {
    this.#pages.finish();
    for (const range of ranges) this.#summary.addRange(range);
    if (this.#summary.size === 0) throw new CorruptionError(this.#path, 0, 'there is nothing in the run');
    return this.#summary.describe();
  }
}
