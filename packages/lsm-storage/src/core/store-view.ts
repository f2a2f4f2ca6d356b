/**
 * What reads look at: the memtable that takes writes, the one being flushed, and the runs, newest first. Every change
 * of these parts raises `generation`, by which a scan notices that its cursors are out of date.
 */

import { nameOf } from './bytes.ts';
import { hashKey } from './key-hash.ts';
import type { KeyHash } from './key-hash.ts';
import { Memtable } from './memtable/memtable.ts';
import { MemtableCursor } from './memtable/memtable-cursor.ts';
import { MergeCursor } from './merge-cursor.ts';
import type { MergedEntry } from './merge-cursor.ts';
import { RunCursor } from './sorted-run/run-cursor.ts';
import type { CursorStart } from './sorted-run/run-cursor.ts';
import type { SortedRun } from './sorted-run/sorted-run.ts';

export class StoreView {
  #active: Memtable = new Memtable();
  #frozen: Memtable | undefined;
  #runs: readonly SortedRun[];
  #generation = 0;

  constructor(runs: readonly SortedRun[]) {
    this.#runs = runs;
  }

  get active(): Memtable {
    return this.#active;
  }

  get frozen(): Memtable | undefined {
    return this.#frozen;
  }

  get runs(): readonly SortedRun[] {
    return this.#runs;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The newest entry for a key, tombstones included. */
  find(key: Uint8Array, name: string = nameOf(key)): MergedEntry | undefined {
    const inMemory = this.#active.get(name) ?? this.#frozen?.get(name);
    if (inMemory !== undefined) return { entry: inMemory, run: undefined };
    let hash: KeyHash | undefined;
    for (const run of this.#runs) {
      hash ??= hashKey(key);
      const entry = run.mayContain(key, hash) ? run.find(key) : undefined;
      if (entry !== undefined) return { entry, run };
    }
    return undefined;
  }

  cursor(start: CursorStart): MergeCursor {
    const cursors: (MemtableCursor | RunCursor)[] = [new MemtableCursor(this.#active, start)];
    if (this.#frozen !== undefined) cursors.push(new MemtableCursor(this.#frozen, start));
    for (const run of this.#runs) cursors.push(new RunCursor(run, start));
    return new MergeCursor(cursors, start.reverse);
  }

  /** Sets the active memtable aside to be flushed; there must be none set aside yet. */
  freeze(): Memtable {
    const frozen = this.#active;
    this.#frozen = frozen;
    this.#active = new Memtable();
    this.#generation++;
    return frozen;
  }

  /** The frozen memtable is in this run now, or held nothing that needs one. */
  replaceFrozen(run: SortedRun | undefined): void {
    if (run !== undefined) this.#runs = [run, ...this.#runs];
    this.#frozen = undefined;
    this.#generation++;
  }

  /** Puts the outcome of a compaction in the place of its inputs, which are neighbours. */
  replaceRuns(inputs: readonly SortedRun[], output: SortedRun | undefined): void {
    const first = this.#runs.findIndex((run) => inputs.includes(run));
    const rest = this.#runs.filter((run) => !inputs.includes(run));
    this.#runs = output === undefined ? rest : rest.toSpliced(first, 0, output);
    this.#generation++;
  }
}
