import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import type { DiskCall } from '../../contract/index.ts';
import { LoggedMemtable, addTo } from '../../testing/log.ts';
import { codeOf } from '../../testing/store.ts';
import { StorageError } from '../errors.ts';
import { segmentFileName } from '../file-names.ts';
import { readSegment } from './segment-reader.ts';
import type { SegmentEnd } from './segment-reader.ts';

const put = (name: string, length = 20) => {
  return (memtable: LoggedMemtable['memtable']): void => addTo(memtable, name, new Uint8Array(length));
};

async function endOf(disk: CrashableFileSystem, segment: number): Promise<SegmentEnd & { groups: number }> {
  const file = await disk.open(segmentFileName(segment), 'read');
  let groups = 0;
  const end = await readSegment(file, segment, ({ header }) => void (groups += header.kind === 'group' ? 1 : 0));
  await file.close();
  return { ...end, groups };
}

function failing(disk: CrashableFileSystem, pick: (call: DiskCall) => boolean, code: 'DISK_FULL' | 'IO_ERROR'): void {
  disk.observe((call) => {
    if (pick(call)) throw new StorageError(code, `${call.operation} ${call.path}`);
    return undefined;
  });
}

describe('commit log', () => {
  it('makes file and name of a segment durable before anything can be appended to it', async () => {
    const disk = new CrashableFileSystem();
    const calls: string[] = [];
    disk.observe(({ operation, path }) => void calls.push(`${operation} ${path}`));
    const logged = new LoggedMemtable(disk);
    expect(await codeOf(() => logged.append(put('a')))).toMatchObject({ message: 'no segment was begun' });
    expect(calls).toEqual([]);
    await logged.begin();
    const path = segmentFileName(1);
    expect(calls).toEqual([`create ${path}`, `write ${path}`, `sync ${path}`, 'sync-directory ']);
    await logged.log.close();
  });

  it('seals and syncs a segment before the next one is there', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk);
    await logged.begin();
    await logged.append(put('a'));
    const calls: string[] = [];
    disk.observe(({ operation, path }) => void calls.push(`${operation} ${path}`));
    expect(await logged.begin()).toBe(2);
    expect(calls.slice(0, 4)).toEqual([
      `write ${segmentFileName(1)}`,
      `sync ${segmentFileName(1)}`,
      `close ${segmentFileName(1)}`,
      `create ${segmentFileName(2)}`,
    ]);
    expect(await endOf(disk, 1)).toMatchObject({ kind: 'complete', sealed: true, groups: 1 });
    expect(await endOf(disk, 2)).toMatchObject({ kind: 'complete', sealed: false, groups: 0 });
    await logged.log.close();
  });

  it('syncs what was appended once, and nothing when there is nothing', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk);
    await logged.log.sync();
    await logged.begin();
    let syncs = 0;
    disk.observe(({ operation }) => void (syncs += operation === 'sync' ? 1 : 0));
    await logged.log.sync();
    await logged.append(put('a'));
    await logged.append(put('b'));
    await logged.log.sync();
    await logged.log.sync();
    expect(syncs).toBe(1);
    await logged.log.close();
  });

  it('writes zeros ahead of small groups, none ahead of large ones, and none where groups are not synced', async () => {
    const rooms = async (syncsEachGroup: boolean, ...lengths: readonly number[]): Promise<string[]> => {
      const disk = new CrashableFileSystem();
      const logged = new LoggedMemtable(disk, 1, 1, syncsEachGroup, 4096);
      await logged.begin();
      const calls: string[] = [];
      disk.observe(({ operation, position, bytes }) => {
        if (operation === 'truncate') calls.push(`to ${bytes}`);
        if (operation === 'write' && position !== logged.log.bytes) calls.push(`zeros to ${position! + bytes!}`);
        return undefined;
      });
      for (const length of lengths) await logged.append(put('a', length));
      disk.observe(undefined);
      const bytesOnDisk = disk.contents(segmentFileName(1)).length;
      expect(await endOf(disk, 1)).toMatchObject({ kind: 'complete', groups: lengths.length });
      await logged.begin();
      expect(bytesOnDisk).toBeGreaterThan(disk.contents(segmentFileName(1)).length);
      expect(await endOf(disk, 1)).toMatchObject({ kind: 'complete', sealed: true, groups: lengths.length });
      await logged.log.close();
      return calls;
    };
    expect(await rooms(true, 500, 500, 500)).toEqual(['zeros to 4096']);
    expect(await rooms(true, ...new Array<number>(12).fill(500))).toEqual(['zeros to 4096', 'zeros to 8192']);
    expect(await rooms(true, 2000, 500, 3000, 500)).toEqual(['to 4096', 'zeros to 4096', 'to 8192', 'zeros to 8192']);
    expect(await rooms(false, 500, 500)).toEqual(['to 4096']);
  });

  it('refuses a group for which there are no zeros before anything of it is written', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk, 1, 1, true, 4096);
    await logged.begin();
    const { bytes } = logged.log;
    failing(disk, ({ operation, position }) => operation === 'write' && position !== bytes, 'DISK_FULL');
    expect(await codeOf(() => logged.append(put('a')))).toBe('DISK_FULL');
    expect(await endOf(disk, 1)).toEqual({ kind: 'complete', sealed: false, bytes, groups: 0 });
    disk.observe(undefined);
    logged.memtable.truncate(0);
    await logged.append(put('b'));
    expect(await endOf(disk, 1)).toMatchObject({ kind: 'complete', groups: 1 });
    await logged.log.close();
  });

  it('puts the next frame where one failed to be written, whichever is longer', async () => {
    for (const [first, second] of [
      [500, 20],
      [20, 500],
    ] as const) {
      const disk = new CrashableFileSystem();
      const logged = new LoggedMemtable(disk);
      await logged.begin();
      await logged.append(put('a'));
      const before = logged.memtable.lastSequence;
      const file = await disk.open(segmentFileName(1), 'modify');
      failing(disk, ({ operation }) => operation === 'write', 'DISK_FULL');
      expect(await codeOf(() => logged.append(put('b', first)))).toBe('DISK_FULL');
      disk.observe(undefined);
      // As much of it as there was space for.
      await file.write(logged.log.bytes, [new Uint8Array(Math.floor(first / 2)).fill(0x5a)]);
      logged.memtable.truncate(before);
      await logged.append(put('c', second));
      await logged.begin();
      expect(await endOf(disk, 1)).toMatchObject({ kind: 'complete', sealed: true, groups: 2 });
      await file.close();
      await logged.log.close();
    }
  });

  it('leaves no file of a segment that could not be begun, and begins it later under the same number', async () => {
    for (const operation of ['create', 'write', 'sync', 'sync-directory']) {
      const disk = new CrashableFileSystem();
      const logged = new LoggedMemtable(disk);
      failing(disk, (call) => call.operation === operation, 'DISK_FULL');
      expect(await codeOf(() => logged.begin()), operation).toBe('DISK_FULL');
      disk.observe(undefined);
      expect(await disk.list('')).toEqual([]);
      expect(await logged.begin()).toBe(1);
      await logged.log.close();
    }
  });

  it('fails with IO_ERROR when a sync fails, a full disk included: it cannot be done again', async () => {
    for (const step of ['sync', 'seal'] as const) {
      const disk = new CrashableFileSystem();
      const logged = new LoggedMemtable(disk);
      await logged.begin();
      await logged.append(put('a'));
      failing(disk, ({ operation }) => operation === 'sync', 'DISK_FULL');
      expect(await codeOf(() => (step === 'sync' ? logged.log.sync() : logged.log.seal(2)))).toBe('IO_ERROR');
      disk.observe(undefined);
      await logged.log.close();
    }
  });

  it('removes old segments, never the newest', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk);
    for (const name of ['a', 'b', 'c']) {
      await logged.begin();
      await logged.append(put(name));
    }
    await logged.log.removeBelow(3);
    expect(await disk.list('')).toEqual([segmentFileName(3)]);
    await logged.log.removeBelow(99);
    expect(await disk.list('')).toEqual([segmentFileName(3)]);
    expect(logged.log.segments).toBe(1);
    await logged.log.close();
  });
});
