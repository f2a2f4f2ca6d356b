/** Every file name of a store, made and recognised here and nowhere else. All files lie in one directory. */

export const LOCK_FILE = 'LOCK';
export const MANIFEST_FILE = 'manifest.db';
/** A manifest in the making, which takes the place of {@link MANIFEST_FILE} when it is whole. */
export const NEW_MANIFEST_FILE = 'manifest.db.new';
export const CHECKPOINTS_DIRECTORY = 'checkpoints';

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

/** Where a file goes that is set aside because it is damaged; `copy` tells apart those of one name. */
export function lostFileName(name: string, copy: number): string {
  return `${name}.${copy}.lost`;
}

/** The file that `replaceFile` fills before it takes the place of `path`. */
export function temporaryFileName(path: string): string {
  return path + TEMPORARY_SUFFIX;
}

/** The names of the files that SQLite keeps beside a database: what it has not moved into the database yet is there. */
export function companionsOf(database: string, names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith(`${database}-`));
}

/** The highest number that a run or a value file has, also among those that were set aside; 0 if there is none. */
export function highestFileNumber(names: readonly string[]): number {
  return Math.max(0, ...numbers(names, /^(\d{10,})\.(?:run|values)(?:\.\d+\.lost)?$/));
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
