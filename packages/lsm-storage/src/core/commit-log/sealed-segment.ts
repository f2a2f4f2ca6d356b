/** A segment in which there is nothing: the log of a store whose entries are all in runs. */

import { FILE_HEADER_BYTES, encodeFileHeader } from '../file-header.ts';
import { segmentFileName } from '../file-names.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { encodeSeal } from './frame.ts';

/** `nextSequence`: of the entry that comes first after it. The file is durable afterwards; its name is not. */
export async function createSealedSegment(fileSystem: FileSystem, number: number, nextSequence: number): Promise<void> {
  const file = await fileSystem.open(segmentFileName(number), 'create');
  try {
    await file.write(0, [encodeFileHeader('kv-log', number), encodeSeal(number, FILE_HEADER_BYTES, nextSequence)]);
    await file.sync();
  } finally {
    await file.close();
  }
}
