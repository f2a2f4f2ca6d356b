/** What a run adds up to: whether anything was broken, and whether that means anything. */
import type { Violation } from '@kv/simulation';
import type { Operation } from './history/operation.ts';
import { succeeded } from './history/operation.ts';
import type { OperationCounts, Recorder } from './history/recorder.ts';
import type { Fault } from './kinds/fault.ts';
import type { Episode } from './nemesis.ts';

export interface KindReport {
  readonly kind: string;
  /** Why it could not be had here. */
  readonly lacks: string | undefined;
  readonly begun: number;
  /** Took effect with operations under way. */
  readonly fired: number;
  readonly seconds: number;
  /** Operations that began while it lasted, and those of them that succeeded. */
  readonly operations: number;
  readonly succeeded: number;
}

export interface FaultsReport {
  readonly kinds: readonly KindReport[];
  readonly counts: OperationCounts;
  readonly keys: number;
  readonly violations: readonly Violation[];
}

export interface FaultsRun {
  readonly faults: readonly Fault[];
  readonly recorder: Pick<Recorder, 'operations' | 'count'>;
  readonly episodes: readonly Episode[];
  readonly violations: readonly Violation[];
  readonly keys: number;
}

export function makeReport({ faults, recorder, episodes, violations, keys }: FaultsRun): FaultsReport {
  const kinds = faults.map(({ kind, lacks }) => {
    return reportKind(
      kind,
      lacks,
      episodes.filter((episode) => episode.kind === kind),
      recorder.operations,
    );
  });
  return { kinds, counts: recorder.count(), keys, violations };
}

function reportKind(
  kind: string,
  lacks: string | undefined,
  episodes: readonly Episode[],
  operations: readonly Operation[],
): KindReport {
  const during = operations.filter(({ startedAt }) => {
    return episodes.some((episode) => startedAt >= episode.startedAt && startedAt <= episode.endedAt);
  });
  const milliseconds = episodes.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  return {
    kind,
    lacks,
    begun: episodes.length,
    fired: episodes.filter(({ tookEffect, underWay }) => tookEffect && underWay > 0).length,
    seconds: Math.round(milliseconds / 100) / 10,
    operations: during.length,
    succeeded: during.filter(({ answer }) => succeeded(answer)).length,
  };
}

export interface Needed {
  /** Operations that succeed. */
  readonly successes: number;
  /** Part of the operations during faults that succeed, 0 to 1. */
  readonly shareDuringFaults: number;
}

/** Why the run is not good enough; empty when it is. */
export function shortcomings({ kinds, counts, violations }: FaultsReport, needed: Needed): string[] {
  const { begun, succeeded: during } = counts.duringFaults;
  const found: string[] = [];
  if (violations.length > 0) found.push(`${violations.length} violations`);
  if (counts.succeeded < needed.successes) {
    found.push(`needed ${needed.successes} operations that succeed, got ${counts.succeeded}`);
  }
  if (during < needed.shareDuringFaults * begun || begun === 0) {
    found.push(`needed ${needed.shareDuringFaults * 100} % success during faults, got ${during} of ${begun}`);
  }
  for (const { kind, lacks, fired } of kinds) {
    if (lacks === undefined && fired === 0) found.push(`never happened with operations under way: ${kind}`);
  }
  return found;
}

/** For people: a table of the kinds, and the sums. */
export function printReport({ kinds, counts, keys, violations }: FaultsReport): string[] {
  const rows = kinds.map(({ kind, lacks, begun, fired, seconds, operations, succeeded: good }) => {
    if (lacks !== undefined) return [kind, `left out: ${lacks}`];
    return [kind, `${fired} of ${begun}`, `${seconds} s`, `${operations}`, `${good} (${percent(good, operations)})`];
  });
  const table = align([['fault', 'took effect under load', 'lasted', 'operations', 'succeeded'], ...rows]);
  const { begun, succeeded: during } = counts.duringFaults;
  const errors = Object.entries(counts.errors).map(([code, count]) => `${code} ${count}`);
  return [
    ...table,
    '',
    `operations ${counts.operations} on ${keys} keys, succeeded ${counts.succeeded}`,
    `during faults ${begun}, succeeded ${during} (${percent(during, begun)})`,
    `errors: ${errors.join(', ') || 'none'}`,
    `violations ${violations.length}`,
    ...violations.slice(0, 20).map(({ check, key, message }) => `  ${check} ${key ?? ''} ${message}`),
  ];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map(({ length }) => length));
  const full = rows.filter(({ length }) => length === columns);
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...full.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
