/** What a writer may ask for: the operations, their limits, and how each goes into a memtable. */

import { checkBytes } from './check-bytes.ts';
import { MAX_BATCH_BYTES } from './commit-log/frame.ts';
import { MAX_KEY_BYTES, MAX_META_BYTES, MAX_VALUE_BYTES } from './entry.ts';
import type { Offered } from './entry.ts';
import { StorageError } from './errors.ts';
import { hashKey } from './key-hash.ts';
import { KIND_PACKED_PUT, KIND_PUT, KIND_TOMBSTONE, MAX_DEADLINE, logEntryBytes } from './memtable/log-entry.ts';
import type { Memtable } from './memtable/memtable.ts';
import type { ValuePacker } from './value-packer.ts';

export interface PutOptions {
  /** At most 255 bytes that are kept with the key; default none. */
  readonly meta?: Uint8Array;
  /** Milliseconds since 1970 from which on the entry is a tombstone; default 0: never. */
  readonly deadline?: number;
}

/** One write of a batch. */
export type BatchOperation =
  | ({ readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array } & PutOptions)
  | { readonly type: 'delete'; readonly key: Uint8Array }
  | { readonly type: 'delete-range'; readonly from: Uint8Array; readonly to: Uint8Array | undefined };

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Puts a checked operation into a memtable. */
export function addTo(memtable: Memtable, packer: ValuePacker, operation: BatchOperation): void {
  if (operation.type === 'delete-range') {
    memtable.addRange(operation.from, operation.to);
    return;
  }
  const { key } = operation;
  const hash = hashKey(key);
  if (operation.type === 'delete') {
    addVersion(memtable, packer, key, hash, NO_BYTES, 0, undefined);
  } else {
    const { meta = NO_BYTES, deadline = 0, value } = operation;
    addVersion(memtable, packer, key, hash, meta, deadline, value);
  }
}

/** Puts a checked version of a key into a memtable, its value packed if that is worthwhile. */
export function addVersion(
  memtable: Memtable,
  packer: ValuePacker,
  key: Uint8Array,
  hash: number,
  meta: Uint8Array,
  deadline: number,
  value: Uint8Array | undefined,
): void {
  const packed = value === undefined ? undefined : packer.pack(value);
  const kind = packed !== undefined ? KIND_PACKED_PUT : value !== undefined ? KIND_PUT : KIND_TOMBSTONE;
  memtable.add(kind, key, hash, meta, deadline, packed ?? value);
}

/** The bytes that the operations take in the log if nothing is packed. Throws `INVALID_ARGUMENT` if one or all of them break a limit. */
export function checkBatch(operations: readonly BatchOperation[]): number {
  let bytes = 0;
  for (const operation of operations) bytes += checkOperation(operation);
  if (bytes <= MAX_BATCH_BYTES) return bytes;
  throw new StorageError('INVALID_ARGUMENT', `a batch has at most ${MAX_BATCH_BYTES} bytes, got ${bytes}`);
}

function checkOperation(operation: BatchOperation): number {
  if (operation.type === 'delete-range') {
    checkRange(operation.from, operation.to);
    return logEntryBytes(operation.from, NO_BYTES, 0, operation.to ?? NO_BYTES);
  }
  if (operation.type === 'delete') {
    checkEntry(operation.key, NO_BYTES, NO_BYTES, 0);
    return logEntryBytes(operation.key, NO_BYTES, 0, NO_BYTES);
  }
  if (operation.type !== 'put') throw unknownOperation(operation);
  const { key, value, meta = NO_BYTES, deadline = 0 } = operation;
  checkEntry(key, meta, value, deadline);
  return logEntryBytes(key, meta, deadline, value);
}

function unknownOperation(operation: { readonly type?: unknown }): StorageError {
  const got = String(operation.type);
  return new StorageError('INVALID_ARGUMENT', `an operation is of type put, delete or delete-range, got ${got}`);
}

/** Throws `INVALID_ARGUMENT` for bounds that no key can have. `to` undefined: no end. */
export function checkRange(from: Uint8Array, to: Uint8Array | undefined): void {
  checkLength('key', from, MAX_KEY_BYTES);
  if (to !== undefined) checkLength('key', to, MAX_KEY_BYTES);
}

/** Throws `INVALID_ARGUMENT` for a version that breaks a limit. */
export function checkVersion(key: Uint8Array, { meta, value, deadline }: Offered): void {
  checkEntry(key, meta, value === undefined ? NO_BYTES : value, deadline ?? 0);
}

/** Throws `INVALID_ARGUMENT` for an entry that breaks a limit. */
export function checkEntry(key: Uint8Array, meta: Uint8Array, value: Uint8Array, deadline: number): void {
  checkLength('key', key, MAX_KEY_BYTES);
  checkLength('meta', meta, MAX_META_BYTES);
  checkLength('value', value, MAX_VALUE_BYTES);
  if (Number.isInteger(deadline) && deadline >= 0 && deadline <= MAX_DEADLINE) return;
  const range = `an integer from 0 to ${MAX_DEADLINE}`;
  throw new StorageError('INVALID_ARGUMENT', `a deadline is ${range} (milliseconds since 1970), got ${deadline}`);
}

function checkLength(what: string, bytes: Uint8Array, most: number): void {
  checkBytes(what, bytes);
  if (bytes.length <= most) return;
  throw new StorageError('INVALID_ARGUMENT', `a ${what} has at most ${most} bytes, got ${bytes.length}`);
}
