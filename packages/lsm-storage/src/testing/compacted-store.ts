/** A store as compaction sees it, for tests: keys, sizes and references without a byte of data, in virtual time. */

import type { CompactionPlan } from '../core/compaction/compaction-plan.ts';
import { isMostlyTombstones } from '../core/compaction/plan-tombstones.ts';
import type { RunDescription, ValueFileDescription, ValueReference } from '../core/ports/manifest.ts';

const ENTRY_BYTES = 2000;
const FRAME_BYTES = 100;
const NO_KEY: Uint8Array = new Uint8Array(0);

/** An entry; `valueBytes` 0 is a tombstone. */
export interface ModelEntry {
  readonly valueBytes: number;
  readonly deadline: number;
  /** As a tombstone it stays until the rules release it. */
  readonly held: boolean;
}

interface Stored extends ModelEntry {
  readonly file: number;
}

interface ModelRun {
  readonly description: RunDescription;
  readonly entries: ReadonlyMap<number, Stored>;
}

export class CompactedStore {
  now = 0;
  readonly written: { run: number; values: number } = { run: 0, values: 0 };
  readonly flushed: { run: number; values: number } = { run: 0, values: 0 };
  readonly #latest: Map<number, ModelEntry> = new Map();
  #runs: ModelRun[] = [];
  readonly #valueFiles: Map<number, ValueFileDescription> = new Map();
  readonly #held: Set<number> = new Set();
  #nextFile = 1;

  /** Newest first. */
  get runs(): readonly RunDescription[] {
    return this.#runs.map((run) => run.description);
  }

  get valueFiles(): readonly ValueFileDescription[] {
    return [...this.#valueFiles.values()];
  }

  get heldTombstones(): ReadonlySet<number> {
    return this.#held;
  }

  /** The keys that read as present, with the sizes of their values, in no order. */
  get contents(): Map<number, number> {
    return this.#present(this.#runs.toReversed().flatMap((run) => [...run.entries]));
  }

  /** What `contents` should be. */
  get expected(): Map<number, number> {
    return this.#present([...this.#latest]);
  }

  /** Share of the bytes of value files that no run refers to. */
  get garbageShare(): number {
    const used = this.runs.flatMap((run) => run.references).reduce((total, { bytes }) => total + bytes, 0);
    const all = [...this.#valueFiles.values()].reduce((total, { bytes }) => total + bytes, 0);
    return all === 0 ? 0 : (all - used) / all;
  }

  flush(entries: ReadonlyMap<number, ModelEntry>): void {
    const before = { ...this.written };
    this.#add(0, 0, new Map([...entries].map(([key, entry]) => [key, { ...entry, file: 0 }])));
    this.flushed.run += this.written.run - before.run;
    this.flushed.values += this.written.values - before.values;
    for (const [key, entry] of entries) this.#latest.set(key, entry);
  }

  compact(plan: CompactionPlan): void {
    const at = this.#runs.findIndex((run) => run.description.number === plan.inputs[0]);
    const inputs = this.#runs.slice(at, at + plan.inputs.length);
    const merged = new Map<number, Stored>();
    for (const run of inputs.toReversed()) {
      for (const [key, entry] of run.entries) {
        if (!this.#isTombstone(entry))
          merged.set(key, plan.relocate.includes(entry.file) ? { ...entry, file: 0 } : entry);
        else if (plan.oldest && !entry.held) merged.delete(key);
        else merged.set(key, { valueBytes: 0, deadline: 0, held: entry.held, file: 0 });
      }
    }
    const number = this.#add(at, inputs.length, merged);
    const added = this.runs.find((run) => run.number === number);
    if (plan.oldest && added !== undefined && isMostlyTombstones(added)) this.#held.add(number);
    this.#removeDeadFiles();
  }

  /** Puts a run in the place of `removed` others; values in file 0 go to a file of its own. */
  #add(at: number, removed: number, entries: ReadonlyMap<number, Stored>): number {
    const number = this.#nextFile++;
    const file = this.#nextFile++;
    let values = 0;
    let bytes = FRAME_BYTES;
    const placed = new Map<number, Stored>();
    for (const [key, entry] of entries) {
      const moves = entry.valueBytes > 0 && entry.file === 0;
      placed.set(key, moves ? { ...entry, file } : entry);
      values += moves ? 1 : 0;
      bytes += moves ? entry.valueBytes : 0;
    }
    if (values > 0) this.#valueFiles.set(file, { number: file, bytes, values, footerChecksum: 0 });
    this.#runs.splice(
      at,
      removed,
      ...(placed.size > 0 ? [{ description: describe(number, placed), entries: placed }] : []),
    );
    this.written.run += placed.size * ENTRY_BYTES;
    this.written.values += values > 0 ? bytes : 0;
    return number;
  }

  #removeDeadFiles(): void {
    const used = new Set(this.runs.flatMap((run) => run.references.map(({ file }) => file)));
    for (const file of this.#valueFiles.keys()) if (!used.has(file)) this.#valueFiles.delete(file);
  }

  #present(entries: readonly (readonly [number, ModelEntry])[]): Map<number, number> {
    const present = new Map<number, number>();
    for (const [key, entry] of entries) {
      if (this.#isTombstone(entry)) present.delete(key);
      else present.set(key, entry.valueBytes);
    }
    return present;
  }

  #isTombstone({ valueBytes, deadline }: ModelEntry): boolean {
    return valueBytes === 0 || (deadline !== 0 && deadline <= this.now);
  }
}

function describe(number: number, entries: ReadonlyMap<number, Stored>): RunDescription {
  const references = new Map<number, ValueReference>();
  let tombstones = 0;
  let earliestDeadline = 0;
  for (const { valueBytes, deadline, file } of entries.values()) {
    if (valueBytes === 0) {
      tombstones++;
      continue;
    }
    const { values, bytes } = references.get(file) ?? { values: 0, bytes: 0 };
    references.set(file, { file, values: values + 1, bytes: bytes + valueBytes });
    if (deadline !== 0 && (earliestDeadline === 0 || deadline < earliestDeadline)) earliestDeadline = deadline;
  }
  return runOf({ number, bytes: entries.size * ENTRY_BYTES, entries: entries.size, tombstones, earliestDeadline }, [
    ...references.values(),
  ]);
}

/** A description with what compaction looks at; the rest is nothing. */
export function runOf(given: Partial<RunDescription>, references: readonly ValueReference[] = []): RunDescription {
  return {
    number: 1,
    bytes: 1000,
    footerChecksum: 0,
    entries: 10,
    tombstones: 0,
    ranges: 0,
    firstSequence: 0,
    lastSequence: 0,
    smallestKey: NO_KEY,
    largestKey: NO_KEY,
    earliestDeadline: 0,
    references,
    ...given,
  };
}
