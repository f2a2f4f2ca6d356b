/** The report as text: where it was measured, a table per size of values, and the figures to reach. */
import type { Platform } from '../../measurement/platform.ts';
import { alignColumns, formatDuration, formatMiB, formatNumber, formatSize } from './formatting.ts';
import type { Row } from './rows.ts';
import type { StorageReport } from './storage-report.ts';
import { targets } from './targets.ts';

export function printReport(report: StorageReport, print: (line: string) => void): void {
  for (const line of describeRun(report)) print(line);
  for (const valueBytes of new Set(report.rows.map((row) => row.valueBytes))) {
    print(`\nvalues of ${formatSize(valueBytes)}`);
    for (const line of describeSize(report, valueBytes)) print(line);
  }
  if (report.targets.length > 0) {
    print('\nfigures to reach');
    for (const line of describeTargets(report)) print(line);
  }
  print('\noptions');
  for (const line of describeOptions(report.rows)) print(line);
  for (const name of report.refused) print(`refused: ${name}: nothing is durable on a file system in memory`);
  if (report.leftOut > 0) print(`late: ${report.leftOut} measurements of second and third rounds were left out`);
  for (const { workload, valueBytes, engine, message } of report.failures) {
    print(`failed: ${workload}, ${formatSize(valueBytes)}, ${engine}: ${message}`);
  }
}

function describeRun({ quick, seconds, platform, versions }: StorageReport): string[] {
  const { ceiling } = platform;
  return [
    ...(quick ? ['QUICK: small sets, one round; these figures say that it works, not how fast it is'] : []),
    describeMachine(platform),
    `engines: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `data in ${platform.folder}: ${platform.fileSystem.type}, ${formatMiB(platform.fileSystem.freeBytes)} free`,
    `ceiling of the platform: 4 KiB and fdatasync ${ceiling.fdatasyncMs.toFixed(2)} ms, ` +
      `sequential write ${formatNumber(ceiling.writeMBs)} MB/s, 16 KiB from the page cache ${ceiling.read16kUs.toFixed(1)} µs`,
    `measured in ${Math.round(seconds)} s`,
  ];
}

export function describeMachine({ node, system, cpu, cores, memoryBytes }: Platform): string {
  return `Node ${node}, ${system}, ${cores} × ${cpu}, ${formatMiB(memoryBytes)} memory`;
}

const head = [
  '',
  'engine',
  'ops/s',
  'ours is',
  'figure',
  'p50',
  'p99',
  'w-amp',
  's-amp',
  'peak RSS',
  'VmHWM',
  'loop p99',
  'left',
];

function describeSize(report: StorageReport, valueBytes: number): string[] {
  let workload = '';
  const lines = report.rows
    .filter((row) => row.valueBytes === valueBytes)
    .map((row) => {
      const name = row.workload === workload ? '' : row.workload;
      workload = row.workload;
      return [name, ...describeRow(row, report)];
    });
  return alignColumns([head, ...lines], 2);
}

function describeRow(row: Row, { ratios }: StorageReport): string[] {
  const show = (value: number | undefined, format: (value: number) => string): string =>
    value === undefined ? '' : format(value);
  const ratio = ratios.find(
    ({ workload, valueBytes, against }) =>
      workload === row.workload && valueBytes === row.valueBytes && against === row.engine,
  )?.ratio;
  return [
    row.engine,
    formatNumber(row.opsPerSecond),
    show(ratio, (value) => `${value.toFixed(2)} ×`),
    show(row.figure, (figure) => `${formatNumber(figure)} ${unitOf(row.workload)}`),
    show(row.p50Us, formatDuration),
    show(row.p99Us, formatDuration),
    show(row.writeAmplification, formatNumber),
    show(row.spaceAmplification, formatNumber),
    formatMiB(row.peakRssBytes),
    show(row.highWaterRssBytes, formatMiB),
    show(row.eventLoopDelayP99Ms, (value) => `${value.toFixed(1)} ms`),
    row.debt ?? '',
  ];
}

/** What the figure of a row is. */
const meanings: Readonly<Record<string, string>> = {
  'write-amplification': 'bytes written over bytes given',
  memory: 'resident set over the budget',
  'event-loop': '99th percentile of the delay of timers',
  recovery: 'opening after kill -9',
};

function unitOf(workload: string): string {
  return targets.find((target) => target.workload === workload)?.unit ?? '';
}

function describeTargets(report: StorageReport): string[] {
  const lines = report.targets.map(({ workload, valueBytes, against, must, aim, unit, measured, reached }) => [
    workload,
    valueBytes === undefined ? '' : formatSize(valueBytes),
    against === undefined ? (meanings[workload] ?? '') : `operations over those of ${against}`,
    `${formatNumber(measured)} ${unit}`,
    `${against === undefined ? '≤' : '≥'} ${must}`,
    String(aim),
    reached,
  ]);
  return alignColumns([['', '', '', 'measured', 'must', 'aim', 'reached'], ...lines], 3);
}

/** Every way in which an engine was opened, once. */
function describeOptions(rows: readonly Row[]): string[] {
  const used = new Map<string, Set<string>>();
  for (const { engine, options, workload } of rows) {
    const text = `${engine}: ${options}`;
    used.set(text, (used.get(text) ?? new Set()).add(workload));
  }
  return [...used]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([text, names]) => `${text}\n    ${[...names].join(', ')}`);
}
