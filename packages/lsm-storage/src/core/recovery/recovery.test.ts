import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, Survival, seededRandom } from '../../contract/index.ts';
import { giveVersion } from '../../testing/file-versions.ts';
import { HeldSyncs } from '../../testing/held-syncs.ts';
import { withoutRoom } from '../../testing/log.ts';
import { bytes, codeOf, contentsOf, openOn, turns } from '../../testing/store.ts';
import { wrapFileSystem as wrapFileSystemWith } from '../../testing/wrapped-file-system.ts';
import { segmentFileName, segmentNumbers } from '../file-names.ts';
import type { StorageOptions } from '../options.ts';
import type { FileSystem } from '../ports/file-system.ts';

const SEGMENTS: StorageOptions = { memtableBytes: 1 << 20 };
const POINT_IN_TIME: StorageOptions = { ...SEGMENTS, recovery: 'point-in-time' };
const SEAL_BYTES = 32;

/** Of each opening of {@link crashedDisk}, and so of each of its segments. */
const WRITES = 8;

/** A disk with `count` acknowledged writes in several segments, the newest as a crash leaves it: not sealed. */
async function crashedDisk(count: number, options: StorageOptions = SEGMENTS): Promise<CrashableFileSystem> {
  const disk = new CrashableFileSystem();
  for (let i = 0; ; ) {
    const engine = await openOn(disk, options);
    for (const end = Math.min(i + WRITES, count); i < end; i++) {
      await engine.put(bytes(`k${String(i).padStart(3, '0')}`), bytes('v'.repeat(50)));
    }
    if (i === count) return disk.clone();
    await engine.close();
  }
}

async function segmentsOf(disk: CrashableFileSystem): Promise<string[]> {
  return segmentNumbers(await disk.list('')).map(segmentFileName);
}

function flip(disk: CrashableFileSystem, path: string, at: number): void {
  const contents = disk.contents(path);
  contents[at] = (contents[at] as number) ^ 1;
  disk.place(path, contents);
}

