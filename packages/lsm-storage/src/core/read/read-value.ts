/** From an entry as the engine holds it to a value that belongs to the caller. */

import { openValue } from '../block-file/block.ts';
import { ownedCopy } from '../bytes.ts';
import type { Place } from '../byte-reader.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import type { ValueFile } from '../value-file/value-file.ts';
import { PackedValue } from '../versioned-entry.ts';
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
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return ownedCopy(value);
  if (value instanceof PackedValue) return unpacked(value, version);
  const file = valueFileOf(value, version);
  return from === 'passing' ? file.readPassing(value) : file.read(value, from);
}

/** The value file that a pointer of the version leads into. */
export function valueFileOf({ file: number }: ValuePointer, version: StoreVersion): ValueFile {
  const file = version.valueFiles.get(number);
  if (file === undefined) throw new Error(`value file ${number} is not part of the version`);
  return file;
}

/**
 * A packed value, in memory of its own. The bytes were checked when they came in; what can be missing is the codec that
 * packed them.
 */
export function unpacked({ stored, codec, rawLength }: PackedValue, version: StoreVersion): Uint8Array {
  return openValue({ bytes: stored, codec }, rawLength, version.codec, IN_LOG);
}

const IN_LOG: Place = { file: 'the commit log', offset: 0 };
