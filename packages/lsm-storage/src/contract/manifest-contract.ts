/** What the engine relies on in a manifest. */

import { emptyManifestState } from '../core/index.ts';
import type { AddedRun, Manifest, ManifestEdit } from '../core/index.ts';
import { codeOf, withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';

/** The place where manifests are kept. */
export interface ManifestHome {
  /** A manifest over what is there; the one before it was closed, or is as if its process had died. */
  open(): Promise<Manifest>;
  /** A manifest over a copy that was made under this path. */
  openCopy(path: string): Promise<Manifest>;
}

/** The factory gives homes in which no manifest was ever kept. */
export function manifestContract(primitives: TestPrimitives, factory: SubjectFactory<ManifestHome>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (home: ManifestHome) => Promise<void>): void =>
    it(name, () => withSubject(factory, body));

  const expectPages = (manifest: Manifest, { run: { number }, pages }: AddedRun): void => {
    expect(manifest.pageKeys(number)).toEqual(pages.map((page) => page.firstKey));
    expect(pages.map((_, page) => manifest.page(number, page))).toEqual(pages);
  };

  describe('manifest', () => {
    test('is empty before the first edit', async (home) => {
      const manifest = await home.open();
      expect(await manifest.load()).toEqual(emptyManifestState);
      await manifest.close();
    });

    test('gives back runs, value files, pages and position, newest run first', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)], flushedSequence: 10, nextFileNumber: 2 }));
      const last = edit({ addedRuns: [run(2, 11, 20)], flushedSequence: 20, oldestSegment: 3, nextFileNumber: 3 });
      await manifest.commit(last);
      await manifest.close();
      const again = await home.open();
      const { runs, valueFiles, ...position } = await again.load();
      expect(position).toEqual({ flushedSequence: 20, oldestSegment: 3, nextFileNumber: 3 });
      expect(runs).toEqual([run(2, 11, 20).run, run(1, 1, 10).run]);
      expect(valueFiles).toEqual([run(1, 1, 10).valueFile, run(2, 11, 20).valueFile]);
      expectPages(again, run(1, 1, 10));
      expectPages(again, run(2, 11, 20));
      await again.close();
    });

    test('gives back a page of an edit at once, and none that is not there', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)] }));
      expect(manifest.page(1, 1)).toEqual(run(1, 1, 10).pages[1]);
      expect(await codeOf(() => manifest.page(1, 2))).toBe('CORRUPTION');
      expect(await codeOf(() => manifest.page(2, 0))).toBe('CORRUPTION');
      expect(await codeOf(() => manifest.pageKeys(2))).toBe('CORRUPTION');
      await manifest.close();
    });

    test('keeps a run without pages, without end and without references', async (home) => {
      const added = run(1, 1, 10);
      const bare: AddedRun = {
        run: { ...added.run, largestKey: undefined, earliestDeadline: 0, references: [] },
        pages: [],
        valueFile: undefined,
      };
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [bare] }));
      const state = await manifest.load();
      expect([state.runs, state.valueFiles]).toEqual([[bare.run], []]);
      expect(manifest.pageKeys(1)).toEqual([]);
      await manifest.close();
    });

    test('replaces runs and value files in the edit that adds their successor', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10), run(2, 11, 20)], nextFileNumber: 3 }));
      const removed = { removedRuns: [1, 2], removedValueFiles: [valueFileOf(1)] };
      await manifest.commit(edit({ addedRuns: [run(3, 1, 20)], ...removed, nextFileNumber: 4 }));
      const { runs, valueFiles } = await manifest.load();
      expect(runs.map((each) => each.number)).toEqual([3]);
      expect(valueFiles.map((each) => each.number)).toEqual([valueFileOf(2), valueFileOf(3)]);
      expectPages(manifest, run(3, 1, 20));
      await manifest.commit(edit({ removedRuns: [3], removedValueFiles: [valueFileOf(2), valueFileOf(3)] }));
      const { runs: none, valueFiles: noFiles } = await manifest.load();
      expect([none, noFiles]).toEqual([[], []]);
      await manifest.close();
    });

    test('keeps the pages of a run that is gone until it is forgotten', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10), run(2, 11, 20)] }));
      await manifest.commit(edit({ removedRuns: [1] }));
      await manifest.commit(edit({ removedRuns: [2], forgottenRuns: [1] }));
      expect(await codeOf(() => manifest.page(1, 0))).toBe('CORRUPTION');
      expect(manifest.page(2, 1)).toEqual(run(2, 11, 20).pages[1]);
      await manifest.close();
      const again = await home.open();
      await again.load();
      expect(await codeOf(() => again.page(2, 1))).toBe('CORRUPTION');
      await again.close();
    });

    test('takes value files that come without a run', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      const { valueFile, ...without } = run(1, 1, 10);
      await manifest.commit(edit({ addedRuns: [{ ...without, valueFile: undefined }] }));
      await manifest.commit(edit(valueFile === undefined ? {} : { addedValueFiles: [valueFile] }));
      expect((await manifest.load()).valueFiles).toEqual([valueFile]);
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
      expectPages(again, run(1, 1, 10));
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

    test('copies itself as it is, and goes on by itself', async (home) => {
      const manifest = await home.open();
      await manifest.load();
      await manifest.commit(edit({ addedRuns: [run(1, 1, 10)], flushedSequence: 10 }));
      const before = await manifest.load();
      const copying = manifest.copyTo('copy');
      const committing = manifest.commit(edit({ removedRuns: [1], flushedSequence: 11 }));
      await copying;
      await committing;
      for (const open of [() => manifest.openCopy('copy'), () => home.openCopy('copy')]) {
        const copy = await open();
        expect(await copy.load()).toEqual(before);
        expectPages(copy, run(1, 1, 10));
        await copy.close();
      }
      expect((await manifest.load()).flushedSequence).toBe(11);
      expect(await codeOf(() => manifest.copyTo('copy'))).toBe('ALREADY_EXISTS');
      await manifest.commit(edit({ flushedSequence: 12 }));
      await manifest.close();
    });

    test('keeps numbers beyond 2^32 and keys of any bytes', async (home) => {
      const large = 2 ** 53 - 1;
      const added = run(1, large - 1, large);
      const odd = {
        ...added.run,
        bytes: large,
        earliestDeadline: large,
        smallestKey: new Uint8Array(0),
        largestKey: Uint8Array.of(255, 0, 128),
        references: [{ file: large, values: large, bytes: large }],
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
  const nothing = { addedRuns: [], removedRuns: [], removedValueFiles: [], forgottenRuns: [] };
  return { flushedSequence: 0, oldestSegment: 1, nextFileNumber: 10, ...nothing, ...changes };
}

function valueFileOf(run: number): number {
  return 100 + run;
}

function run(number: number, firstSequence: number, lastSequence: number): AddedRun {
  const valueFile = valueFileOf(number);
  return {
    run: {
      number,
      bytes: 1000 + number,
      footerChecksum: 4_000_000_000 + number,
      entries: 10,
      tombstones: 2,
      ranges: 1,
      firstSequence,
      lastSequence,
      smallestKey: Uint8Array.of(number, 1),
      largestKey: Uint8Array.of(number, 2),
      earliestDeadline: 5000 + number,
      references: [
        { file: valueFileOf(0), values: 3, bytes: 300 },
        { file: valueFile, values: number, bytes: 100 * number },
      ],
    },
    pages: [
      { firstKey: new Uint8Array(0), index: Uint8Array.of(number, 3), filter: new Uint8Array(64).fill(number) },
      { firstKey: Uint8Array.of(number, 2), index: Uint8Array.of(number, 4), filter: new Uint8Array(128) },
    ],
    valueFile: { number: valueFile, bytes: 500 + number, values: number, footerChecksum: 3_000_000_000 + number },
  };
}
