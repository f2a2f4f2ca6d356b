/** A file whose asynchronous reads keep to a pace. */

import type { Pace } from './maintenance/pacer.ts';
import type { StorageFile } from './ports/file-system.ts';

export function pacedReads(file: StorageFile, pace: Pace): StorageFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: async (position, length, memory) => {
      const bytes = await file.read(position, length, memory);
      await pace(bytes.length);
      return bytes;
    },
    readSync: (position, length, memory) => file.readSync(position, length, memory),
    write: (position, chunks) => file.write(position, chunks),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
