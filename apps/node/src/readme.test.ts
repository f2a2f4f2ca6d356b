import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionRows } from './config.ts';
import { problemTypes } from './http/problem-details.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The cells of the table whose header row has these cells. */
function tableWith(...header: readonly string[]): string[][] {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => JSON.stringify(cellsOf(line)) === JSON.stringify(header));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map(cellsOf);
}

/** A bar within a cell is written `\|`. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

describe('the README', () => {
  it('lists every option as the schema has it', () => {
    const rows = optionRows().map(({ flag, variable, value, fallback, description }) => [
      `\`${value === undefined ? flag : `${flag} ${value}`}\``,
      `\`${variable}\``,
      fallback === undefined ? '' : `\`${fallback}\``,
      description,
    ]);
    expect(tableWith('flag', 'variable', 'default', 'meaning')).toEqual(rows);
  });

  it('lists every code of a problem under its status', () => {
    const codes = Object.entries(problemTypes);
    const statuses = [...new Set(codes.map(([, { status }]) => status))].sort((a, b) => a - b);
    const rows = statuses.map((status) => {
      const names = codes.filter(([, type]) => type.status === status).map(([code]) => `\`${code}\``);
      return [String(status), names.join(' ')];
    });
    expect(tableWith('status', 'codes')).toEqual(rows);
  });
});
