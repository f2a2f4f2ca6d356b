import { describe, expect, it } from 'vitest';
import type { CrashableFileSystem } from '../../contract/index.ts';
import { seededRandom } from '../../contract/index.ts';
import { CARE_OPTIONS, closedStore, damage, filesOf, filledStore, writeRound } from '../../testing/care.ts';
import { withoutRoom } from '../../testing/log.ts';
import { bytes, codeOf, contentsOf, openOn } from '../../testing/store.ts';
import type { StorageOptions } from '../options.ts';
import type { StorageEngine } from '../storage-engine.ts';

const HARMLESS = ['open', 'read', 'list', 'close'];

/** Opens the store for reading; every call that could change the disk fails the test. */
async function openForReading(disk: CrashableFileSystem, options: StorageOptions = {}): Promise<StorageEngine> {
  disk.observe(({ operation, path }) => {
    if (!HARMLESS.includes(operation)) throw new Error(`${operation} ${path}`);
    return undefined;
  });
  return openOn(disk, { ...CARE_OPTIONS, ...options, readOnly: true });
}

async function bytesOf(disk: CrashableFileSystem): Promise<Map<string, Uint8Array>> {
  return new Map((await disk.list('')).map((name) => [name, disk.contents(name)]));
}

describe('a store that is opened for reading', () => {
  it('has everything, replayed from the log too, and changes nothing', async () => {
    const { disk, contents } = await closedStore();
    const before = await bytesOf(disk);
    const engine = await openForReading(disk);
    expect(contentsOf(engine)).toEqual(contents);
    expect(engine.recovery).toMatchObject({ cleanShutdown: true, entriesReplayed: 41 });
    expect((await engine.verify()).damage).toEqual([]);
    await engine.settled();
    await engine.close();
    expect(await bytesOf(disk)).toEqual(before);
  });

  it('refuses whatever would write', async () => {
    const { disk, contents } = await closedStore();
    const engine = await openForReading(disk);
    const key = bytes('key0001');
    const offered = { meta: new Uint8Array(0), value: key };
    const refused = [
      () => engine.put(key, key),
      () => engine.delete(key),
      () => engine.deleteRange(key, undefined),
      () => engine.batch([]),
      () => engine.apply(key, offered, () => 'keep'),
      () => engine.flush(),
      () => engine.compact(),
      () => engine.compactRange(key, undefined),
      () => engine.checkpoint('name'),
    ];
    for (const work of refused) expect(await codeOf(work)).toBe('READ_ONLY');
    expect(contentsOf(engine)).toEqual(contents);
    await engine.close();
    expect(await codeOf(() => engine.put(key, key))).toBe('CLOSED');
  });

  it('begins no compaction, however much calls for one', async () => {
    const { disk } = await closedStore();
    const engine = await openForReading(disk, { scaling: -8, garbageRatio: 0.05 });
    await engine.settled();
    expect(engine.stats()).toMatchObject({ runs: 3, compactions: 0 });
    await engine.close();
  });

  it('leaves a torn tail, orphans and old segments where they are', async () => {
    const { disk, engine, contents } = await filledStore();
    await engine.put(bytes('last'), bytes('acknowledged'));
    const crashed = disk.afterPowerLoss(seededRandom(1));
    await engine.close();
    const newest = (await filesOf(crashed, '.log')).at(-1)!;
    const written = withoutRoom(crashed.contents(newest));
    crashed.place(newest, Uint8Array.from([...written, ...new Uint8Array(50).fill(1)]));
    crashed.place('0000000077.run', Uint8Array.of(1));
    crashed.place('0000000001.log', Uint8Array.of(1));
    const before = await bytesOf(crashed);
    const reading = await openForReading(crashed);
    expect(contentsOf(reading)).toEqual(new Map([...contents, ['last', 'acknowledged']]));
    expect(reading.recovery).toMatchObject({ cleanShutdown: false, bytesTruncated: 50, orphansRemoved: 0 });
    expect((await reading.verify()).damage).toEqual([]);
    await reading.close();
    expect(await bytesOf(crashed)).toEqual(before);
  });

  it('leaves a damaged log where it is, and ends before the damage if it is told to', async () => {
    const { disk, contents } = await closedStore();
    const [, newest] = await filesOf(disk, '.log');
    damage(disk, newest!);
    const before = await bytesOf(disk);
    expect(await codeOf(() => openForReading(disk))).toBe('CORRUPTION');
    const engine = await openForReading(disk, { recovery: 'point-in-time' });
    expect(engine.recovery).toMatchObject({ stoppedAt: { file: newest }, lostFiles: [] });
    expect(contentsOf(engine).size).toBeLessThan(contents.size);
    await engine.close();
    expect(await bytesOf(disk)).toEqual(before);
  });

  it('needs no lock, and shows its moment while another engine goes on', async () => {
    const { disk, engine, contents } = await filledStore();
    const before = new Map(contents);
    const reading = await openOn(disk, { ...CARE_OPTIONS, readOnly: true, cacheBytes: 0 });
    await writeRound(engine, 1, contents);
    await engine.compact();
    expect(contentsOf(reading)).toEqual(before);
    // At no rate: the clock of this store stands still.
    expect((await reading.verify({ bytesPerSecond: 0 })).damage).toEqual([]);
    expect(contentsOf(engine)).toEqual(contents);
    await reading.close();
    const later = await openOn(disk, { ...CARE_OPTIONS, readOnly: true });
    expect(contentsOf(later)).toEqual(contents);
    await later.close();
    await engine.close();
  });
});
