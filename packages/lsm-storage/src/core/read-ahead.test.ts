import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import type { StorageFile } from './ports/file-system.ts';
import { ReadAhead } from './read-ahead.ts';

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);

async function open(): Promise<{ file: StorageFile; reads: [position: number, bytes: number][] }> {
  const disk = new CrashableFileSystem();
  disk.place('file', BYTES);
  const reads: [number, number][] = [];
  disk.observe((call) => {
    if (call.operation === 'read') reads.push([call.position ?? 0, call.bytes ?? 0]);
    return undefined;
  });
  return { file: await disk.open('file', 'read'), reads };
}

describe('read-ahead', () => {
  it('gives the bytes that are asked for, whatever was read before', async () => {
    const requests = fc.array(fc.tuple(fc.integer({ min: 100, max: 4900 }), fc.nat(900), fc.boolean()), {
      maxLength: 30,
    });
    const options = fc.record({ reverse: fc.boolean(), firstBytes: fc.nat(600), mostBytes: fc.nat(2000) });
    await fc.assert(
      fc.asyncProperty(requests, options, async (asked, chosen) => {
        const { file } = await open();
        const reader = new ReadAhead(file, 100, 4900, chosen);
        for (const [position, length, sync] of asked) {
          const got = sync ? reader.readSync(position, length) : await reader.read(position, length);
          expect(Buffer.compare(got, BYTES.subarray(position, Math.min(position + length, 4900)))).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives the bytes of the file after a read that failed', async () => {
    const { file } = await open();
    let fails = false;
    const failing: StorageFile = {
      ...file,
      read: async (position, length) => {
        if (fails) throw new Error('EIO');
        return file.read(position, length);
      },
    };
    const reader = new ReadAhead(failing, 0, 5000, { firstBytes: 500, mostBytes: 500 });
    await reader.read(0, 100);
    fails = true;
    await expect(reader.read(2000, 100)).rejects.toThrow('EIO');
    fails = false;
    expect(await reader.read(2000, 100)).toEqual(BYTES.subarray(2000, 2100));
  });

  it('reads twice as much each time, up to its limit and its bounds', async () => {
    const { file, reads } = await open();
    const reader = new ReadAhead(file, 0, 4900, { firstBytes: 0, mostBytes: 1600 });
    for (let position = 0; position < 4900; position += 100) reader.readSync(position, 100);
    expect(reads).toEqual([
      [0, 100],
      [100, 200],
      [300, 400],
      [700, 800],
      [1500, 1600],
      [3100, 1600],
      [4700, 200],
    ]);
  });

  it('reads ahead of readers that go backwards', async () => {
    const { file, reads } = await open();
    const reader = new ReadAhead(file, 1000, 4000, { reverse: true, firstBytes: 400, mostBytes: 2000 });
    for (let position = 3900; position >= 1000; position -= 100) reader.readSync(position, 100);
    expect(reads).toEqual([
      [3600, 400],
      [2800, 800],
      [1200, 1600],
      [1000, 200],
    ]);
  });
});
