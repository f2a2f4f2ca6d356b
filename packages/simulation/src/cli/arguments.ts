/** The command line: what may be asked, and one sentence for everything that may not. */
import { parseArgs } from 'node:util';
import { plantedBug, plantedBugs } from '../planted-bugs/all-planted-bugs.ts';
import { type PlannedKind, plannedKinds } from '../scenario/fault-plan.ts';
import { type ScenarioName, scenarioNames } from '../scenario/scenarios.ts';

export interface SimulateArguments {
  readonly scenario: ScenarioName;
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly count: number;
  readonly json: boolean;
  /** Worker processes. */
  readonly jobs: number;
  /** Plants this bug into every run and expects nothing. */
  readonly bug: string | undefined;
  readonly without: readonly PlannedKind[];
  /** File for the trace of a single seed. */
  readonly trace: string | undefined;
}

export const usage: string = `npm run simulate -- [options]

  --scenario NAME   ${scenarioNames.join(', ')} (default mixed)
  --seed N          the first seed (default 1)
  --count M         how many seeds, one after the other (default 50); with 1, planted bugs are not sought
  --json            print the report as JSON
  --jobs J          worker processes, at least 2: the two runs of a seed are two processes (default 2)
  --without KINDS   leave faults out, for example loss,crash
  --bug NAME        run with this bug planted: ${plantedBugs.map(({ name }) => name).join(', ')}
  --trace FILE      write down everything that happens in a single seed
  --help
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `undefined` when help was asked for. @throws UsageError */
export function parseArguments(args: readonly string[]): SimulateArguments | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const scenario = oneOf('--scenario', values.scenario ?? 'mixed', scenarioNames);
  const count = integer('--count', values.count ?? '50', 1, 1_000_000);
  const { bug, trace } = values;
  if (bug !== undefined && plantedBug(bug) === undefined) {
    throw new UsageError(`--bug must be one of ${plantedBugs.map(({ name }) => name).join(', ')}, got ${bug}`);
  }
  if (trace !== undefined && count !== 1) throw new UsageError('--trace writes down one seed: add --count 1');
  return {
    scenario,
    count,
    seed: integer('--seed', values.seed ?? '1', 0, 2 ** 48),
    json: values.json === true,
    jobs: integer('--jobs', values.jobs ?? '2', 2, 256),
    without: (values.without ?? '')
      .split(',')
      .filter(Boolean)
      .map((kind) => oneOf('--without', kind, plannedKinds)),
    bug,
    trace,
  };
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  const numbers = { seed: string, count: string, jobs: string };
  const names = { scenario: string, without: string, bug: string, trace: string };
  const options = { ...numbers, ...names, json: boolean, help: boolean };
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${name} must be one of ${allowed.join(', ')}, got ${value}`);
  return found;
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${name} must be an integer from ${least} to ${most}, got ${text}`);
}