describe('recovery of the log', () => {
  it('cuts a torn tail off, once, and syncs before it goes on', async () => {
    const disk = await crashedDisk(30);
    const last = (await segmentsOf(disk)).at(-1)!;
    const written = withoutRoom(disk.contents(last));
    disk.place(last, written.subarray(0, -10));
    const calls: string[] = [];
    disk.observe((call) => {
      if (['truncate', 'sync', 'create'].includes(call.operation)) calls.push(`${call.operation} ${call.path}`);
      return undefined;
    });
    const engine = await openOn(disk, SEGMENTS);
    expect(engine.recovery).toMatchObject({ cleanShutdown: false, entriesReplayed: 29 });
    expect(engine.recovery.bytesTruncated).toBeGreaterThan(0);
    expect(calls).toEqual([`truncate ${last}`, `sync ${last}`]);
    expect(contentsOf(engine).size).toBe(29);
    await engine.put(bytes('more'), bytes('v'));
    await engine.close();
    const again = await openOn(disk, SEGMENTS);
    expect(again.recovery).toMatchObject({ cleanShutdown: true, bytesTruncated: 0, entriesReplayed: 30 });
    await again.close();
  });

  it('removes a last segment that never began, and uses its number again', async () => {
    const disk = await crashedDisk(5);
    const last = (await segmentsOf(disk)).at(-1)!;
    // As it is once the next one may begin.
    disk.place(last, withoutRoom(disk.contents(last)));
    const next = segmentFileName(segmentNumbers(await disk.list('')).at(-1)! + 1);
    for (const torn of [new Uint8Array(0), new Uint8Array(10), new Uint8Array(500)]) {
      disk.place(next, torn);
      const engine = await openOn(disk, SEGMENTS);
      expect(engine.recovery.bytesTruncated).toBe(torn.length);
      expect(contentsOf(engine).size).toBe(5);
      await engine.put(bytes('k000'), bytes('v'));
      await engine.close();
      expect(disk.contents(next).length).toBeGreaterThan(24);
      await disk.remove(next);
    }
  });

  it('refuses damage before valid data, naming file, place and kind', async () => {
    const disk = await crashedDisk(30);
    const segments = await segmentsOf(disk);
    const newest = segments.at(-1)!;
    flip(disk, newest, 30);
    await expect(openOn(disk, SEGMENTS)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: newest,
      offset: 24,
      what: expect.stringContaining('a valid frame follows at byte') as string,
    });
    flip(disk, newest, 30);
    const size = disk.contents(segments[0]!).length;
    flip(disk, segments[0]!, size - 1);
    await expect(openOn(disk, SEGMENTS)).rejects.toMatchObject({ code: 'CORRUPTION', file: segments[0] });
  });

  it('refuses an older segment that ends in zeros, also when nothing was written after it', async () => {
    const disk = await crashedDisk(8);
    const segment = (await segmentsOf(disk))[0]!;
    const engine = await openOn(disk, SEGMENTS);
    await engine.put(bytes('more'), bytes('v'));
    const [, next] = await segmentsOf(disk);
    const crashed = disk.clone();
    crashed.place(next!, crashed.contents(next!).subarray(0, 24));
    const contents = crashed.contents(segment);
    crashed.place(segment, contents.fill(0, contents.length - SEAL_BYTES - 30));
    await expect(openOn(crashed, SEGMENTS)).rejects.toMatchObject({ code: 'CORRUPTION', file: segment });
    await engine.close();
  });

  it('refuses a missing segment, wherever it is missing', async () => {
    for (const index of [0, 1, 2]) {
      const disk = await crashedDisk(60);
      const segments = await segmentsOf(disk);
      expect(segments.length).toBeGreaterThan(4);
      await disk.remove(segments[index]!);
      await expect(openOn(disk, SEGMENTS)).rejects.toMatchObject({
        file: segments[index],
        what: 'the segment is missing',
      });
    }
  });

  it('refuses an older segment cut at the end of a frame: the sequences show the gap', async () => {
    const disk = await crashedDisk(30);
    const [first, second] = await segmentsOf(disk);
    const contents = disk.contents(first!);
    // Header of the frame, then head, key and value of the one entry.
    const frameBytes = 32 + (8 + 4 + 50);
    disk.place(first!, contents.subarray(0, contents.length - SEAL_BYTES - frameBytes));
    await expect(openOn(disk, SEGMENTS)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: second,
      what: expect.stringContaining('groups before it are missing') as string,
    });
  });

  it('refuses when the log is gone that the manifest still counts on', async () => {
    const disk = await crashedDisk(30);
    const engine = await openOn(disk, SEGMENTS);
    await engine.flush();
    await engine.close();
    for (const segment of await segmentsOf(disk)) await disk.remove(segment);
    await expect(openOn(disk, SEGMENTS)).rejects.toMatchObject({ what: 'the segment is missing' });
  });

  it('refuses a lost manifest rather than remove the runs that it named', async () => {
    const disk = await crashedDisk(30);
    const engine = await openOn(disk, SEGMENTS);
    await engine.flush();
    await engine.close();
    const withLog = disk.clone();
    await withLog.remove('manifest.db');
    expect(await codeOf(() => openOn(withLog, SEGMENTS))).toBe('CORRUPTION');
    const withoutLog = withLog.clone();
    for (const segment of await segmentsOf(withoutLog)) await withoutLog.remove(segment);
    expect(await codeOf(() => openOn(withoutLog, POINT_IN_TIME))).toBe('CORRUPTION');
    for (const disk of [withLog, withoutLog]) {
      expect((await disk.list('')).some((name) => name.endsWith('.run'))).toBe(true);
    }
  });

  it('refuses an emptied manifest beside a later log, in either mode, and leaves every file as it is', async () => {
    const disk = await crashedDisk(30);
    let engine = await openOn(disk, { ...SEGMENTS, separateBytes: 40 });
    await engine.flush();
    await engine.close();
    engine = await openOn(disk, SEGMENTS);
    await engine.put(bytes('more'), bytes('v'));
    await engine.close();
    const [first] = await segmentsOf(disk);
    expect(first).not.toBe(segmentFileName(1));
    await disk.remove('manifest.db');
    for (const gone of ['', '.run']) {
      for (const name of await disk.list('')) if (gone !== '' && name.endsWith(gone)) await disk.remove(name);
      const before = await disk.list('');
      for (const options of [SEGMENTS, POINT_IN_TIME]) {
        await expect(openOn(disk, options)).rejects.toMatchObject({ code: 'CORRUPTION', file: 'manifest.db' });
        expect(await disk.list('')).toEqual(before);
      }
    }
  });

  it('removes what an unfinished first flush left beside the log that holds all of it', async () => {
    const disk = await crashedDisk(5);
    disk.place('0000000001.run', Uint8Array.of(1, 2, 3));
    disk.place('0000000002.values', Uint8Array.of(1, 2, 3));
    const engine = await openOn(disk, SEGMENTS);
    expect(engine.recovery).toMatchObject({ orphansRemoved: 2, entriesReplayed: 5 });
    await engine.close();
  });

  it('refuses another version of the log, naming both', async () => {
    const disk = await crashedDisk(5);
    const [segment] = await segmentsOf(disk);
    for (const version of [1, 3]) {
      giveVersion(disk, segment!, version);
      const message = `${segment} has format version ${version}, this engine reads version 2`;
      for (const options of [SEGMENTS, POINT_IN_TIME]) {
        await expect(openOn(disk, options)).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT', message });
      }
    }
  });

  it('removes files of unfinished flushes, and segments no longer needed', async () => {
    const disk = await crashedDisk(30);
    let engine = await openOn(disk, SEGMENTS);
    await engine.flush();
    await engine.close();
    disk.place('0000000077.run', Uint8Array.of(1, 2, 3));
    disk.place('0000000078.values', Uint8Array.of(1, 2, 3));
    disk.place(segmentFileName(1), Uint8Array.of(1, 2, 3));
    engine = await openOn(disk, SEGMENTS);
    expect(engine.recovery.orphansRemoved).toBe(2);
    const names = await disk.list('');
    for (const orphan of ['0000000077.run', '0000000078.values']) expect(names).not.toContain(orphan);
    expect(names).not.toContain(segmentFileName(1));
    expect(contentsOf(engine).size).toBe(30);
    await engine.close();
  });
});

