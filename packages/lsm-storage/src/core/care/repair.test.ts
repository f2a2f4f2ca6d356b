import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../../contract/index.ts';
import {
  CARE_OPTIONS,
  closedStore,
  damage,
  filesOf,
  filledStore,
  repairOn,
  valueOfKey,
  writeRound,
} from '../../testing/care.ts';
import { giveVersion } from '../../testing/file-versions.ts';
import { soak } from '../../testing/soak.ts';
import { bytes, codeOf, contentsOf, openOn } from '../../testing/store.ts';
import { wrapFileSystem } from '../../testing/wrapped-file-system.ts';
import { StorageError } from '../errors.ts';
import { runFileName, valueFileName } from '../file-names.ts';

/** The power is cut at one call of so many. */
const EVERY = soak.on ? 1 : 3;

async function contentsOn(disk: CrashableFileSystem): Promise<Map<string, string>> {
  const engine = await openOn(disk, CARE_OPTIONS);
  const contents = contentsOf(engine);
  expect((await engine.verify()).damage).toEqual([]);
  await engine.close();
  return contents;
}

/** What the rounds leave behind without one of them, and without the values of another that are kept apart. */
async function expectedWithout(round: number | undefined, valuesOf?: number): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (let each = 0; each < 4; each++) {
    if (each === round) continue;
    const written = new Map<string, string>();
    const never = { put: async () => undefined, delete: async () => undefined };
    await writeRound(never as never, each, written);
    for (const [key, value] of written) if (each !== valuesOf || !key.endsWith('0')) contents.set(key, value);
    contents.delete(`key${String(20 * each + 7).padStart(4, '0')}`);
  }
  return contents;
}

