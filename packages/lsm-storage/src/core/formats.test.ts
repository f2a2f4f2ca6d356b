/** The bytes on disk are frozen: what this version writes, later versions must read. Drawn in docs/formats. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { bytes } from '../testing/store.ts';
import { CommitLog } from './commit-log/commit-log.ts';
import { runFileName, segmentFileName } from './file-names.ts';
import { noCodec } from './ports/codec.ts';
import { writeRun } from './sorted-run/run-writer.ts';
import { storedEntry } from './stored-entry.ts';

/** Sixteen bytes a line, as in a dump. */
function dump(contents: Uint8Array): string[] {
  return (
    Buffer.from(contents)
      .toString('hex')
      .match(/.{1,32}/g) ?? []
  ).map((line) => line.replace(/(.{8})(?!$)/g, '$1 '));
}

describe('formats', () => {
  it('of the commit log are frozen', async () => {
    const disk = new CrashableFileSystem();
    const log = new CommitLog(disk, 1 << 20, { segments: [], nextSegment: 3, lastSequence: 6 });
    const put = storedEntry(bytes('key'), bytes('m'), bytes('value'), 7);
    await log.append([put, storedEntry(bytes('gone'), undefined, undefined, 8)]);
    await log.seal();
    expect(dump(disk.contents(segmentFileName(3)))).toMatchInlineSnapshot(`
      [
        "6b762d6c 6f670100 03000000 00000000",
        "00000000 8b81a43b 4391cbe4 a155dcae",
        "13000000 03000000 07000000 00000000",
        "02000000 01000000 01036b65 79016d05",
        "76616c75 65020467 6f6e6576 fcab581c",
        "2184b100 00000003 00000009 00000000",
        "00000000 00000002 000000",
      ]
    `);
  });

  it('of a sorted run are frozen', async () => {
    const disk = new CrashableFileSystem();
    const plan = { number: 5, blockBytes: 64, firstSequence: 7, lastSequence: 9 };
    const added = await writeRun(disk, noCodec, plan, async (writer) => {
      writer.add(bytes('key1'), bytes('m'), bytes('value'));
      writer.add(bytes('key2'), bytes('m'), bytes('in a block of its own'));
      writer.add(bytes('key3'), new Uint8Array(0), undefined);
    });
    expect(dump(disk.contents(runFileName(5)))).toMatchInlineSnapshot(`
      [
        "6b762d72 756e0100 05000000 00000000",
        "00000000 5dd60ae6 5fa3562c 02000000",
        "15000000 15000000 696e2061 20626c6f",
        "636b206f 66206974 73206f77 6e0f8a19",
        "9c010000 00240000 00240000 00000004",
        "6b657931 016d0576 616c7565 02030132",
        "016d1815 15010301 33000000 00010000",
        "00050000 00000000 00710000 00000000",
        "00030000 00000000 00010000 00000000",
        "00070000 00000000 00090000 00000000",
        "00020000 006b762d 72756e01 00e4a3b1",
        "a7",
      ]
    `);
    expect(added!.pages.index.map(dump)).toMatchInlineSnapshot(`
      [
        [
          "003d24",
        ],
      ]
    `);
    expect(added!.pages.filter.map(dump)).toMatchInlineSnapshot(`
      [
        [
          "00000010 10001000 00800040 00000240",
          "00000000 00000000 01000000 00000102",
          "00000010 00000000 00808000 00000000",
          "20000000 00024000 00000000 20200000",
        ],
      ]
    `);
  });
});
