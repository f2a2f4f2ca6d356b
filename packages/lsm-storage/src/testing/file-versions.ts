/** Files of another format version than this engine writes, as that version would have written them. */

import type { CrashableFileSystem } from '../contract/index.ts';
import { crc32 } from '../core/checksum.ts';

/** Gives a file's header another version and the checksum that goes with it. */
export function giveVersion(disk: CrashableFileSystem, path: string, version: number): void {
  const contents = disk.contents(path);
  const view = new DataView(contents.buffer, contents.byteOffset);
  view.setUint16(6, version, true);
  view.setUint32(20, crc32(contents.subarray(0, 20)), true);
  disk.place(path, contents);
}
