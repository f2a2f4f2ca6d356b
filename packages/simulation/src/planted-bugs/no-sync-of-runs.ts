/** A memtable's run is not synced before the log that it replaces is thrown away. */
import type { FileSystem } from '@kv/lsm-storage/core';
import type { PlantedBug } from './planted-bug.ts';
import { wrapFile, wrapFileSystem } from './wrap-file-system.ts';

export const noSyncOfRuns: PlantedBug = {
  name: 'no-sync-of-runs',
  wrong: 'does not sync the runs for which it throws the commit log away',
  fileSystem: (real: FileSystem) =>
    wrapFileSystem(real, {
      open: async (path, mode) => {
        const file = await real.open(path, mode);
        return path.endsWith('.run') ? wrapFile(file, { sync: async () => undefined }) : file;
      },
    }),
};
