/** What a fuzz run adds up to. */
import type { FuzzReport } from './fuzz-run.ts';

const mib = 1024 * 1024;
/** What a process may still take after it has warmed up: caches fill, the heap's high-water mark moves. */
const mayGrow = { factor: 1.25, bytes: 64 * mib, files: 32 };

/** So many requests of an operation come to a success for certain: of the rarest, to drop a keyspace, about one in a hundred does. */
const enoughTries = 600;

/** Why the run is not good enough; empty when it is. */
export function shortcomings({ failures, use, answers }: FuzzReport): string[] {
  const found = [...failures];
  for (const [name, { warm, end }] of use) {
    const mostBytes = warm.residentBytes * mayGrow.factor + mayGrow.bytes;
    if (end.residentBytes > mostBytes) {
      found.push(`${name} grew from ${inMib(warm.residentBytes)} to ${inMib(end.residentBytes)}`);
    }
    if (end.openFiles > warm.openFiles + mayGrow.files) {
      found.push(`${name} had ${warm.openFiles} files open, and has ${end.openFiles}`);
    }
  }
  for (const [operation, statuses] of answers) {
    const good = [...statuses.keys()].some((status) => status < 400);
    const tries = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    if (!good && tries >= enoughTries && operation !== '(not described)') found.push(`${operation} never succeeded`);
  }
  return found;
}

/** For people. */
export function printReport({ requests, answers, wrongs, use }: FuzzReport): string[] {
  const byName = [...answers].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${requests} requests`,
    ...byName.map(([operation, statuses]) => {
      const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
      return `  ${operation}  ${counts.join(', ')}`;
    }),
    `wrong: ${[...wrongs].map(([wrong, count]) => `${wrong} ${count}`).join(', ')}`,
    ...[...use].map(([name, { warm, end }]) => {
      const files = `${warm.openFiles} files open, then ${end.openFiles}`;
      return `${name}: ${inMib(warm.residentBytes)} when warm, ${inMib(end.residentBytes)} at the end; ${files}`;
    }),
  ];
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / mib)} MiB`;
}
