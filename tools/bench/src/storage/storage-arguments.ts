/** The command line of `npm run bench -- storage`, and one sentence for everything that it does not take. */
import { tmpdir } from 'node:os';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from './engines/bench-engine.ts';
import { valueSizes } from './sizes.ts';
import { workloads } from './workloads/all-workloads.ts';
import type { Workload } from './workloads/workload.ts';

export interface StorageArguments {
  readonly json: boolean;
  readonly quick: boolean;
  readonly engines: readonly EngineName[];
  readonly workloads: readonly Workload[];
  readonly valueBytes: readonly number[];
  /** The folder below which all data goes. */
  readonly data: string;
}

const names = workloads.map(({ name }) => name);

export const usage: string = `npm run bench -- storage [options]

  --json               print the report as JSON
  --quick              small sets and one round: under a minute, to see that everything works
  --engine NAMES       ${engineNames.join(', ')} (default all)
  --workload NAMES     ${wrap(names)} (default all)
  --value-bytes SIZES  bytes of a value (default ${valueSizes.join(',')})
  --data DIR           a folder on the disk to be measured; what is put there is removed (default /var/tmp)
  --help

Several names or sizes are written with commas between them.
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `undefined` when help was asked for. @throws UsageError */
export function parseStorageArguments(args: readonly string[]): StorageArguments | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const valueBytes = list(values['value-bytes'])?.map(readValueBytes) ?? valueSizes;
  const chosen = list(values.workload)?.map((name) => oneOf('--workload', name, names)) ?? names;
  return {
    json: values.json === true,
    quick: values.quick === true,
    engines: list(values.engine)?.map((name) => oneOf('--engine', name, engineNames)) ?? engineNames,
    workloads: chooseWorkloads(chosen, values.workload !== undefined, valueBytes),
    valueBytes: [...new Set(valueBytes)],
    data: values.data ?? (existsSync('/var/tmp') ? '/var/tmp' : tmpdir()),
  };
}

/** In the order in which they run. One that has its own size and is asked for by name must be able to have it. */
function chooseWorkloads(chosen: readonly string[], named: boolean, valueBytes: readonly number[]): Workload[] {
  const found = workloads.filter(({ name }) => chosen.includes(name));
  const unsuited = found.find((one) => one.valueBytes !== undefined && !valueBytes.includes(one.valueBytes));
  if (named && unsuited !== undefined) {
    throw new UsageError(`${unsuited.name} is measured with --value-bytes ${unsuited.valueBytes}, which was left out`);
  }
  return found;
}

function parse(args: readonly string[]) {
  const [string, boolean] = [{ type: 'string' }, { type: 'boolean' }] as const;
  const options = {
    json: boolean,
    quick: boolean,
    engine: string,
    workload: string,
    'value-bytes': string,
    data: string,
    help: boolean,
  };
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function list(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(', ')}, got "${value}"`);
  return found;
}

const mostValueBytes = 1024 * 1024;

function readValueBytes(text: string): number {
  const bytes = Number(text);
  if (/^\d+$/.test(text) && bytes >= 1 && bytes <= mostValueBytes) return bytes;
  throw new UsageError(`--value-bytes takes sizes from 1 to ${mostValueBytes}, got "${text}"`);
}

function wrap(words: readonly string[]): string {
  const lines = [''];
  for (const word of words) {
    if ((lines.at(-1) ?? '').length + word.length > 80) lines.push('');
    lines.push(`${lines.pop() ?? ''}${word}, `);
  }
  return lines.join('\n                       ').replace(/, $/, '').replaceAll(/ +\n/g, '\n');
}
