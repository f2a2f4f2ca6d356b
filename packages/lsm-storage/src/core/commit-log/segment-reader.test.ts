import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../../contract/index.ts';
import { LoggedMemtable, addTo } from '../../testing/log.ts';
import { concatBytes } from '../bytes.ts';
import { FILE_HEADER_BYTES } from '../file-header.ts';
import { segmentFileName } from '../file-names.ts';
import { readSegment } from './segment-reader.ts';
import type { SegmentEnd } from './segment-reader.ts';

const SEGMENT = 1;
const PATH = segmentFileName(SEGMENT);

interface Log {
  readonly disk: CrashableFileSystem;
  /** Where each frame begins, and where the last one ends. */
  readonly positions: readonly number[];
}

async function writeLog(groups: number, sealed = false, syncsEachGroup = true): Promise<Log> {
  const disk = new CrashableFileSystem();
  const logged = new LoggedMemtable(disk, SEGMENT, 1, syncsEachGroup);
  await logged.begin();
  const positions = [FILE_HEADER_BYTES];
  for (let i = 1; i <= groups; i++) {
    await logged.append((memtable) => addTo(memtable, `k${i}`, new Uint8Array(20 + i).fill(i)));
    positions.push(logged.log.bytes);
  }
  if (sealed) await logged.log.seal(groups + 1);
  await logged.log.close();
  return { disk, positions };
}

async function read(disk: CrashableFileSystem): Promise<{ end: SegmentEnd; sequences: number[] }> {
  const file = await disk.open(PATH, 'read');
  const sequences: number[] = [];
  const end = await readSegment(file, SEGMENT, ({ header, bytes, start, end }) => {
    if (header.kind === 'group') sequences.push(header.firstSequence);
    expect(bytes.subarray(start, end)).toHaveLength(header.bodyLength);
  });
  await file.close();
  return { end, sequences };
}

describe('segment reader', () => {
  it('reads every group of a whole segment and says whether it was sealed', async () => {
    const open = await writeLog(3);
    expect(await read(open.disk)).toMatchObject({ end: { kind: 'complete', sealed: false }, sequences: [1, 2, 3] });
    const sealed = await writeLog(3, true);
    expect(await read(sealed.disk)).toMatchObject({ end: { kind: 'complete', sealed: true }, sequences: [1, 2, 3] });
  });

  it('cut anywhere, gives the groups before the cut and no later frame', async () => {
    const { disk, positions } = await writeLog(4);
    const whole = disk.contents(PATH);
    for (let length = 0; length < whole.length; length++) {
      disk.place(PATH, whole.subarray(0, length));
      const { end, sequences } = await read(disk);
      const complete = positions.filter((position) => position <= length).length - 1;
      expect(sequences).toHaveLength(Math.max(0, complete));
      if (positions.includes(length)) expect(end.kind).toBe('complete');
      else expect(end).toMatchObject({ kind: 'broken', laterFrame: undefined });
    }
  });

  it('with any byte changed, gives the groups before it and finds the frame behind it', async () => {
    const { disk, positions } = await writeLog(4);
    const whole = disk.contents(PATH);
    for (let at = 0; at < whole.length; at++) {
      const damaged = new Uint8Array(whole);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      disk.place(PATH, damaged);
      const broken = positions.findLastIndex((position) => position <= at);
      const { end, sequences } = await read(disk);
      expect(sequences).toHaveLength(Math.max(0, broken));
      const later = positions.slice(0, -1).find((position) => position > at);
      expect(end).toMatchObject({ kind: 'broken', position: at < 24 ? 0 : positions[broken], laterFrame: later });
    }
  });

  it('takes zeros behind the last frame for room, and a torn frame in it for a torn tail without them', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk, SEGMENT, 1, false, 3 * 1024 * 1024);
    await logged.begin();
    await logged.append((memtable) => addTo(memtable, 'a', Uint8Array.of(1)));
    const bytes = logged.log.bytes;
    await logged.append((memtable) => addTo(memtable, 'b', new Uint8Array(100).fill(2)));
    const end = logged.log.bytes;
    await logged.log.close();
    const whole = disk.contents(PATH);
    expect(whole).toHaveLength(3 * 1024 * 1024);
    expect((await read(disk)).end).toEqual({ kind: 'complete', sealed: false, bytes: end });
    whole.fill(0, bytes + 50);
    disk.place(PATH, whole);
    expect((await read(disk)).end).toMatchObject({ kind: 'broken', position: bytes, bytes: bytes + 50 });
    whole.fill(0, bytes);
    disk.place(PATH, whole);
    expect((await read(disk)).end).toEqual({ kind: 'complete', sealed: false, bytes });
  });

  it('takes noise and frames of other segments behind the end for a torn tail', async () => {
    const random = seededRandom(1);
    const { disk, positions } = await writeLog(2);
    const whole = disk.contents(PATH);
    const other = (await writeLog(5)).disk.contents(PATH);
    const noise = Uint8Array.from({ length: 5000 }, () => Math.floor(random() * 256));
    // A frame of this very segment, at another place than its own: as an old value may contain one.
    const displaced = concatBytes([new Uint8Array(7), whole.subarray(FILE_HEADER_BYTES)]);
    for (const tail of [noise, other.subarray(100), displaced]) {
      disk.place(PATH, concatBytes([whole, tail]));
      const { end, sequences } = await read(disk);
      expect(sequences).toEqual([1, 2]);
      expect(end).toMatchObject({ kind: 'broken', position: positions.at(-1), laterFrame: undefined });
    }
  });

  it('finds a later frame far behind the damage', async () => {
    const { disk, positions } = await writeLog(1);
    expect(disk.contents(PATH).length).toBe(positions[1]);
    const logged = new LoggedMemtable(disk, 2);
    await logged.begin();
    await logged.append((memtable) => addTo(memtable, 'a', new Uint8Array(300_000)));
    await logged.append((memtable) => addTo(memtable, 'b', Uint8Array.of(1)));
    await logged.log.close();
    const second = disk.contents(segmentFileName(2));
    second[FILE_HEADER_BYTES + 40] = 77;
    disk.place(segmentFileName(2), second);
    const damaged = await disk.open(segmentFileName(2), 'read');
    const end = await readSegment(damaged, 2, () => undefined);
    expect(end).toMatchObject({ kind: 'broken', position: FILE_HEADER_BYTES });
    expect(end.kind === 'broken' && (end.laterFrame ?? 0) > 300_000).toBe(true);
  });

  it('looks for no later frame where groups were not synced one by one: a tear proves nothing there', async () => {
    const { disk, positions } = await writeLog(4, false, false);
    const damaged = disk.contents(PATH);
    damaged[(positions[1] as number) + 40] = 0xff;
    disk.place(PATH, damaged);
    expect(await read(disk)).toMatchObject({
      end: { kind: 'broken', position: positions[1], laterFrame: undefined },
      sequences: [1],
    });
  });

  it('reads frames that are longer than what is read at a time, and those across its ends', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk, SEGMENT);
    await logged.begin();
    for (const length of [700_000, 700_000, 3_000_000, 10, 400_000]) {
      await logged.append((memtable) => addTo(memtable, String(length), new Uint8Array(length)));
    }
    await logged.log.close();
    expect(await read(disk)).toMatchObject({ end: { kind: 'complete' }, sequences: [1, 2, 3, 4, 5] });
  });
});
