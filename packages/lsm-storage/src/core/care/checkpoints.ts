/**
 * Checkpoints: second names for the files of a store, with a manifest of their own, from which the store can be opened as
 * it was. Runs and value files never change, so a checkpoint takes no space until the original lets go of them.
 *
 * A checkpoint is there once its manifest is: everything else is durable and was read back before that gets its name.
 * What a crash left behind of an unfinished one goes when it is made again.
 */

import { createSealedSegment } from '../commit-log/sealed-segment.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import { CHECKPOINTS_DIRECTORY, MANIFEST_FILE, NEW_MANIFEST_FILE, runFileName, valueFileName } from '../file-names.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { Manifest, ManifestPosition } from '../ports/manifest.ts';
import type { Store } from '../store/store.ts';
import type { StoreVersion } from '../store/store-version.ts';
import { Subdirectory } from './subdirectory.ts';
import type { VerifyOptions, VerifyReport } from './verify.ts';

export interface CheckpointOptions {
  /** Whether every block is read back; default true. False: only that every file is there and whole at its ends. */
  readonly verify?: boolean;
  /** How fast that reads, as of {@link VerifyOptions}. */
  readonly bytesPerSecond?: number;
}

export interface Checkpoint {
  /** Its directory, relative to that of the store. */
  readonly path: string;
  /** Everything up to this sequence is in it. */
  readonly sequence: number;
  readonly runs: number;
  readonly valueFiles: number;
  /** Of runs and value files, which it shares with the store for as long as that has them too. */
  readonly bytes: number;
}

/** A store that is opened for reading. */
export interface OpenedForReading {
  verify(options: VerifyOptions): Promise<VerifyReport>;
  close(): Promise<void>;
}

export interface CheckpointsDependencies {
  readonly fileSystem: FileSystem;
  readonly manifest: Manifest;
  readonly store: Store;
  /** Puts everything acknowledged into runs. */
  readonly flush: () => Promise<void>;
  /** Takes the manifest over. */
  readonly openForReading: (fileSystem: FileSystem, manifest: Manifest) => Promise<OpenedForReading>;
}

const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

export class Checkpoints {
  readonly #use: CheckpointsDependencies;
  /** Never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #checked: OpenedForReading | undefined;
  #stopped = false;

  constructor(dependencies: CheckpointsDependencies) {
    this.#use = dependencies;
  }

  /**
   * Makes a checkpoint of everything acknowledged before the call, when those asked for before it are made. If it fails,
   * nothing is left of it. `INVALID_ARGUMENT`, `ALREADY_EXISTS`, damage that was found, what flushing or the disk said.
   */
  make(name: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
    if (!NAME_PATTERN.test(name)) {
      const needed = 'letters, digits, ".", "_" and "-", at most 100 of them and no "." or "-" in front';
      const message = `the name of a checkpoint has ${needed}, got ${JSON.stringify(name)}`;
      return Promise.reject(new StorageError('INVALID_ARGUMENT', message));
    }
    const making = this.#last.then(() => this.#make(name, options));
    this.#last = making.catch(() => undefined);
    return making;
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#checked?.close();
    await this.#last;
  }

  async #make(name: string, options: CheckpointOptions): Promise<Checkpoint> {
    const { store, flush } = this.#use;
    if (await this.#exists(name)) {
      throw new StorageError('ALREADY_EXISTS', `there is a checkpoint ${name} already`);
    }
    this.#assertGoingOn();
    await flush();
    try {
      await this.#clear(name);
      const home = await this.#makeDirectory(name);
      this.#assertGoingOn();
      const made = await store.frozen((version, position) => this.#fill(home, name, version, position));
      await this.#check(home, name, options);
      await home.rename(NEW_MANIFEST_FILE, MANIFEST_FILE);
      await home.syncDirectory('');
      return made;
    } catch (error) {
      await this.#clear(name).catch(() => undefined);
      throw ofTheStore(error, name);
    }
  }