describe('repair', { timeout: soak.timeout }, () => {
  it('makes the manifest again when it is lost', async () => {
    const { disk, contents } = await closedStore();
    const pages = disk.clone();
    await disk.remove('manifest.db');
    expect(await codeOf(() => openOn(disk.clone(), CARE_OPTIONS))).toBe('CORRUPTION');
    const report = await repairOn(disk);
    expect(report).toEqual({ runs: 3, valueFiles: 3, entries: 119, lostFiles: [], reasons: {}, entriesDropped: 0 });
    expect(await contentsOn(disk)).toEqual(contents);
    const state = async (of: CrashableFileSystem): Promise<unknown> => {
      const { runs, valueFiles, runEntries, durableSequence, flushedSequence } = (
        await openOn(of, CARE_OPTIONS)
      ).stats();
      return { runs, valueFiles, runEntries, durableSequence, flushedSequence };
    };
    expect(await state(disk)).toEqual(await state(pages));
  });

  it('makes the manifest again when it is damaged anywhere, and keeps the old one', async () => {
    const { disk, contents } = await closedStore();
    const whole = disk.contents('manifest.db');
    for (let at = 0; at < whole.length; at += 8001) {
      const harmed = disk.clone();
      damage(harmed, 'manifest.db', at);
      const damaged = harmed.contents('manifest.db');
      const report = await repairOn(harmed);
      expect(report).toMatchObject({ runs: 3, lostFiles: ['manifest.db.1.lost'] });
      expect(harmed.contents('manifest.db.1.lost')).toEqual(damaged);
      expect(await contentsOn(harmed)).toEqual(contents);
    }
  });

  it('goes on with sequences and file numbers that nothing ever had', async () => {
    const { disk, contents } = await closedStore();
    damage(disk, runFileName(3));
    damage(disk, valueFileName(6));
    await disk.remove('manifest.db');
    await repairOn(disk);
    const engine = await openOn(disk, CARE_OPTIONS);
    await writeRound(engine, 9, contents);
    await engine.flush();
    const numbers = (await filesOf(disk, '.run')).map((name) => Number.parseInt(name, 10));
    expect(numbers.filter((number) => number > 6)).not.toEqual([]);
    expect(numbers).not.toContain(3);
    expect(numbers).not.toContain(6);
    await engine.close();
    expect((await contentsOn(disk)).get('key0200')).toBe(valueOfKey('key0200', 9));
  });

  it.each([0, 1])('sets a damaged run aside and has all that lay elsewhere (round %i)', async (round) => {
    const { disk } = await closedStore();
    const run = runFileName(1 + 2 * round);
    const values = valueFileName(2 + 2 * round);
    // Also in its format version.
    for (const at of [3, 6, 7, 40, undefined, disk.contents(run).length - 3]) {
      const harmed = disk.clone();
      damage(harmed, run, at);
      const report = await repairOn(harmed);
      expect(report).toMatchObject({ runs: 2, valueFiles: 2, entries: round === 0 ? 80 : 79, entriesDropped: 0 });
      // Its values may still be of use to somebody.
      expect([...report.lostFiles].sort()).toEqual([`${run}.1.lost`, `${values}.1.lost`, 'manifest.db.1.lost'].sort());
      expect(await contentsOn(harmed)).toEqual(await expectedWithout(round));
      for (const lost of report.lostFiles) expect(await harmed.exists(lost)).toBe(true);
    }
  });

  it('has what a damaged run held from the log where that is there still', async () => {
    const { disk, contents } = await closedStore();
    damage(disk, runFileName(5));
    expect(await repairOn(disk)).toMatchObject({ runs: 2, entries: 79 });
    expect(await contentsOn(disk)).toEqual(contents);
  });

  it.each([
    ['run', runFileName(3)],
    ['value file', valueFileName(4)],
  ])('sets a %s aside that cannot be read, and says why', async (_, path) => {
    const { disk } = await closedStore();
    const reason = `reading ${path}: EIO`;
    disk.observe((call) => {
      if (call.operation === 'read' && call.path === path) throw new StorageError('IO_ERROR', reason);
      return undefined;
    });
    const report = await repairOn(disk);
    disk.observe(undefined);
    expect(report.lostFiles).toContain(`${path}.1.lost`);
    expect(report.reasons[`${path}.1.lost`]).toBe(reason);
    expect(Object.keys(report.reasons)).toEqual(report.lostFiles);
    expect(await contentsOn(disk)).toEqual(
      await (path.endsWith('.run') ? expectedWithout(1) : expectedWithout(undefined, 1)),
    );
  });

  it('says of damage where it is', async () => {
    const { disk } = await closedStore();
    damage(disk, runFileName(3), 6);
    const { reasons } = await repairOn(disk);
    expect(reasons).toEqual({
      [`${runFileName(3)}.1.lost`]: `${runFileName(3)} is damaged at byte 0: the checksum of the file header is wrong`,
      [`${valueFileName(4)}.1.lost`]: 'no live run points to it',
      'manifest.db.1.lost': 'a manifest made from the files took its place',
    });
  });

  it('touches nothing of a store of another format version', async () => {
    const { disk } = await closedStore();
    giveVersion(disk, runFileName(3), 3);
    const before = await disk.list('');
    expect(await codeOf(() => repairOn(disk))).toBe('UNSUPPORTED_FORMAT');
    expect((await disk.list('')).filter((name) => !name.startsWith('manifest.db.new'))).toEqual(before);
  });

  it.each([0, 1, 2])('drops the entries whose value file is damaged or lost (round %i)', async (round) => {
    const { disk } = await closedStore();
    const run = runFileName(1 + 2 * round);
    const values = valueFileName(2 + 2 * round);
    for (const harm of ['damage', 'loss'] as const) {
      const harmed = disk.clone();
      if (harm === 'damage') damage(harmed, values);
      else await harmed.remove(values);
      const report = await repairOn(harmed);
      expect(report).toMatchObject({ runs: 3, valueFiles: 2, entries: 115, entriesDropped: 4 });
      const lost = harm === 'damage' ? [values, run, 'manifest.db'] : [run, 'manifest.db'];
      expect(report.lostFiles).toEqual(lost.map((name) => `${name}.1.lost`));
      expect(await contentsOn(harmed)).toEqual(await expectedWithout(undefined, round));
    }
  });

  it('takes the outcome of a compaction whose edit never happened, or whose inputs were not removed yet', async () => {
    for (const committed of [false, true]) {
      const { disk, contents } = await closedStore();
      const engine = await openOn(disk, CARE_OPTIONS, {
        wrapFileSystem: (fileSystem) => wrapFileSystem(fileSystem, () => ({}), { remove: async () => undefined }),
        wrapManifest: (manifest) => ({
          load: () => manifest.load(),
          pageKeys: (run) => manifest.pageKeys(run),
          page: (run, page) => manifest.page(run, page),
          commit: async (edit) => {
            if (!committed && edit.removedRuns.length > 0) throw new Error('cut short');
            await manifest.commit(edit);
          },
          copyTo: (path) => manifest.copyTo(path),
          openCopy: (path) => manifest.openCopy(path),
          close: () => manifest.close(),
        }),
      });
      expect(await codeOf(() => engine.compact())).toBe(committed ? undefined : 'POISONED');
      await engine.close();
      // Four inputs and their outcome; that of the second pass, which moves values together, only when there was one.
      expect(await filesOf(disk, '.run')).toHaveLength(committed ? 6 : 5);
      await disk.remove('manifest.db');
      const report = await repairOn(disk);
      expect(report).toMatchObject({ runs: 1, lostFiles: [], entriesDropped: 0 });
      expect(await contentsOn(disk)).toEqual(contents);
      expect(await filesOf(disk, '.run')).toHaveLength(1);
      expect(await codeOf(() => contentsOn(disk))).toBe(undefined);
    }
  });

  it('takes the inputs of a compaction whose outcome is damaged', async () => {
    const { disk, contents } = await closedStore();
    const before = disk.clone();
    const engine = await openOn(disk, CARE_OPTIONS);
    await engine.compact();
    await engine.close();
    const [outcome] = await filesOf(disk, '.run');
    before.place(outcome!, disk.contents(outcome!));
    damage(before, outcome!);
    expect((await repairOn(before)).lostFiles).toContain(`${outcome}.1.lost`);
    expect(await contentsOn(before)).toEqual(contents);
  });

  it('makes a log where there is none, and keeps deletes of key ranges', async () => {
    const { disk, engine, contents } = await filledStore();
    await engine.deleteRange(bytes('key0000'), bytes('key0030'));
    for (const key of contents.keys()) if (key < 'key0030') contents.delete(key);
    await engine.flush();
    await engine.close();
    for (const name of [...(await filesOf(disk, '.log')), 'manifest.db']) await disk.remove(name);
    expect(await repairOn(disk)).toMatchObject({ runs: 4, entriesDropped: 0 });
    expect(await contentsOn(disk)).toEqual(contents);
    const again = await openOn(disk, CARE_OPTIONS);
    await again.put(bytes('key0000'), bytes('new'));
    await again.close();
    expect(await contentsOn(disk)).toEqual(new Map([['key0000', 'new'], ...contents]));
  });

  it('passes by segments that were needed no more', async () => {
    const { disk, engine, contents } = await filledStore();
    const first = (await filesOf(disk, '.log'))[0]!;
    const early = new CrashableFileSystem();
    const start = await openOn(early, CARE_OPTIONS);
    await start.put(bytes('a'), bytes('old'));
    const stale = early.contents('0000000001.log');
    await start.close();
    await engine.close();
    // The first segment of this store came long before the one that is its oldest now.
    expect(first > '0000000002.log').toBe(true);
    disk.place('0000000001.log', stale);
    await disk.remove('manifest.db');
    await repairOn(disk);
    expect(await contentsOn(disk)).toEqual(contents);
  });

  it('leaves a gap in the log that is needed for the opening to refuse', async () => {
    const { disk } = await closedStore();
    const engine = await openOn(disk, CARE_OPTIONS);
    await engine.put(bytes('later'), bytes('v'));
    await engine.close();
    const segments = await filesOf(disk, '.log');
    expect(segments).toHaveLength(3);
    await disk.remove(segments[1]!);
    await repairOn(disk);
    await expect(openOn(disk, CARE_OPTIONS)).rejects.toMatchObject({
      file: segments[1],
      what: 'the segment is missing',
    });
  });

  it('opens where everything was deleted, and no run is left', async () => {
    const { disk, engine } = await filledStore();
    await engine.deleteRange(bytes(''), undefined);
    await engine.compact();
    await engine.close();
    expect(await filesOf(disk, '.run')).toEqual([]);
    await disk.remove('manifest.db');
    expect(await repairOn(disk)).toMatchObject({ runs: 0, entries: 0 });
    expect(await contentsOn(disk)).toEqual(new Map());
  });

  it('goes on behind a damaged run whose log is gone', async () => {
    const { disk } = await closedStore();
    damage(disk, runFileName(5));
    await disk.remove((await filesOf(disk, '.log'))[0]!);
    expect(await repairOn(disk)).toMatchObject({ runs: 2, entries: 79 });
    expect(await contentsOn(disk)).toEqual(await expectedWithout(2));
  });

  it('cut short by a power loss at any call can be done again, and loses nothing more', async () => {
    const { disk } = await closedStore();
    damage(disk, runFileName(3));
    damage(disk, valueFileName(2));
    damage(disk, 'manifest.db', 5);
    const files = async (of: CrashableFileSystem): Promise<string[]> => (await of.list('')).filter((n) => n !== 'LOCK');
    const uncut = disk.clone();
    await repairOn(uncut);
    const expected = await contentsOn(uncut);
    let crashAt = 1;
    for (; ; crashAt += EVERY) {
      const crashing = disk.clone();
      let calls = 0;
      crashing.observe(({ operation }) => {
        if (operation === 'read' || operation === 'open' || operation === 'close') return undefined;
        return ++calls === crashAt ? 'power-loss' : undefined;
      });
      if ((await codeOf(() => repairOn(crashing))) === undefined) break;
      for (let seed = 0; seed < 3; seed++) {
        const found = crashing.afterPowerLoss(seededRandom(seed));
        // Whoever opens the store in between is refused, or finds it repaired.
        const between = found.clone();
        const opened = await openOn(between, CARE_OPTIONS).catch(() => undefined);
        if (opened !== undefined) expect(contentsOf(opened)).toEqual(expected);
        await opened?.close();
        for (const each of opened === undefined ? [found, between] : [found]) {
          await repairOn(each);
          expect(await contentsOn(each)).toEqual(expected);
          const lost = (await files(each)).filter((name) => name.endsWith('.lost'));
          for (const name of [runFileName(3), valueFileName(2)]) expect(lost).toContain(`${name}.1.lost`);
        }
      }
    }
    expect(crashAt).toBeGreaterThan(20);
  });

  it('does nothing while the store is open, or where there is none', async () => {
    const { disk, engine } = await filledStore();
    expect(await codeOf(() => repairOn(disk))).toBe('LOCKED');
    await engine.close();
    const empty = new CrashableFileSystem();
    expect(await codeOf(() => repairOn(empty))).toBe('NOT_FOUND');
    expect(await empty.list('')).toEqual([]);
  });

  it('of a sound store changes nothing that can be read, however often it is done', async () => {
    const { disk, contents } = await closedStore();
    for (let time = 1; time < 4; time++) {
      const report = await repairOn(disk);
      expect(report).toMatchObject({ runs: 3, entries: 119, lostFiles: [`manifest.db.${time}.lost`] });
      expect(await contentsOn(disk)).toEqual(contents);
    }
  });
});
