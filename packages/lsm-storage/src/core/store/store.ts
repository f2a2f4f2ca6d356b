/**
 * The store as it is now: the current version, and its changes. A change of runs is one manifest edit; only when that is
 * durable does the version change, and only when nobody reads the files it replaced do they go.
 */

import type { BlockCache } from '../cache/block-cache.ts';
import { isDiskFull } from '../errors.ts';
import { runFileName, valueFileName } from '../file-names.ts';
import { Memtable } from '../memtable/memtable.ts';
import type { SlabPool } from '../memtable/slab-pool.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type {
  AddedRun,
  Manifest,
  ManifestEdit,
  ManifestPosition,
  RunDescription,
  ValueFileDescription,
} from '../ports/manifest.ts';
import { SortedRun } from '../sorted-run/sorted-run.ts';
import { ValueFile } from '../value-file/value-file.ts';
import { Lifetimes, StoreVersion } from './store-version.ts';
import type { StorePart, StoreParts } from './store-version.ts';

export interface StoreDependencies {
  readonly fileSystem: FileSystem;
  readonly manifest: Manifest;
  readonly codec: Codec;
  readonly cache: BlockCache;
  readonly slabs: SlabPool;
}

/** What an edit changes. */
interface Change {
  readonly added: AddedRun | undefined;
  readonly removed: readonly SortedRun[];
  /** How far the log is flushed afterwards; left out: as before. */
  readonly position?: Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'>;
  /** The memtable that the added run replaces. */
  readonly flushed?: Memtable;
}

export class Store {
  readonly #use: StoreDependencies;
  readonly #lifetimes: Lifetimes = new Lifetimes((part) => this.#discard(part));
  #current: StoreVersion;
  #position: Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'>;
  #nextFileNumber: number;
  /** Rejected for good once a commit failed half-way, so that none follows it. */
  #lastCommit: Promise<void> = Promise.resolve();
  #removals: Promise<void> = Promise.resolve();
  /** Runs that went out of use since the last edit. */
  #forgotten: number[] = [];
  #closing = false;

  constructor(dependencies: StoreDependencies, parts: StoreParts, position: ManifestPosition) {
    this.#use = dependencies;
    this.#current = new StoreVersion(parts, this.#lifetimes);
    this.#position = position;
    this.#nextFileNumber = position.nextFileNumber;
  }

  get current(): StoreVersion {
    return this.#current;
  }

