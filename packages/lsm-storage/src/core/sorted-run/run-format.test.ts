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
        "6d057661 6c756505 00010000 00c8f862",
        "75010000 00290000 00290000 00000604",
        "6b657932 01000000 00010618 15150904",
        "6b657933 016e0104 6e657874 01001100",
        "19000300 000070a8 fc1a0300 00000800",
        "00000800 00000101 61016200 01780500",
        "00000000 00008e00 00000000 00007600",
        "00000000 00000400 00000000 00000200",
        "00000000 00000200 00000000 00000700",
        "00000000 00000b00 00000000 00006b76",
        "2d72756e 02002cc5 5559",
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
            "02000000 18000000 00000000 15000000",
            "29000000 04000000 6b657932",
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
