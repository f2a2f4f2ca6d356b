/** Files are synced, the directory that names them is not: after a power cut they may be nameless. */
import type { FileSystem } from '@kv/lsm-storage/core';
import type { PlantedBug } from './planted-bug.ts';
import { wrapFileSystem } from './wrap-file-system.ts';

export const noDirectorySync: PlantedBug = {
  name: 'no-directory-sync',
  wrong: 'never syncs the directory that names its files',
  fileSystem: (real: FileSystem) => wrapFileSystem(real, { syncDirectory: async () => undefined }),
};
