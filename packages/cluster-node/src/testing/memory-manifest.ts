/** A manifest that outlives its members' lives in memory: what the tests of this package need of one. */
import {
  emptyManifestState,
  type Manifest,
  type ManifestEdit,
  type ManifestState,
  type RunPages,
} from '@kv/lsm-storage/core';

export class MemoryManifest implements Manifest {
  #state: ManifestState = emptyManifestState;
  readonly #pages = new Map<number, RunPages>();

  async load(): Promise<ManifestState> {
    return this.#state;
  }

  async loadPages(run: number): Promise<RunPages> {
    const pages = this.#pages.get(run);
    if (pages === undefined) throw new Error(`there is no run ${run}`);
    return pages;
  }

  async commit({ addedRuns, removedRuns, ...position }: ManifestEdit): Promise<void> {
    for (const { run, pages } of addedRuns) this.#pages.set(run.number, pages);
    const kept = this.#state.runs.filter(({ number }) => !removedRuns.includes(number));
    const runs = [...addedRuns.map(({ run }) => run), ...kept].sort((a, b) => b.lastSequence - a.lastSequence);
    this.#state = { ...position, runs };
  }

  async close(): Promise<void> {}
}