  get position(): Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'> {
    return this.#position;
  }

  get runs(): readonly RunDescription[] {
    return this.#current.runs.map((run) => run.description);
  }

  get valueFiles(): readonly ValueFileDescription[] {
    return [...this.#current.valueFiles.values()].map((file) => file.description);
  }

  /** A number that no file has had. */
  takeFileNumber(): number {
    return this.#nextFileNumber++;
  }

  /** Puts a new memtable in front; `firstSequence` is what its first entry will get. */
  addMemtable(firstSequence: number): Memtable {
    const memtable = new Memtable(this.#use.slabs, firstSequence);
    this.#become({ ...partsOf(this.#current), memtables: [memtable, ...this.#current.memtables] });
    return memtable;
  }

  /** Takes back what memtables hold behind a sequence. */
  forget(lastSequence: number): void {
    for (const memtable of this.#current.memtables) {
      memtable.truncate(lastSequence);
      if (memtable.size === 0) memtable.rebase(lastSequence + 1);
    }
  }

  /** The oldest memtable is in the run now, or held nothing that needs one. */
  flushed(
    memtable: Memtable,
    added: AddedRun | undefined,
    position: Pick<ManifestPosition, 'flushedSequence' | 'oldestSegment'>,
  ): Promise<void> {
    return this.#commit({ added, removed: [], position, flushed: memtable });
  }

  /** The outcome of a compaction takes the place of its inputs, which are neighbours. */
  compacted(inputs: readonly SortedRun[], added: AddedRun | undefined): Promise<void> {
    return this.#commit({ added, removed: inputs });
  }

  /** Closes all files, those of versions that somebody still holds too. Nothing may be read any more. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#removals;
    for (const part of this.#lifetimes.parts()) if (!(part instanceof Memtable)) await part.close();
  }

  /** Resolves when the files that went out of use so far are removed. */
  removals(): Promise<void> {
    return this.#removals;
  }

  /** Has work done between two edits: what it is given is what the manifest says for as long as it takes. */
  frozen<T>(work: (version: StoreVersion, position: ManifestPosition) => Promise<T>): Promise<T> {
    const before = this.#lastCommit;
    const done = before.then(() => work(this.#current, { ...this.#position, nextFileNumber: this.#nextFileNumber }));
    this.#lastCommit = done.then(
      () => undefined,
      () => before,
    );
    this.#lastCommit.catch(() => undefined);
    return done;
  }

  /** Fails with `DISK_FULL` if there is no space for the edit: then everything is as it was. */
  #commit(change: Change): Promise<void> {
    const outcome = this.#lastCommit.then(() => this.#carryOut(change));
    this.#lastCommit = outcome.catch((error: unknown) => {
      if (!isDiskFull(error)) throw error;
    });
    this.#lastCommit.catch(() => undefined);
    return outcome;
  }

  async #carryOut(change: Change): Promise<void> {
    const position = change.position ?? this.#position;
    const runs = this.#runsAfter(change);
    const removedValueFiles = this.#unreferenced(runs, change.added);
    const forgottenRuns = this.#forgotten.splice(0);
    const edit: ManifestEdit = {
      ...position,
      nextFileNumber: this.#nextFileNumber,
      addedRuns: change.added === undefined ? [] : [change.added],
      removedRuns: change.removed.map((run) => run.description.number),
      forgottenRuns,
      removedValueFiles,
    };
    try {
      await this.#use.manifest.commit(edit);
    } catch (error) {
      if (isDiskFull(error)) await this.#takeBack(change.added, forgottenRuns);
      throw error;
    }
    this.#position = position;
    await this.#show(change, removedValueFiles);
  }

  async #show(change: Change, removedValueFiles: readonly number[]): Promise<void> {
    const { added, removed, flushed } = change;
    const opened = added === undefined ? undefined : await this.#openRun(added.run);
    const valueFiles = new Map(this.#current.valueFiles);
    for (const number of removedValueFiles) valueFiles.delete(number);
    if (added?.valueFile !== undefined && !removedValueFiles.includes(added.valueFile.number)) {
      valueFiles.set(added.valueFile.number, await this.#openValueFile(added.valueFile));
    }
    const { memtables, runs } = this.#current;
    this.#become({
      memtables: memtables.filter((memtable) => memtable !== flushed),
      runs: replaced(runs, removed, opened),
      valueFiles,
      codec: this.#use.codec,
    });
  }

  /** Nothing of an edit for which there was no space may go on taking any. */
  async #takeBack(added: AddedRun | undefined, forgottenRuns: readonly number[]): Promise<void> {
    this.#forgotten.unshift(...forgottenRuns);
    if (added === undefined) return;
    const files = [runFileName(added.run.number)];
    if (added.valueFile !== undefined) files.push(valueFileName(added.valueFile.number));
    for (const file of files) await this.#use.fileSystem.remove(file);
  }

  #runsAfter({ added, removed }: Change): RunDescription[] {
    const left = this.#current.runs.filter((run) => !removed.includes(run)).map((run) => run.description);
    return added === undefined ? left : [added.run, ...left];
  }

  /** The value files to which none of the runs points. */
  #unreferenced(runs: readonly RunDescription[], added: AddedRun | undefined): number[] {
    const referenced = new Set(runs.flatMap((run) => run.references.map(({ file }) => file)));
    const files = [...this.#current.valueFiles.keys()];
    if (added?.valueFile !== undefined) files.push(added.valueFile.number);
    return files.filter((number) => !referenced.has(number));
  }

  #openRun(description: RunDescription): Promise<SortedRun> {
    const { fileSystem, manifest, codec, cache } = this.#use;
    return SortedRun.open(fileSystem, description, manifest, codec, cache);
  }

  #openValueFile(description: ValueFileDescription): Promise<ValueFile> {
    const { fileSystem, codec, cache } = this.#use;
    return ValueFile.open(fileSystem, description, codec, cache);
  }

  #become(parts: StoreParts): void {
    const before = this.#current;
    this.#current = new StoreVersion(parts, this.#lifetimes);
    before.release();
  }

  #discard(part: StorePart): void {
    if (part instanceof Memtable) {
      part.release();
      return;
    }
    if (this.#closing) return;
    if (part instanceof SortedRun) this.#forgotten.push(part.description.number);
    const { number } = part.description;
    const path = part instanceof SortedRun ? runFileName(number) : valueFileName(number);
    // A file that cannot be removed now is removed at the next opening, since no manifest names it.
    this.#removals = this.#removals
      .then(() => part.close())
      .then(() => this.#use.fileSystem.remove(path))
      .catch(() => {});
  }
}

function partsOf({ memtables, runs, valueFiles, codec }: StoreParts): StoreParts {
  return { memtables, runs, valueFiles, codec };
}

/** A run that replaces others takes their place in age; one that replaces none is the newest. */
function replaced(
  runs: readonly SortedRun[],
  removed: readonly SortedRun[],
  added: SortedRun | undefined,
): readonly SortedRun[] {
  const at = Math.max(
    0,
    runs.findIndex((run) => removed.includes(run)),
  );
  const rest = runs.filter((run) => !removed.includes(run));
  return added === undefined ? rest : rest.toSpliced(at, 0, added);
}
