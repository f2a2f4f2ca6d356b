/** Every file name of a store, made and recognised here and nowhere else. All files lie in one directory. */

export const LOCK_FILE = 'LOCK';
export const MANIFEST_FILE = 'manifest.db';

const DIGITS = 10;
const SEGMENT_PATTERN = /^(\d{10,})\.log$/;
const RUN_PATTERN = /^(\d{10,})\.run$/;
const VALUE_FILE_PATTERN = /^(\d{10,})\.values$/;
const TEMPORARY_SUFFIX = '.tmp';

export function segmentFileName(segment: number): string {
  return `${String(segment).padStart(DIGITS, '0')}.log`;
}

export function runFileName(run: number): string {
  return `${String(run).padStart(DIGITS, '0')}.run`;
}

export function valueFileName(valueFile: number): string {
  return `${String(valueFile).padStart(DIGITS, '0')}.values`;
}

/** Where a point-in-time recovery puts what it could not replay; `copy` tells apart those of one segment. */
export function lostFileName(segment: number, copy: number): string {
  return `${segmentFileName(segment)}.${copy}.lost`;
}

/** The file that `replaceFile` fills before it takes the place of `path`. */
export function temporaryFileName(path: string): string {
  return path + TEMPORARY_SUFFIX;
}

/** The numbers of the segments among file names, ascending. */
export function segmentNumbers(names: readonly string[]): number[] {
  return numbers(names, SEGMENT_PATTERN);
}

/** The numbers of the runs among file names, ascending. */
export function runNumbers(names: readonly string[]): number[] {
  return numbers(names, RUN_PATTERN);
}

/** The numbers of the value files among file names, ascending. */
export function valueFileNumbers(names: readonly string[]): number[] {
  return numbers(names, VALUE_FILE_PATTERN);
}

function numbers(names: readonly string[], pattern: RegExp): number[] {
  const found: number[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    if (match !== null) found.push(Number(match[1]));
  }
  return found.sort((left, right) => left - right);
}