describe('recovery after the end of a process', () => {
  /** A disk on which a process ended after the write of a group and before its sync: the bytes are there, for now. */
  async function killedDisk(options: StorageOptions): Promise<CrashableFileSystem> {
    const disk = new CrashableFileSystem();
    const syncs = new HeldSyncs();
    const unlocked = { lock: async () => ({ release: async () => undefined }) };
    const wrapFileSystem = (inner: FileSystem): FileSystem =>
      syncs.wrap(wrapFileSystemWith(inner, () => ({}), unlocked));
    const engine = await openOn(disk, options, { wrapFileSystem });
    await engine.put(bytes('before'), bytes('v'));
    syncs.hold();
    void engine.put(bytes('written'), bytes('v'));
    await turns();
    return disk;
  }

  it.each(['group', 'none'] as const)(
    '%s: makes durable what it found, before anything is built on it',
    async (durability) => {
      const options: StorageOptions = { ...SEGMENTS, durability };
      const disk = await killedDisk(options);
      const engine = await openOn(disk, options);
      expect([...contentsOf(engine).keys()]).toEqual(['before', 'written']);
      await engine.put(bytes('after'), bytes('v'));
      for (const keeps of [true, false]) {
        const again = await openOn(disk.surviving(new Survival(() => keeps)), options);
        const found = [...contentsOf(again).keys()];
        // What was found once is found again; what came after it is there if groups are synced, or by chance.
        const whole = keeps || durability === 'group';
        expect(found).toEqual(whole ? ['after', 'before', 'written'] : ['before', 'written']);
        await again.close();
      }
    },
  );
});

describe('recovery of a log whose groups were not synced one by one', () => {
  const UNSYNCED: StorageOptions = { ...SEGMENTS, durability: 'none' };

  it('takes a tear in the newest segment for its end, also before valid frames', async () => {
    const disk = await crashedDisk(30, UNSYNCED);
    const newest = (await segmentsOf(disk)).at(-1)!;
    flip(disk, newest, 30);
    const engine = await openOn(disk, UNSYNCED);
    expect([...contentsOf(engine).keys()]).toHaveLength(24);
    expect(engine.recovery).toMatchObject({ cleanShutdown: false, stoppedAt: undefined });
    await engine.close();
  });

  it('refuses damage in a segment that was sealed, which was synced whole before the next one began', async () => {
    const disk = await crashedDisk(30, UNSYNCED);
    const [first] = await segmentsOf(disk);
    flip(disk, first!, 200);
    await expect(openOn(disk, UNSYNCED)).rejects.toMatchObject({ code: 'CORRUPTION', file: first });
  });
});

