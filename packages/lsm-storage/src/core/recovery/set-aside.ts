/**
 * What a point-in-time recovery cannot replay is not destroyed: it goes into `*.lost` files, which the engine never
 * reads or removes.
 */

import { lostFileName, segmentFileName } from '../file-names.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { replaceFile } from '../replace-file.ts';

/**
 * Sets segments aside and returns the names of their lost files. Of the `damaged` one the first `keptBytes` stay, if
 * there are any. Cut short by a crash, it can be done again: the damaged segment is changed last.
 */
export async function setAside(
  fileSystem: FileSystem,
  segments: readonly number[],
  damaged: number | undefined,
  keptBytes: number,
): Promise<string[]> {
  const lostFiles: string[] = [];
  const whole = segments.filter((number) => number !== damaged || keptBytes === 0);
  if (damaged !== undefined && keptBytes > 0) {
    const lost = await freeLostName(fileSystem, segmentFileName(damaged));
    await replaceFile(fileSystem, lost, await readFrom(fileSystem, damaged, keptBytes));
    lostFiles.push(lost);
  }
  lostFiles.push(...(await setFilesAside(fileSystem, whole.map(segmentFileName))));
  if (damaged !== undefined && keptBytes > 0) await truncate(fileSystem, damaged, keptBytes);
  return lostFiles;
}

/** Sets whole files aside, durably, and returns the names of their lost files. */
export async function setFilesAside(fileSystem: FileSystem, names: readonly string[]): Promise<string[]> {
  const lostFiles: string[] = [];
  for (const name of names) {
    const lost = await freeLostName(fileSystem, name);
    await fileSystem.rename(name, lost);
    lostFiles.push(lost);
  }
  await fileSystem.syncDirectory('');
  return lostFiles;
}

/** A name under which a file can be set aside. */
export async function freeLostName(fileSystem: FileSystem, name: string): Promise<string> {
  for (let copy = 1; ; copy++) {
    const lost = lostFileName(name, copy);
    if (!(await fileSystem.exists(lost))) return lost;
  }
}

async function readFrom(fileSystem: FileSystem, segment: number, position: number): Promise<Uint8Array> {
  const file = await fileSystem.open(segmentFileName(segment), 'read');
  try {
    return await file.read(position, (await file.size()) - position);
  } finally {
    await file.close();
  }
}

async function truncate(fileSystem: FileSystem, segment: number, bytes: number): Promise<void> {
  const file = await fileSystem.open(segmentFileName(segment), 'modify');
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
