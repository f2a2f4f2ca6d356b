/** The durability that every acknowledgement stands for is left out: the log's sync returns without having synced. */
import type { FileSystem, StorageFile } from '@kv/lsm-storage/core';
import type { PlantedBug } from './planted-bug.ts';
import { wrapFileSystem, wrapFile } from './wrap-file-system.ts';

export const noSyncBeforeAck: PlantedBug = {
  name: 'no-sync-before-ack',
  wrong: 'acknowledges writes without having synced the commit log',
  fileSystem: (real: FileSystem) =>
    wrapFileSystem(real, {
      open: async (path, mode) => {
        const file = await real.open(path, mode);
        return path.endsWith('.log') ? lying(file) : file;
      },
    }),
};

function lying(file: StorageFile): StorageFile {
  return wrapFile(file, { sync: async () => undefined });
}
