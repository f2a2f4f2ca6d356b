/** What could not be written for want of room is taken for written. */
import { type FileSystem, type StorageFile, StorageError } from '@kv/lsm-storage/core';
import type { PlantedBug } from './planted-bug.ts';
import { wrapFile, wrapFileSystem } from './wrap-file-system.ts';

export const swallowsDiskFull: PlantedBug = {
  name: 'swallows-disk-full',
  wrong: 'takes a write for done that the full disk refused',
  fileSystem: (real: FileSystem) =>
    wrapFileSystem(real, { open: async (path, mode) => heedless(await real.open(path, mode)) }),
};

function heedless(file: StorageFile): StorageFile {
  return wrapFile(file, {
    write: async (position, chunks) => {
      try {
        await file.write(position, chunks);
      } catch (error) {
        if (!(error instanceof StorageError) || error.code !== 'DISK_FULL') throw error;
      }
    },
  });
}
