/**
 * A scan is whole: with R + W > N each key within its bounds comes in it exactly once that was acknowledged before it began and that
 * nobody may have deleted until it ended, and in a version at least as high. What comes is within its bounds, and was written by
 * somebody, under that version.
 */
import { compareVersions, sameVersion } from '@kv/quorum';
import {
  describe,
  type History,
  isAcknowledged,
  isWithin,
  type ScannedRecord,
  type ScanRecord,
  shortVersion,
  type Violation,
  type WriteRecord,
} from '../history.ts';

export function wholeScans(history: History, scans: readonly ScanRecord[]): Violation[] {
  return scans.flatMap((scan) => [
    ...twiceIn(scan),
    ...beyondBoundsIn(scan),
    ...scan.found.flatMap((found) => foreignIn(found, scan, history)),
    ...history.writes
      .filter((write) => mustShow(write, scan, history) && !shows(scan, write))
      .map((write) => violation(scan, `a scan missed ${describe(write)}`, write)),
  ]);
}

function twiceIn(scan: ScanRecord): Violation[] {
  const keys = scan.found.map(({ key }) => key);
  return keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => violation(scan, `${key} came twice`));
}

function beyondBoundsIn(scan: ScanRecord): Violation[] {
  const beyond = scan.found.filter(({ key }) => !isWithin(key, scan.bounds));
  return beyond.map(({ key }) => violation(scan, `${key} is not within ${JSON.stringify(scan.bounds)}`));
}

/** Writes whose version nobody told may be the one. */
function foreignIn({ key, version, value }: ScannedRecord, scan: ScanRecord, { writes }: History): Violation[] {
  const writers = writes.filter(
    (write) => write.key === key && write.kind === 'put' && write.startedAt <= scan.endedAt,
  );
  const isIts = (write: WriteRecord): boolean =>
    write.value === value && (write.version === undefined || sameVersion(write.version, version));
  if (writers.some((write) => write.outcome !== 'rejected' && isIts(write))) return [];
  return [violation(scan, `nobody wrote ${shortVersion(version)} (${value}) to ${key}`)];
}

function mustShow(write: WriteRecord, scan: ScanRecord, { replicas, writes }: History): boolean {
  if (write.kind !== 'put' || write.ttlMs !== undefined || !write.strict || !isAcknowledged(write)) return false;
  if (!isWithin(write.key, scan.bounds)) return false;
  if (write.endedAt >= scan.startedAt || scan.r + write.w <= replicas) return false;
  const mayRemove = (other: WriteRecord): boolean =>
    other.key === write.key &&
    (other.kind === 'delete' || other.ttlMs !== undefined) &&
    other.outcome !== 'rejected' &&
    other.startedAt < scan.endedAt &&
    !isOlder(other, write);
  return !writes.some(mayRemove);
}

function isOlder({ version }: WriteRecord, than: WriteRecord): boolean {
  return version !== undefined && than.version !== undefined && compareVersions(version, than.version) < 0;
}

function shows({ found }: ScanRecord, { key, version }: WriteRecord): boolean {
  const shown = found.find((record) => record.key === key);
  return shown !== undefined && (version === undefined || compareVersions(shown.version, version) >= 0);
}

function violation(scan: ScanRecord, message: string, write?: WriteRecord): Violation {
  const operations = write === undefined ? [scan.id] : [write.id, scan.id];
  const times = `[${scan.startedAt.toFixed(1)}..${scan.endedAt.toFixed(1)}]`;
  return { check: 'whole-scans', operations, message: `${message}: ${scan.id} r=${scan.r} ${times}` };
}
