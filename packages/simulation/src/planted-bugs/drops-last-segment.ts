/** Recovery takes the whole last segment of the commit log for a torn tail: it finds the file empty. */
import type { FileSystem } from '@kv/lsm-storage/core';
import type { PlantedBug } from './planted-bug.ts';
import { wrapFileSystem } from './wrap-file-system.ts';

export const dropsLastSegment: PlantedBug = {
  name: 'drops-last-segment',
  wrong: 'throws the last segment of the commit log away when it recovers',
  fileSystem: (real: FileSystem) => {
    let recovered = false;
    return wrapFileSystem(real, {
      list: async (directory) => {
        const names = await real.list(directory);
        const last = names.filter((name) => name.endsWith('.log')).at(-1);
        if (!recovered && last !== undefined) await empty(real, last);
        recovered = true;
        return names;
      },
    });
  },
};

async function empty(fileSystem: FileSystem, path: string): Promise<void> {
  const file = await fileSystem.open(path, 'modify');
  await file.truncate(0);
  await file.close();
}
