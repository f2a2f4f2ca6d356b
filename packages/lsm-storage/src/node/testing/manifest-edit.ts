/** Edits for tests of manifests. */

import type { ManifestEdit } from '../../core/index.ts';

/** Adds a run of that number, with one page that has an index of `pageBytes`. */
export function edit(number: number, pageBytes: number): ManifestEdit {
  const page = { firstKey: new Uint8Array(0), index: new Uint8Array(pageBytes), filter: new Uint8Array(32) };
  const run = {
    number,
    bytes: 1000,
    footerChecksum: 1,
    entries: 10,
    tombstones: 0,
    ranges: 0,
    firstSequence: number,
    lastSequence: number,
    smallestKey: Uint8Array.of(1),
    largestKey: Uint8Array.of(2),
    earliestDeadline: 0,
    references: [],
  };
  return {
    flushedSequence: number,
    oldestSegment: 1,
    nextFileNumber: number + 1,
    addedRuns: [{ run, pages: [page], valueFile: undefined }],
    removedRuns: [],
    removedValueFiles: [],
    forgottenRuns: [],
  };
}
