/** The report as a Markdown table for a README. */
import { type EngineName, engineNames } from '../engines/bench-engine.ts';
import { formatNumber, formatSize } from './formatting.ts';
import { describeMachine } from './print-report.ts';
import type { StorageReport } from './storage-report.ts';

/** Operations per second by workload and size of values, engines side by side, and the options of each. */
export function makeReadmeTable(report: StorageReport): string {
  const engines = engineNames.filter((name) => report.rows.some((row) => row.engine === name));
  const speed = report.rows.filter((row) => row.figure === undefined);
  const keys = [...new Set(speed.map((row) => `${row.workload} ${row.valueBytes}`))];
  const rows = keys.map((key) => {
    const [workload = '', valueBytes = ''] = key.split(' ');
    return [workload, formatSize(Number(valueBytes)), ...engines.map((engine) => speedOf(engine, key))];
  });
  const { platform, startedAt } = report;
  return [
    `${describeMachine(platform)}; ${platform.fileSystem.type}; ${startedAt.slice(0, 10)}. Operations per second, medians.`,
    '',
    ...markdownTable(['workload', 'values', ...engines], rows),
    '',
    ...engines.map((engine) => `- ${describeEngine(report, engine)}`),
  ].join('\n');

  function speedOf(engine: EngineName, key: string): string {
    const row = speed.find((one) => one.engine === engine && `${one.workload} ${one.valueBytes}` === key);
    return row === undefined ? '' : formatNumber(row.opsPerSecond);
  }
}

/** The workloads whose options stand for those of all others. */
const typical: readonly string[] = ['put-durable-64', 'put-buffered-64', 'get-hot', 'get-cold'];

/** Version and options of an engine, those for the largest values that were measured. */
function describeEngine({ rows, versions }: StorageReport, engine: EngineName): string {
  const largest = Math.max(...rows.filter((row) => row.engine === engine).map((row) => row.valueBytes));
  const chosen = typical.flatMap((workload) => {
    return rows.filter((row) => row.engine === engine && row.workload === workload && row.valueBytes === largest);
  });
  const options = chosen.map((row) => `\`${row.workload}\` ${row.options}`);
  return `${engine} ${versions[engine] ?? ''} at ${formatSize(largest)}: ${options.join(' · ')}`;
}

/** Padded as the formatter pads it: text to the left, the rest to the right. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0), name.length),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)];
}
