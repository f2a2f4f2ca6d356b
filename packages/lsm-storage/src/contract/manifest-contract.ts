/** What the engine relies on in a manifest. */

import { emptyManifestState } from '../core/index.ts';
import type { AddedRun, Manifest, ManifestEdit } from '../core/index.ts';
import { withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';

/** The place where manifests are kept. */
export interface ManifestHome {
  /** A manifest over what is there; the one before it was closed, or is as if its process had died. */
  open(): Promise<Manifest>;
}

/** The factory gives homes in which no manifest was ever kept. */
export function manifestContract(primitives: TestPrimitives, factory: SubjectFactory<ManifestHome>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (home: ManifestHome) => Promise<void>): void =>
    it(name, () => withSubject(factory, body));

  describe('manifest', () => {
    test('is empty before the first edit', async (home) => {
      const manifest = await home.open();
      expect(await manifest.load()).toEqual(emptyManifestState);
      await manifest.close();
    });

    test('gives back runs, pages and position, newest run first', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)], flushedSequence: 10, nextFileNumber: 2 }));
      const last = edit({ addedRuns: [run(2, 11, 20)], flushedSequence: 20, oldestSegment: 3, nextFileNumber: 3 });
      await manifest.commit(last);
      await manifest.close();
      const again = await home.open();
      const { runs, ...position } = await again.load();
      expect(position).toEqual({ flushedSequence: 20, oldestSegment: 3, nextFileNumber: 3 });
      expect(runs).toEqual([run(2, 11, 20).run, run(1, 1, 10).run]);
      expect(await again.loadPages(1)).toEqual(run(1, 1, 10).pages);
      await again.close();
    });

    test('replaces runs in the edit that adds their successor', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10), run(2, 11, 20)], nextFileNumber: 3 }));
      await manifest.commit(edit({ addedRuns: [run(3, 1, 20)], removedRuns: [1, 2], nextFileNumber: 4 }));
      const { runs } = await manifest.load();
      expect(runs.map((each) => each.number)).toEqual([3]);
      expect(await manifest.loadPages(3)).toEqual(run(3, 1, 20).pages);
      await manifest.commit(edit({ removedRuns: [3], nextFileNumber: 4 }));
      expect((await manifest.load()).runs).toEqual([]);
      await manifest.close();
    });

    test('does an edit as a whole or not at all', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)], flushedSequence: 10, nextFileNumber: 2 }));
      const before = await manifest.load();
      const impossible = edit({ addedRuns: [run(2, 11, 20), run(2, 11, 20)], removedRuns: [1], flushedSequence: 20 });
      const refused = await manifest.commit(impossible).then(
        () => false,
        () => true,
      );
      expect(refused).toBe(true);
      await manifest.close();
      const again = await home.open();
      expect(await again.load()).toEqual(before);
      expect(await again.loadPages(1)).toEqual(run(1, 1, 10).pages);
      await again.close();
    });

    test('keeps an edit whose commit resolved, without being closed', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)], flushedSequence: 10, nextFileNumber: 2 }));
      const successor = await home.open();
      expect((await successor.load()).flushedSequence).toBe(10);
      await successor.close();
      await manifest.close();
    });

    test('keeps numbers beyond 2^32 and keys of any bytes', async (home) => {
      const large = 2 ** 53 - 1;
      const added = run(1, large - 1, large);
      const odd = {
        ...added.run,
        bytes: large,
        smallestKey: new Uint8Array(0),
        largestKey: Uint8Array.of(255, 0, 128),
      };
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(
        edit({ addedRuns: [{ ...added, run: odd }], flushedSequence: large, nextFileNumber: large }),
      );
      const state = await manifest.load();
      expect(state.runs).toEqual([odd]);
      expect(state.flushedSequence).toBe(large);
      await manifest.close();
    });
  });
}

function edit(changes: Partial<ManifestEdit>): ManifestEdit {
  return { flushedSequence: 0, oldestSegment: 1, nextFileNumber: 10, addedRuns: [], removedRuns: [], ...changes };
}

function run(number: number, firstSequence: number, lastSequence: number): AddedRun {
  return {
    run: {
      number,
      bytes: 1000 + number,
      footerChecksum: 4_000_000_000 + number,
      entries: 10,
      tombstones: 2,
      firstSequence,
      lastSequence,
      smallestKey: Uint8Array.of(number, 1),
      largestKey: Uint8Array.of(number, 2),
    },
    pages: {
      index: [Uint8Array.of(number, 3), Uint8Array.of(number, 4)],
      filter: [new Uint8Array(64).fill(number)],
    },
  };
}
