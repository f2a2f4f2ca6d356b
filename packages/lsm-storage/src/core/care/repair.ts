/**
 * Makes a store whole again whose manifest is lost or damaged, or of whose runs and value files some are: from the files
 * themselves, which say what they are. What is damaged is set aside in `*.lost` files, never removed.
 *
 * A new manifest is made beside the old one and takes its place when all else is done, so that a repair cut short by a
 * crash can be begun again. Where a run is lost, older versions of what it held come forth, deleted ones too: whoever has
 * replicas should compare. The log is left as it is; if that is damaged too, the store opens with
 * `recovery: 'point-in-time'`.
 */

import { createSealedSegment } from '../commit-log/sealed-segment.ts';
import { StorageError } from '../errors.ts';
import {
  LOCK_FILE,
  MANIFEST_FILE,
  NEW_MANIFEST_FILE,
  companionsOf,
  highestFileNumber,
  runFileName,
  runNumbers,
  segmentNumbers,
  valueFileName,
  valueFileNumbers,
} from '../file-names.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { Manifest, ManifestEdit, ManifestPosition, ValueFileDescription } from '../ports/manifest.ts';
import { freeLostName } from '../recovery/set-aside.ts';
import { describeRun } from '../sorted-run/describe-run.ts';
import { RunScanner } from '../sorted-run/run-scanner.ts';
import { describeValueFile } from '../value-file/value-file.ts';
import { chooseRuns } from './choose-runs.ts';
import type { ChosenRuns, FoundRun } from './choose-runs.ts';
import { findLogPosition } from './log-position.ts';
import { rewriteRun } from './rewrite-run.ts';

export interface RepairPorts {
  readonly fileSystem: FileSystem;
  readonly codec: Codec;
  /** Opens the manifest that is kept under a path, or a new one. */
  openManifest(path: string): Promise<Manifest>;
}

export interface RepairReport {
  /** What the store consists of now. */
  readonly runs: number;
  readonly valueFiles: number;
  /** In runs, tombstones included. */
  readonly entries: number;
  /** The names under which the old manifest and all that was damaged is kept. */
  readonly lostFiles: readonly string[];
  /** Why, by those names. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Entries of sound runs whose values lay in value files that are lost. */
  readonly entriesDropped: number;
}

/**
 * Fails with `LOCKED` while the store is open, `NOT_FOUND` if there is none, `UNSUPPORTED_FORMAT` if a file is of another
 * format version or needs another codec, or with what the file system ran into beside reading; then it can be begun again.
 */
export async function repair(ports: RepairPorts): Promise<RepairReport> {
  const { fileSystem } = ports;
  const lock = await fileSystem.lock(LOCK_FILE);
  try {
    const names = await fileSystem.list('');
    if (!isStore(names)) throw new StorageError('NOT_FOUND', 'there is nothing of a store to repair');
    for (const name of names) if (name.startsWith(NEW_MANIFEST_FILE)) await fileSystem.remove(name);
    const manifest = await ports.openManifest(NEW_MANIFEST_FILE);
    try {
      await manifest.load();
      return await new Repair(ports, manifest, names).run();
    } finally {
      await manifest.close();
    }
  } finally {
    await lock.release();
  }
}

function isStore(names: readonly string[]): boolean {
  return names.includes(MANIFEST_FILE) || runNumbers(names).length + segmentNumbers(names).length > 0;
}

class Repair {
  readonly #ports: RepairPorts;
  readonly #manifest: Manifest;
  readonly #names: readonly string[];
  readonly #valueFiles: Map<number, ValueFileDescription> = new Map();
  /** Files to be set aside, and why. */
  readonly #damaged: Map<string, string> = new Map();
  /** The names under which files were set aside, and why. */
  readonly #lost: Map<string, string> = new Map();
  #runLost = false;
  #nextFileNumber: number;
  #entriesDropped = 0;

  constructor(ports: RepairPorts, manifest: Manifest, names: readonly string[]) {
    this.#ports = ports;
    this.#manifest = manifest;
    this.#names = names;
    this.#nextFileNumber = highestFileNumber(names) + 1;
  }

