/** A file system whose syncs of log segments wait until the test lets them go. */

import type { FileSystem, StorageFile } from '../core/index.ts';

export class HeldSyncs {
  #holding = false;
  #waiting: (() => void)[] = [];

  /** From now on, syncs wait. */
  hold(): void {
    this.#holding = true;
  }

  /** Lets go those that wait, and all later ones. */
  release(): void {
    this.#holding = false;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  get held(): number {
    return this.#waiting.length;
  }

  wrap(fileSystem: FileSystem): FileSystem {
    return {
      open: async (path, mode) => {
        const file = await fileSystem.open(path, mode);
        return path.endsWith('.log') ? this.#wrapFile(file) : file;
      },
      list: (directory) => fileSystem.list(directory),
      createDirectory: (path) => fileSystem.createDirectory(path),
      rename: (from, to) => fileSystem.rename(from, to),
      remove: (path) => fileSystem.remove(path),
      exists: (path) => fileSystem.exists(path),
      syncDirectory: (path) => fileSystem.syncDirectory(path),
      lock: (path) => fileSystem.lock(path),
    };
  }

  #wrapFile(file: StorageFile): StorageFile {
    return {
      path: file.path,
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      readSync: (position, length) => file.readSync(position, length),
      write: (position, chunks) => file.write(position, chunks),
      truncate: (size) => file.truncate(size),
      sync: async () => {
        if (this.#holding) await new Promise<void>((resume) => this.#waiting.push(resume));
        await file.sync();
      },
      close: () => file.close(),
    };
  }
}