describe('point-in-time recovery', () => {
  it('keeps what comes before the damage, sets the rest aside, and goes on from there', async () => {
    const disk = await crashedDisk(60);
    const segments = await segmentsOf(disk);
    const before = segments.map((segment) => disk.contents(segment));
    flip(disk, segments[1]!, 200);
    const engine = await openOn(disk, POINT_IN_TIME);
    const kept = contentsOf(engine).size;
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(25);
    expect(engine.recovery).toMatchObject({ cleanShutdown: false, stoppedAt: { file: segments[1] } });
    expect(engine.recovery.lostFiles).toHaveLength(segments.length - 1);
    const lost = engine.recovery.lostFiles.map((file) => disk.contents(file));
    const lostBytes = lost.reduce((total, each) => total + each.length, 0);
    const keptBytes = (await segmentsOf(disk)).reduce((total, each) => total + disk.contents(each).length, 0);
    expect(lostBytes + keptBytes).toBe(before.reduce((total, each) => total + each.length, 0));
    await engine.put(bytes('new'), bytes('v'));
    await engine.close();
    const again = await openOn(disk, SEGMENTS);
    expect(again.recovery).toMatchObject({ cleanShutdown: true, stoppedAt: undefined, lostFiles: [] });
    expect(contentsOf(again).size).toBe(kept + 1);
    await again.close();
  });

  it('goes on after any segment is damaged at its header or missing, and opens normally afterwards', async () => {
    const count = (await segmentsOf(await crashedDisk(40))).length;
    for (let index = 0; index < count; index++) {
      for (const harm of ['header', 'missing'] as const) {
        const disk = await crashedDisk(40);
        const segment = (await segmentsOf(disk))[index]!;
        if (harm === 'header') flip(disk, segment, 12);
        else await disk.remove(segment);
        const engine = await openOn(disk, POINT_IN_TIME);
        const kept = contentsOf(engine);
        expect([...kept.keys()]).toEqual([...kept.keys()].map((_, i) => `k${String(i).padStart(3, '0')}`));
        await engine.close();
        const again = await openOn(disk, SEGMENTS);
        expect(contentsOf(again)).toEqual(kept);
        await again.put(bytes('new'), bytes('v'));
        await again.close();
      }
    }
  });

  it('sets aside what the manifest does not name, and never removes it', async () => {
    const disk = await crashedDisk(30);
    const run = Uint8Array.of(1, 2, 3);
    disk.place('0000000001.run', run);
    flip(disk, (await segmentsOf(disk))[1]!, 200);
    const engine = await openOn(disk, POINT_IN_TIME);
    expect(engine.recovery).toMatchObject({ orphansRemoved: 0 });
    expect(engine.recovery.lostFiles[0]).toBe('0000000001.run.1.lost');
    await engine.flush();
    await engine.close();
    await (await openOn(disk, SEGMENTS)).close();
    expect(disk.contents('0000000001.run.1.lost')).toEqual(run);
  });

  it('cut short by a crash at any call can be done again', async () => {
    const damaged = await crashedDisk(40);
    damaged.place('0000000001.run', Uint8Array.of(1, 2, 3));
    const segments = await segmentsOf(damaged);
    flip(damaged, segments[1]!, 200);
    const recoverWithPowerLossAt = async (crashAt: number): Promise<Map<string, string> | CrashableFileSystem> => {
      const disk = damaged.clone();
      let calls = 0;
      disk.observe((call) => (call.operation !== 'read' && ++calls === crashAt ? 'power-loss' : undefined));
      const engine = await openOn(disk, POINT_IN_TIME).catch(() => undefined);
      if (engine === undefined) return disk;
      const contents = contentsOf(engine);
      await engine.close();
      return contents;
    };
    const expected = await recoverWithPowerLossAt(Infinity);
    let crashAt = 1;
    for (; ; crashAt++) {
      const crashed = await recoverWithPowerLossAt(crashAt);
      if (!(crashed instanceof CrashableFileSystem)) break;
      for (let seed = 0; seed < 4; seed++) {
        const engine = await openOn(crashed.afterPowerLoss(seededRandom(seed)), POINT_IN_TIME);
        expect(contentsOf(engine)).toEqual(expected);
        await engine.close();
      }
    }
    expect(crashAt).toBeGreaterThan(20);
  });
});
