/**
 * The figures of @kv/gossip: `npx tsx --conditions=@kv/source tools/figures/src/gossip-convergence.ts [--write]`. With `--write`
 * the table goes into the package's README, between its markers, and the plot beside it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Effort, type Measurement, measure, median, messageDelayMs, messageLoss } from './gossip-measurement.ts';
import { plotConvergence } from './gossip-plot.ts';

/** Fewer seeds where each costs more; a simulated second of 200 members is half a million digests and states. */
const efforts: readonly Effort[] = [
  { members: 3, seeds: 40, quietMs: 600_000 },
  { members: 5, seeds: 40, quietMs: 240_000 },
  { members: 10, seeds: 20, quietMs: 120_000 },
  { members: 20, seeds: 10, quietMs: 60_000 },
  { members: 50, seeds: 5, quietMs: 30_000 },
  { members: 100, seeds: 3, quietMs: 15_000 },
  { members: 200, seeds: 2, quietMs: 5000 },
];

const packageFolder = join(import.meta.dirname, '../../../packages/gossip');
const begin = '<!-- figures:convergence -->';
const end = '<!-- /figures:convergence -->';

function report(measurements: readonly Measurement[]): string {
  const [least, most] = messageDelayMs;
  const head = [
    'members',
    'seeds',
    'rounds until a change is known by all',
    'rounds from cold start until each knows each',
    'seconds until all hold a crashed member down',
    'false suspicions per member-hour',
    'false downs',
  ];
  const rows = measurements.map((one) => [
    String(one.members),
    String(one.changeRounds.length),
    both(one.changeRounds),
    both(one.coldStartRounds),
    both(one.detectionSeconds),
    `${one.falseSuspicionsPerHour.toFixed(2)} in ${one.memberHours.toFixed(1)} h`,
    String(one.falseDowns),
  ]);
  return [
    `Simulated, ${messageLoss * 100} % of the messages lost, delays of ${least} to ${most} ms, default options, ticks every 250 ms; one round`,
    'is one second. Median / most over the seeds.',
    '',
    ...alignedTable(head, rows),
  ].join('\n');
}

/** A table of numbers, padded as the formatter pads it. */
function alignedTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => `${'-'.repeat(width - 1)}:`)), ...rows.map(line)];
}

function both(values: readonly number[]): string {
  return `${median(values).toFixed(1)} / ${Math.max(...values).toFixed(1)}`;
}

function insert(readme: string, content: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the README needs the markers ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${content}\n\n${readme.slice(to)}`;
}

const measurements = efforts.map((effort) => {
  const started = process.hrtime.bigint();
  const measurement = measure(effort);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  console.error(`${effort.members} members: ${effort.seeds} seeds in ${seconds.toFixed(1)} s`);
  return measurement;
});
console.log(report(measurements));
if (process.argv.includes('--write')) {
  const readme = join(packageFolder, 'README.md');
  writeFileSync(readme, insert(readFileSync(readme, 'utf8'), report(measurements)));
  mkdirSync(join(packageFolder, 'docs'), { recursive: true });
  writeFileSync(join(packageFolder, 'docs/convergence.svg'), plotConvergence(measurements));
}
