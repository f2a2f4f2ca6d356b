/**
 * Opening a store that another process may be writing. What the manifest names may be gone before it is opened; then the
 * manifest has changed too, and the next attempt sees what took its place. Once open, files stay readable, also those
 * that the writer removes.
 */

import { StorageEngine, StorageError } from '../core/index.ts';
import type { StorageOptions, StoragePorts } from '../core/index.ts';
import { openManifestSnapshot } from './manifest-snapshot.ts';

const MOST_ATTEMPTS = 10;

export async function openForReading(
  directory: string,
  ports: Omit<StoragePorts, 'manifest'>,
  options: StorageOptions,
): Promise<StorageEngine> {
  let before: string | undefined;
  for (let attempt = 1; ; attempt++) {
    const manifest = await openManifestSnapshot(directory);
    try {
      return await StorageEngine.open({ ...ports, manifest }, { ...options, readOnly: true });
    } catch (error) {
      // What is missing or wrong twice in the same place did not just change.
      if (!isOfFiles(error) || error.message === before) throw error;
      if (attempt === MOST_ATTEMPTS) {
        const message = `${directory} is being written, and changed while it was opened; open it again`;
        throw new StorageError('IO_ERROR', message, { cause: error });
      }
      before = error.message;
    }
  }
}

function isOfFiles(error: unknown): error is StorageError {
  return error instanceof StorageError && (error.code === 'CORRUPTION' || error.code === 'NOT_FOUND');
}
