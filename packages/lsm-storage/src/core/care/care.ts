/** What keeps a live store in health: it is read through, copied, and damage is cut out of it. */

import type { CommitLog } from '../commit-log/commit-log.ts';
import type { Compactor } from '../maintenance/compactor.ts';
import { inlineJobs } from '../ports/jobs.ts';
import type { ReadsUnderWay } from '../read/reads-under-way.ts';
import type { StoragePorts } from '../storage-ports.ts';
import type { Store } from '../store/store.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Checkpoint, CheckpointOptions, OpenedForReading } from './checkpoints.ts';
import { planCutOut } from './cut-out.ts';
import { lossOf } from './losses.ts';
import type { Loss } from './losses.ts';
import { verifyStore } from './verify.ts';
import type { VerifyDependencies, VerifyOptions, VerifyReport } from './verify.ts';

export interface CareDependencies extends StoragePorts {
  readonly store: Store;
  readonly log: CommitLog;
  readonly compactor: Compactor;
  readonly underWay: ReadsUnderWay;
  readonly readOnly: boolean;
  /** Throws once the store is closed. */
  readonly assertOpen: () => void;
  readonly flush: () => Promise<void>;
  /** Opens a store for reading, without a cache. */
  readonly openForReading: (ports: StoragePorts) => Promise<OpenedForReading>;
}

/** The engine's methods of the same names say what they do. */
export class Care {
  readonly #use: CareDependencies;
  readonly #checkpoints: Checkpoints;

  constructor(dependencies: CareDependencies) {
    this.#use = dependencies;
    this.#checkpoints = new Checkpoints({
      ...dependencies,
      openForReading: (fileSystem, manifest) => {
        const { codec, clock, openForReading } = dependencies;
        return openForReading({ fileSystem, manifest, jobs: inlineJobs, codec, clock });
      },
    });
  }

  verify(options: VerifyOptions): Promise<VerifyReport> {
    return this.#reading((reading) => verifyStore(reading, options));
  }

  lossOf(file: string, options: VerifyOptions): Promise<Loss> {
    return this.#reading((reading) => lossOf(reading, file, options));
  }

  async cutOut(loss: Loss): Promise<void> {
    const { store, compactor } = this.#use;
    await compactor.exclusively(() => planCutOut(store.runs, loss));
    // Compactions that the damage made fail may succeed now.
    compactor.keepUp();
    await store.removals();
  }

  checkpoint(name: string, options?: CheckpointOptions): Promise<Checkpoint> {
    return this.#checkpoints.make(name, options);
  }

  /** Gives up the checkpoint under way. */
  async stop(): Promise<void> {
    await this.#checkpoints.stop();
  }

  /** A long read of the store as it is now, for which closing waits. */
  #reading<T>(read: (reading: VerifyDependencies) => Promise<T>): Promise<T> {
    const { fileSystem, store, log, readOnly, clock, underWay, assertOpen } = this.#use;
    const { stopping } = underWay;
    const reading = { fileSystem, version: store.current, log, readOnly, clock, stopping, assertOpen };
    return underWay.during(() => read(reading));
  }
}
