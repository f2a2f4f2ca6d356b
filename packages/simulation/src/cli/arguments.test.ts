import { describe, expect, it } from 'vitest';
import { parseArguments, usage, UsageError } from './arguments.ts';

describe('parseArguments', () => {
  it('runs 50 seeds of the mixed scenario when nothing is asked for', () => {
    const defaults = { scenario: 'mixed', seed: 1, count: 50, json: false, jobs: 2, without: [] };
    expect(parseArguments([])).toEqual({ ...defaults, bug: undefined, trace: undefined });
  });

  it('takes what a replay command says', () => {
    const args = parseArguments('--scenario mixed --seed 77 --count 1 --json --without loss,crash'.split(' '));
    expect(args).toMatchObject({ scenario: 'mixed', seed: 77, count: 1, json: true, without: ['loss', 'crash'] });
  });

  it.each([
    ['--scenario wild', '--scenario must be one of eventual, strong, siblings, mixed, calm, got wild'],
    ['--count 0', '--count must be an integer from 1 to 1000000, got 0'],
    ['--seed x', '--seed must be an integer'],
    ['--jobs 1', '--jobs must be an integer from 2 to 256, got 1'],
    ['--bug nothing', '--bug must be one of no-sync-before-ack'],
    ['--without rain', '--without must be one of loss'],
    ['--trace file', '--trace writes down one seed: add --count 1'],
    ['--colour', 'colour'],
    ['17', '17'],
  ])('refuses %s by name', (line, message) => {
    expect(() => parseArguments(line.split(' '))).toThrow(UsageError);
    expect(() => parseArguments(line.split(' '))).toThrow(message);
  });

  it('asks for help', () => {
    expect(parseArguments(['--help'])).toBeUndefined();
    expect(usage).toContain('--scenario');
  });
});
