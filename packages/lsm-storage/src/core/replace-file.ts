/** Replaces a small file as one durable step: after a crash it is the old one or the new one, whole. */

import { temporaryFileName } from './file-names.ts';
import type { FileSystem } from './ports/file-system.ts';

export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryFileName(path);
  if (await fileSystem.exists(temporary)) await fileSystem.remove(temporary);
  const file = await fileSystem.open(temporary, 'create');
  try {
    await file.write(0, [bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, path);
  await fileSystem.syncDirectory(parentOf(path));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