  async run(): Promise<RepairReport> {
    await this.#findValueFiles();
    const chosen = chooseRuns(await this.#findRuns());
    const live = await this.#completed(chosen);
    const referenced = new Set(live.flatMap(({ run }) => run.references.map(({ file }) => file)));
    const valueFiles = [...this.#valueFiles.values()].filter(({ number }) => referenced.has(number));
    // What no live run points to may belong to a run that is lost.
    const others = [...this.#valueFiles.keys()].filter((number) => !referenced.has(number));
    for (const number of this.#runLost ? others : [])
      this.#damaged.set(valueFileName(number), 'no live run points to it');
    const position = await this.#findPosition(live);
    const gone = [...chosen.superseded, ...chosen.misfits].map(({ run }) => run.number);
    await this.#commit({ removedRuns: gone, forgottenRuns: gone, addedValueFiles: valueFiles, ...position });
    await this.#manifest.close();
    await this.#setDamagedAside();
    await this.#replaceManifest();
    return {
      runs: live.length,
      valueFiles: valueFiles.length,
      entries: live.reduce((sum, { run }) => sum + run.entries, 0),
      lostFiles: [...this.#lost.keys()],
      reasons: Object.fromEntries(this.#lost),
      entriesDropped: this.#entriesDropped,
    };
  }

  async #findValueFiles(): Promise<void> {
    for (const number of valueFileNumbers(this.#names)) {
      const found = await this.#ifSound(valueFileName(number), () => describeValueFile(this.#ports.fileSystem, number));
      if (found !== undefined) this.#valueFiles.set(number, found);
    }
  }

  /** Puts each sound run into the new manifest, which has its pages then. */
  async #findRuns(): Promise<FoundRun[]> {
    const found: FoundRun[] = [];
    for (const number of runNumbers(this.#names)) {
      const added = await this.#ifSound(runFileName(number), () => this.#describe(number));
      this.#runLost ||= added === undefined;
      if (added === undefined) continue;
      await this.#commit({ addedRuns: [added] });
      found.push({ run: added.run, complete: added.run.references.every(({ file }) => this.#valueFiles.has(file)) });
    }
    return found;
  }

  async #describe(number: number): ReturnType<typeof describeRun> {
    const { fileSystem, codec } = this.#ports;
    const scanner = await RunScanner.open(fileSystem, codec, number);
    try {
      return await describeRun(scanner);
    } finally {
      await scanner.close();
    }
  }

  /** The live runs; those that point into lost value files written anew without the entries that do. */
  async #completed({ live, superseded, misfits }: ChosenRuns): Promise<FoundRun[]> {
    for (const { run, complete } of superseded) {
      if (!complete)
        this.#damaged.set(runFileName(run.number), 'it points into lost value files, and others have all of it');
    }
    for (const { run } of misfits)
      this.#damaged.set(runFileName(run.number), 'its sequences overlap with those of others');
    this.#runLost ||= misfits.length > 0;
    const completed: FoundRun[] = [];
    for (const found of live) completed.push(...(found.complete ? [found] : await this.#rewrite(found)));
    return completed;
  }

  async #rewrite({ run }: FoundRun): Promise<FoundRun[]> {
    const { fileSystem, codec } = this.#ports;
    const number = this.#nextFileNumber++;
    const hasValues = (file: number): boolean => this.#valueFiles.has(file);
    const { added, entriesDropped } = await rewriteRun(fileSystem, codec, run, number, hasValues);
    this.#entriesDropped += entriesDropped;
    const why = `${entriesDropped} of its values lay in lost value files; the rest of it was written anew`;
    this.#damaged.set(runFileName(run.number), why);
    const addedRuns = added === undefined ? [] : [added];
    await this.#commit({ addedRuns, removedRuns: [run.number], forgottenRuns: [run.number] });
    return addedRuns.map((rewritten) => ({ run: rewritten.run, complete: true }));
  }

  async #findPosition(live: readonly FoundRun[]): Promise<ManifestPosition> {
    const { fileSystem } = this.#ports;
    const inRuns = Math.max(0, ...live.map(({ run }) => run.lastSequence));
    const found = await findLogPosition(fileSystem, segmentNumbers(this.#names), inRuns);
    const { oldestSegment = 1, flushedSequence } = found;
    if (found.oldestSegment === undefined && flushedSequence > 0) {
      await createSealedSegment(fileSystem, oldestSegment, flushedSequence + 1);
    }
    return { flushedSequence, oldestSegment, nextFileNumber: this.#nextFileNumber };
  }

  #commit(changes: Partial<ManifestEdit>): Promise<void> {
    return this.#manifest.commit({
      addedRuns: [],
      removedRuns: [],
      forgottenRuns: [],
      removedValueFiles: [],
      flushedSequence: 0,
      oldestSegment: 1,
      nextFileNumber: this.#nextFileNumber,
      ...changes,
    });
  }

  async #setDamagedAside(): Promise<void> {
    for (const [name, why] of this.#damaged) await this.#setAside(name, why);
    await this.#ports.fileSystem.syncDirectory('');
  }

  /**
   * The old manifest goes before what SQLite keeps beside it, and both before the new one comes: a write-ahead log must
   * never lie beside a database that it was not written for.
   */
  async #replaceManifest(): Promise<void> {
    const { fileSystem } = this.#ports;
    const companions = companionsOf(MANIFEST_FILE, this.#names);
    const lost = this.#names.includes(MANIFEST_FILE)
      ? await this.#setAside(MANIFEST_FILE, REPLACED)
      : await freeLostName(fileSystem, MANIFEST_FILE);
    await fileSystem.syncDirectory('');
    for (const name of companions) await this.#rename(name, lost + name.slice(MANIFEST_FILE.length), REPLACED);
    await fileSystem.syncDirectory('');
    await fileSystem.rename(NEW_MANIFEST_FILE, MANIFEST_FILE);
    await fileSystem.syncDirectory('');
  }

  async #setAside(name: string, why: string): Promise<string> {
    const lost = await freeLostName(this.#ports.fileSystem, name);
    await this.#rename(name, lost, why);
    return lost;
  }

  async #rename(name: string, lost: string, why: string): Promise<void> {
    await this.#ports.fileSystem.rename(name, lost);
    this.#lost.set(lost, why);
  }

  /** `undefined` for a file that is damaged or cannot be read; any other failure is not for a repair to judge. */
  async #ifSound<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageError) || !UNSOUND.has(error.code)) throw error;
      this.#damaged.set(file, error.message);
      return undefined;
    }
  }
}

/** A file that cannot be read is as damaged as one that can be read and is wrong. */
const UNSOUND: ReadonlySet<string> = new Set(['CORRUPTION', 'IO_ERROR']);

const REPLACED = 'a manifest made from the files took its place';
