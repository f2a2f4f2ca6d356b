/** The command itself, as a process: what it prints and how it exits. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Report } from '../report.ts';

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function simulate(...args: string[]): Promise<Ended> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@kv/source', '--import', 'tsx', main, ...args]);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (errors += String(data)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })));
}

describe('npm run simulate', () => {
  it('prints a report as one line of JSON and exits with 0 when every promise held', async () => {
    const { code, output, errors } = await simulate('--seed', '8', '--count', '1', '--json');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const report = JSON.parse(output) as Report;
    expect(report).toMatchObject({ scenario: 'mixed', seeds: 1, violations: 0, hashMismatches: 0, operations: 300 });
    expect(report.plantedBugs).toMatchObject({ planted: 0, found: 0, medianSeeds: null });
    expect(Object.keys(report.faults)).toHaveLength(17);
  });

  it('exits with 1 and names the replaying command when a promise was broken', async () => {
    const { code, output } = await simulate('--seed', '11', '--count', '1', '--bug', 'last-arrival-wins');
    expect(code).toBe(1);
    expect(output).toContain('replay with: npm run simulate -- --scenario mixed --seed 11 --count 1');
  });

  it('exits with 2 and says how it is used when it was asked wrongly', async () => {
    const { code, errors } = await simulate('--count', 'many');
    expect(code).toBe(2);
    expect(errors).toContain('--count must be an integer from 1 to 1000000, got many');
    expect(errors).toContain('npm run simulate -- [options]');
  });
});
