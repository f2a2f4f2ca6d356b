/** How much of each value file no run refers to any more. */

import type { RunDescription, ValueFileDescription } from '../ports/manifest.ts';

export interface FileGarbage {
  readonly file: number;
  readonly bytes: number;
  readonly garbage: number;
}

/** Of the files that any run refers to, the emptiest first; the others go without being moved. */
export function garbageOf(runs: readonly RunDescription[], valueFiles: readonly ValueFileDescription[]): FileGarbage[] {
  const counted = new Map<number, { readonly values: number; readonly bytes: number }>();
  for (const { file, values, bytes } of runs.flatMap((run) => run.references)) {
    const sum = counted.get(file) ?? { values: 0, bytes: 0 };
    counted.set(file, { values: sum.values + values, bytes: sum.bytes + bytes });
  }
  const files = valueFiles.flatMap((file) => {
    const used = counted.get(file.number);
    if (used === undefined) return [];
    // A file whose values all count has only its frame beside them, which moving would not make smaller.
    const garbage = used.values >= file.values ? 0 : Math.max(0, file.bytes - used.bytes);
    return [{ file: file.number, bytes: file.bytes, garbage }];
  });
  return files.sort((left, right) => shareOf(right) - shareOf(left) || left.file - right.file);
}

export function shareOf({ bytes, garbage }: FileGarbage): number {
  return garbage / bytes;
}
