/**
 * The figures of the storage engine's README, from a report of `npm run bench -- storage --json`:
 * `npx tsx --conditions=@kv/source tools/bench/src/storage-figures.ts REPORT.json [--write]`. With `--write` the table goes into the
 * README, between its markers, and the plot beside it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plotRatios } from './storage/report/plot-ratios.ts';
import { makeReadmeTable } from './storage/report/readme-table.ts';
import type { StorageReport } from './storage/report/storage-report.ts';

const packageFolder = join(import.meta.dirname, '../../../packages/lsm-storage');
const begin = '<!-- figures:benchmark -->';
const end = '<!-- /figures:benchmark -->';

function insert(readme: string, content: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the README needs the markers ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${content}\n\n${readme.slice(to)}`;
}

const [file] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
if (file === undefined) throw new Error('name the report: storage-figures.ts REPORT.json [--write]');
const report = JSON.parse(readFileSync(file, 'utf8')) as StorageReport;
const table = makeReadmeTable(report);
console.log(table);
if (process.argv.includes('--write')) {
  const readme = join(packageFolder, 'README.md');
  writeFileSync(readme, insert(readFileSync(readme, 'utf8'), table));
  mkdirSync(join(packageFolder, 'docs'), { recursive: true });
  writeFileSync(join(packageFolder, 'docs/benchmark.svg'), plotRatios(report.ratios));
}
