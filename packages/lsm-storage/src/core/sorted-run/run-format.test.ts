/** The bytes on disk are frozen: what this version writes, later versions must read. Drawn in docs/formats. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { dump } from '../../testing/dump.ts';
import { bytes } from '../../testing/store.ts';
import { runFileName, valueFileName } from '../file-names.ts';
import { noCodec } from '../ports/codec.ts';
import { writeRun } from './run-writer.ts';

const NO_BYTES = new Uint8Array(0);
const PLAN = { run: 5, valueFile: 6, blockBytes: 9, separateBytes: 20, firstSequence: 7, lastSequence: 11 };

describe('the format of', () => {
  it('a sorted run, its pages and its value file is frozen', async () => {
    const disk = new CrashableFileSystem();
    const added = await writeRun(disk, noCodec, PLAN, async (writer) => {
      writer.add({ key: bytes('key1'), meta: bytes('m'), deadline: 0, value: bytes('value') });
      writer.add({ key: bytes('key2'), meta: NO_BYTES, deadline: 2 ** 40 + 1, value: bytes('in a block of its own') });
      writer.add({ key: bytes('key3'), meta: bytes('n'), deadline: 0, value: undefined });
      writer.add({ key: bytes('next'), meta: NO_BYTES, deadline: 0, value: undefined });
      writer.addRange({ from: bytes('a'), to: bytes('b') });
      writer.addRange({ from: bytes('x'), to: undefined });
    });
    expect(dump(disk.contents(runFileName(5)))).toMatchInlineSnapshot(`
      [
        "6b762d72 756e0200 05000000 00000000",
        "00000000 86f36b9a fbceb9d5 01000000",
        "15000000 15000000 046b6579 31080001",
        "6d057661 6c756505 00010000 00570658",
        "c1010000 00170000 00170000 00046b65",
        "79320600 01000000 00010618 15150500",
        "01000000 b50ea76e 01000000 17000000",
        "17000000 0009046b 65793301 6e01046e",
        "65787401 00090002 00000041 f2508a03",
        "00000008 00000008 00000001 01610162",
        "00017805 00000000 000000a3 00000000",
        "0000008b 00000000 00000004 00000000",
        "00000002 00000000 00000002 00000000",
        "00000007 00000000 0000000b 00000000",
        "0000006b 762d7275 6e02009c 4f1ae5",
      ]
    `);
    expect(dump(disk.contents(valueFileName(6)))).toMatchInlineSnapshot(`
      [
        "6b762d76 616c0100 06000000 00000000",
        "00000000 eae00c78 2bd4cf66 02000000",
        "15000000 15000000 696e2061 20626c6f",
        "636b206f 66206974 73206f77 6e060000",
        "00000000 003d0000 00000000 00010000",
        "00000000 006b762d 76616c01 004e82a3",
        "f4",
      ]
    `);
    expect(added?.pages.map(({ firstKey, index }) => [dump(firstKey), dump(index)])).toMatchInlineSnapshot(`
      [
        [
          [],
          [
            "03000000 18000000 00000000 15000000",
            "17000000 17000000 04000000 08000000",
            "6b657932 6b657933",
          ],
        ],
      ]
    `);
    expect(added?.pages.map(({ filter }) => dump(filter))).toMatchInlineSnapshot(`
      [
        [
          "00010060 00000000 00040400 00000000",
          "00000400 00000000 80000000 00002000",
          "00100c08 08100800 80000000 00000000",
          "00000000 30000000 00004000 a8000060",
        ],
      ]
    `);
  });
});
