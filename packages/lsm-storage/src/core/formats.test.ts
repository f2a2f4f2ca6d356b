/** The bytes on disk are frozen: what this version writes, later versions must read. Drawn in docs/formats. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { dump } from '../testing/dump.ts';
import { LoggedMemtable } from '../testing/log.ts';
import { bytes } from '../testing/store.ts';
import { segmentFileName } from './file-names.ts';
import { KIND_PUT, KIND_TOMBSTONE } from './memtable/log-entry.ts';

describe('formats', () => {
  it('of the commit log are frozen', async () => {
    const disk = new CrashableFileSystem();
    const logged = new LoggedMemtable(disk, 3, 7);
    await logged.begin();
    await logged.append((memtable) => {
      memtable.add(KIND_PUT, bytes('key'), 0, bytes('m'), 0, bytes('value'));
      memtable.add(KIND_PUT, bytes('ends'), 0, bytes(''), 2 ** 40 + 1, bytes(''));
      memtable.add(KIND_TOMBSTONE, bytes('gone'), 0, bytes(''), 0);
      memtable.addRange(bytes('from'), bytes('to'));
      memtable.addRange(bytes('from'), undefined);
    });
    await logged.log.seal(12);
    expect(dump(disk.contents(segmentFileName(3)))).toMatchInlineSnapshot(`
      [
        "6b762d6c 6f670200 03000000 00000000",
        "00000000 50a4c547 f5be2535 f1795392",
        "49000000 03000000 07000000 00000000",
        "05000000 01000000 01010300 05000000",
        "6b65796d 76616c75 65810004 00000000",
        "00010000 00000165 6e647302 00040000",
        "00000067 6f6e6503 00040003 00000066",
        "726f6d74 6f030004 00000000 0066726f",
        "6d6021f2 22e37ae2 5a000000 00030000",
        "000c0000 00000000 00000000 00020000",
        "00",
      ]
    `);
  });
});