  async #makeDirectory(name: string): Promise<FileSystem> {
    const { fileSystem } = this.#use;
    await fileSystem.createDirectory(CHECKPOINTS_DIRECTORY);
    await fileSystem.syncDirectory('');
    await fileSystem.createDirectory(pathOf(name));
    await fileSystem.syncDirectory(CHECKPOINTS_DIRECTORY);
    return new Subdirectory(fileSystem, pathOf(name));
  }

  async #fill(home: FileSystem, name: string, version: StoreVersion, position: ManifestPosition): Promise<Checkpoint> {
    const { fileSystem, manifest } = this.#use;
    const { flushedSequence, oldestSegment } = position;
    const path = pathOf(name);
    let bytes = 0;
    const link = async (file: string, size: number): Promise<void> => {
      await fileSystem.link(file, `${path}/${file}`);
      bytes += size;
    };
    for (const { description } of version.runs) await link(runFileName(description.number), description.bytes);
    for (const { description } of version.valueFiles.values()) {
      await link(valueFileName(description.number), description.bytes);
    }
    await createSealedSegment(home, oldestSegment, flushedSequence + 1);
    await manifest.copyTo(`${path}/${NEW_MANIFEST_FILE}`);
    await home.syncDirectory('');
    return { path, sequence: flushedSequence, runs: version.runs.length, valueFiles: version.valueFiles.size, bytes };
  }

  /** Opens what was made as if it had been found, and reads all of it if so wished. */
  async #check(home: FileSystem, name: string, { verify = true, ...rate }: CheckpointOptions): Promise<void> {
    const { manifest, openForReading } = this.#use;
    const opened = await openForReading(home, await manifest.openCopy(`${pathOf(name)}/${NEW_MANIFEST_FILE}`));
    this.#checked = opened;
    try {
      this.#assertGoingOn();
      const [damage] = verify ? (await opened.verify(rate)).damage : [];
      if (damage !== undefined) throw damage;
    } finally {
      this.#checked = undefined;
      await opened.close();
    }
  }

  /** Whether there is a whole one. */
  async #exists(name: string): Promise<boolean> {
    return (await this.#filesOf(name))?.includes(MANIFEST_FILE) ?? false;
  }

  /** Removes what there is of it, and the directory of checkpoints if there is nothing else in it. */
  async #clear(name: string): Promise<void> {
    const { fileSystem } = this.#use;
    const files = await this.#filesOf(name);
    for (const file of files ?? []) await fileSystem.remove(`${pathOf(name)}/${file}`);
    if (files !== undefined) await fileSystem.removeDirectory(pathOf(name));
    if (!(await fileSystem.exists(CHECKPOINTS_DIRECTORY))) return;
    if ((await fileSystem.list(CHECKPOINTS_DIRECTORY)).length > 0) return;
    await fileSystem.removeDirectory(CHECKPOINTS_DIRECTORY);
  }

  /** `undefined`: there is no such directory. */
  async #filesOf(name: string): Promise<readonly string[] | undefined> {
    const { fileSystem } = this.#use;
    if (!(await fileSystem.exists(CHECKPOINTS_DIRECTORY))) return undefined;
    return (await fileSystem.exists(pathOf(name))) ? fileSystem.list(pathOf(name)) : undefined;
  }

  #assertGoingOn(): void {
    if (this.#stopped) throw new StorageError('CLOSED', 'the checkpoint was given up because the engine closes');
  }
}

/** Damage of a file that has a second name in the checkpoint is damage of the store. */
function ofTheStore(error: unknown, name: string): unknown {
  const prefix = `${pathOf(name)}/`;
  if (!(error instanceof CorruptionError) || !error.file.startsWith(prefix)) return error;
  return new CorruptionError(error.file.slice(prefix.length), error.offset, error.what, { cause: error });
}

function pathOf(name: string): string {
  return `${CHECKPOINTS_DIRECTORY}/${name}`;
}
