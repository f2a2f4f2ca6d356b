/** A file system whose syncs of log segments wait until the test lets them go. */

import type { FileSystem } from '../core/index.ts';
import { wrapFileSystem } from './wrapped-file-system.ts';

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

  /** Lets the one go that came last; later ones wait on. */
  releaseNewest(): void {
    this.#waiting.pop()?.();
  }

  get held(): number {
    return this.#waiting.length;
  }

  wrap(fileSystem: FileSystem): FileSystem {
    return wrapFileSystem(fileSystem, (file) => ({
      sync: async () => {
        if (this.#holding && file.path.endsWith('.log')) {
          await new Promise<void>((resume) => this.#waiting.push(resume));
        }
        await file.sync();
      },
    }));
  }
}
