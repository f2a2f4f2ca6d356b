/**
 * Memory for the values that readers are given. Those of up to 16 KiB share slabs, as those of up to 4 KiB share the
 * pool of Node's `Buffer`: to have an `ArrayBuffer` made takes as long as to fill 5 kB of it. A value that is kept
 * keeps its slab. A slab cannot be transferred to another thread, only copied; larger values can.
 */

import { markAsUntransferable } from 'node:worker_threads';

const SLAB_BYTES = 64 * 1024;
const MOST_SHARED_BYTES = 16 * 1024;

let slab = Buffer.alloc(0);
let used = 0;

/** Not zeroed. */
export function allocateValue(length: number): Uint8Array {
  if (length > MOST_SHARED_BYTES) return Buffer.allocUnsafeSlow(length);
  if (slab.length - used < length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    // One reader that hands its value to another thread must not take the others' away.
    markAsUntransferable(slab.buffer);
    used = 0;
  }
  const start = used;
  // The next one begins where typed arrays of eight bytes may.
  used = (start + length + 7) & ~7;
  return slab.subarray(start, start + length);
}
