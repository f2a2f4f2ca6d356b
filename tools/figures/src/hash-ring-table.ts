/** Prints the table of the hash ring's README; `--write` puts it there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureRings, type RingFigures } from './hash-ring-measurement.ts';

const readme = fileURLToPath(new URL('../../../packages/hash-ring/README.md', import.meta.url));
const begin = '<!-- figures:begin -->';
const end = '<!-- figures:end -->';

const head = ['servers', 'weights', 'primaries', 'copies', 'join', 'leave'];
const rows = measureRings([3, 5, 10, 50]).map(row);
const table = aligned([head, ...rows]);
console.log(table);

if (process.argv.includes('--write')) {
  const text = readFileSync(readme, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${readme} needs the markers ${begin} and ${end}`);
  writeFileSync(readme, `${before}${begin}\n\n${table}\n\n${end}${after}`);
}

function row({ servers, weights, primaries, copies, join, leave }: RingFigures): string[] {
  const range = (extremes: { least: number; most: number }): string =>
    `${extremes.least.toFixed(2)} to ${extremes.most.toFixed(2)}`;
  return [String(servers), weights, range(primaries), range(copies), join.toFixed(2), leave.toFixed(2)];
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = [], ...others] = lines;
  return [text(first), rule, ...others.map(text)].join('\n');
}
