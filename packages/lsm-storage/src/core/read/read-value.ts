/** From an entry as the engine holds it to a value that belongs to the caller. */

import { rawBytes } from '../block-file/block.ts';
import { ownedCopy } from '../bytes.ts';
import type { Place } from '../byte-reader.ts';
import type { ReadFrom } from '../read-from.ts';
import type { StoreVersion } from '../store/store-version.ts';
import { PackedValue } from '../versioned-entry.ts';
import type { VersionedEntry } from '../versioned-entry.ts';

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
  const file = version.valueFiles.get(value.file);
  if (file === undefined) throw new Error(`value file ${value.file} is not part of the version`);
  return ownedCopy(from === 'passing' ? file.readPassing(value) : file.read(value, from));
}

/** Only the codec that packed it, and no damage, since the bytes were checked when they came in, can be missing. */
function unpacked({ stored, codec, rawLength }: PackedValue, version: StoreVersion): Uint8Array {
  return rawBytes({ bytes: stored, codec }, rawLength, version.codec, IN_LOG);
}

const IN_LOG: Place = { file: 'the commit log', offset: 0 };
