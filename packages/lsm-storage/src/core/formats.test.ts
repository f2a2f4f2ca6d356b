/** The bytes on disk are frozen: what this version writes, later versions must read. Drawn in docs/formats. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { dump } from '../testing/dump.ts';
import { bytes } from '../testing/store.ts';
import { CommitLog } from './commit-log/commit-log.ts';
import { segmentFileName } from './file-names.ts';
import { storedEntry } from './stored-entry.ts';

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
});
