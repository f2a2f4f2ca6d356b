/** A manifest that outlives its members' lives in memory: what the tests of this package need of one. */
import {
  emptyManifestState,
  type Manifest,
  type ManifestEdit,
  type ManifestState,
  type RunPage,
} from '@kv/lsm-storage/core';

export class MemoryManifest implements Manifest {
  #state: ManifestState = emptyManifestState;
  readonly #pages = new Map<number, readonly RunPage[]>();

  async load(): Promise<ManifestState> {
    return this.#state;
  }

  pageKeys(run: number): readonly Uint8Array[] {
    return this.#pagesOf(run).map((page) => page.firstKey);
  }

  page(run: number, page: number): RunPage {
    const found = this.#pagesOf(run)[page];
    if (found === undefined) throw new Error(`run ${run} has no page ${page}`);
    return found;
  }

  async commit({ addedRuns, removedRuns, removedValueFiles, forgottenRuns, ...position }: ManifestEdit): Promise<void> {
    for (const run of forgottenRuns) this.#pages.delete(run);
    for (const { run, pages } of addedRuns) this.#pages.set(run.number, pages);
    const kept = this.#state.runs.filter(({ number }) => !removedRuns.includes(number));
    const runs = [...addedRuns.map(({ run }) => run), ...kept].sort((a, b) => b.lastSequence - a.lastSequence);
    const keptFiles = this.#state.valueFiles.filter(({ number }) => !removedValueFiles.includes(number));
    const valueFiles = [...keptFiles, ...addedRuns.flatMap(({ valueFile }) => valueFile ?? [])];
    this.#state = { ...position, runs, valueFiles: valueFiles.sort((a, b) => a.number - b.number) };
  }

  async copyTo(): Promise<void> {
    throw new Error('nothing in this package makes checkpoints');
  }

  async openCopy(): Promise<Manifest> {
    throw new Error('nothing in this package makes checkpoints');
  }

  async close(): Promise<void> {}

  #pagesOf(run: number): readonly RunPage[] {
    const pages = this.#pages.get(run);
    if (pages === undefined) throw new Error(`there is no run ${run}`);
    return pages;
  }
}
