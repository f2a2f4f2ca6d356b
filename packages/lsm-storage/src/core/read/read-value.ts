/** From an entry as the engine holds it to a value that belongs to the caller. */

import { ownedCopy } from '../bytes.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { ValueFile } from '../value-file/value-file.ts';
import type { ValuePointer, VersionedEntry } from '../versioned-entry.ts';

export function isTombstone({ value, deadline }: VersionedEntry, now: number): boolean {
  return value === undefined || (deadline !== 0 && deadline <= now);
}

/** In memory of its own; `undefined` for a tombstone. `passing`: from the disk, without leaving a trace in the cache. */
export function readValue(
  value: VersionedEntry['value'],
  version: StoreVersion,
  from: ReadFrom | 'passing',
): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value === undefined ? undefined : ownedCopy(value);
  const file = valueFileOf(value, version);
  return ownedCopy(from === 'passing' ? file.readPassing(value) : file.read(value, from));
}

/** The value file that a pointer of the version leads into. */
export function valueFileOf({ file: number }: ValuePointer, version: StoreVersion): ValueFile {
  const file = version.valueFiles.get(number);
  if (file === undefined) throw new Error(`value file ${number} is not part of the version`);
  return file;
}
