/**
 * The configuration of a node: one schema that reads flags, environment and file, prints `--help` and writes the table
 * of the README. Flags win over `KV_*` variables, those over the file, and every fault is reported at once.
 */
import { readFileSync } from 'node:fs';
import { defaultOptions } from '@kv/cluster-node';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { addressForm, addressRangeForm, isAddress, isAddressRange } from './address-forms.ts';
import { readTopologyFile } from './topology-file.ts';

const mebibyte = 1024 * 1024;
const yes = z.union([z.boolean(), z.stringbool()], { error: 'must be true or false' });
const text = z.string({ error: 'is required' }).min(1, { error: 'must not be empty', abort: true });
const list = z
  .union([z.array(z.string()), z.string().transform((all) => all.split(','))], { error: 'must be a list of texts' })
  .transform((items) => items.map((item) => item.trim()).filter((item) => item !== ''));
const ranges = z.array(z.string().refine(isAddressRange, { error: quoting(addressRangeForm) }));

function quoting(form: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `${form}, got ${JSON.stringify(input)}`;
}

function checkTopologyFile(path: string, context: z.core.$RefinementCtx<string>): void {
  const file = readTopologyFile(path);
  if (file.type === 'topology') return;
  for (const fault of file.faults) context.addIssue({ code: 'custom', message: `is not usable: ${fault}` });
}

/** The members that there are, where the node is none of them. */
function otherMembers({ topology, node }: { topology?: unknown; node?: unknown }): readonly string[] {
  if (typeof topology !== 'string' || typeof node !== 'string' || node === '') return [];
  const file = readTopologyFile(topology);
  const names = file.type === 'topology' ? file.topology.members.map(({ name }) => name) : [];
  return names.includes(node) ? [] : names;
}

/** Every option there is, in the order of `--help`. The keys are those of a configuration file. */
const options = z.strictObject({
  topology: text
    .superRefine(checkTopologyFile)
    .meta({ value: 'FILE', description: 'JSON file that names the cluster, its members and keyspaces' }),
  node: text.meta({ value: 'NAME', description: 'which member of the topology this process is' }),
  data: text.meta({ value: 'DIR', description: "this member's own folder" }),
  create: yes.default(false).meta({
    description: 'first start of this member: write its identity; without it an empty folder is refused',
  }),
  listen: text
    .refine(isAddress, { error: quoting(addressForm) })
    .optional()
    .meta({
      value: 'HOST:PORT',
      description: "where to listen, if it differs from the member's address in the topology",
    }),
  allowAddress: list.pipe(ranges).default([]).meta({
    value: 'ADDRESS|CIDR',
    description: 'also listen on an address that is not loopback, without any authentication: for closed test networks',
  }),
  memoryBudget: z.coerce
    .number({ error: 'must be a number of MiB' })
    .int('must be a whole number of MiB')
    .min(16, 'must be at least 16 MiB')
    .max(1_048_576, 'must be at most 1048576 MiB')
    .default(256)
    .meta({ value: 'MIB', description: 'memory for memtables, block cache and indexes together, in MiB' }),
  requestBudget: z.coerce
    .number({ error: 'must be a number of MiB' })
    .int('must be a whole number of MiB')
    .min(1, 'must be at least 1 MiB')
    .max(65_536, 'must be at most 65536 MiB')
    .default(defaultOptions.requestBytes / mebibyte)
    .meta({
      value: 'MIB',
      description: 'memory for requests under way, in MiB, half of it for one connection; beyond it: `BUSY`',
    }),
  logFile: text.optional().meta({ value: 'FILE', description: 'append the log there instead of to standard output' }),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info')
    .meta({ value: 'LEVEL', description: 'how much to log' }),
});

/** What one option must be, and what they must be together; the latter is checked also where another one is wrong. */
export const configSchema: typeof options = options.refine((given) => otherMembers(given).length === 0, {
  path: ['node'],
  error: ({ input }) => `names no member of the topology: there is ${otherMembers(input as object).join(', ')}`,
  when: ({ value }) => typeof value === 'object',
});

export type Config = z.output<typeof configSchema>;

/** Options of the command line that are no part of the configuration. */
const commandOptions = {
  config: { value: 'FILE', description: 'read options from a JSON or YAML file as well' },
  help: { value: undefined, description: 'print this and exit' },
} as const;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'INVALID_CONFIG';
  /** One sentence for each thing that is wrong. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[], options?: { cause?: unknown }) {
    super(`the configuration is not valid: ${faults.join('; ')} (see --help)`, options);
    this.faults = faults;
  }
}

export interface OptionRow {
  readonly flag: string;
  readonly variable: string;
  /** Name of its value, absent for a switch. */
  readonly value: string | undefined;
  /** What it is when it is not given; absent for switches, lists and what must be given. */
  readonly fallback: string | undefined;
  readonly description: string;
}

/** What `--help` and the README say about each option. */
export function optionRows(): OptionRow[] {
  return Object.entries(configSchema.shape).map(([key, schema]) => {
    const { value, description = '' } = (schema.meta() ?? {}) as { value?: string; description?: string };
    return { flag: flagOf(key), variable: variableOf(key), value, fallback: fallbackOf(schema), description };
  });
}

export function helpText(): string {
  const rows = optionRows().map(({ flag, variable, value, fallback, description }) => ({
    left: value === undefined ? flag : `${flag} ${value}`,
    right: `${description}${fallback === undefined ? '' : ` (default ${fallback})`} [${variable}]`,
  }));
  for (const [key, { value, description }] of Object.entries(commandOptions)) {
    rows.push({ left: value === undefined ? `--${key}` : `--${key} ${value}`, right: description });
  }
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  return ['usage: node apps/node/dist/main.js --topology FILE --node NAME --data DIR [option …]', '', ...lines].join(
    '\n',
  );
}

/**
 * @returns `'help'` when help was asked for
 * @throws ConfigError naming every fault
 */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): Config | 'help' {
  const flags = readFlags(args);
  if (flags.help) return 'help';
  const faults = [...flags.faults];
  const path = flags.config ?? environment['KV_CONFIG'];
  const given = { ...readFile(path, faults), ...readEnvironment(environment), ...flags.options };
  const checked = configSchema.safeParse(given);
  for (const issue of checked.error?.issues ?? []) faults.push(describeIssue(issue));
  if (faults.length > 0 || checked.data === undefined) throw new ConfigError(faults, { cause: checked.error });
  return checked.data;
}

interface Flags {
  readonly options: Record<string, unknown>;
  readonly config?: string;
  readonly help: boolean;
  readonly faults: string[];
}

function readFlags(args: readonly string[]): Flags {
  const options: Record<string, unknown> = {};
  const faults: string[] = [];
  let config: string | undefined;
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--help' || argument === '-h') return { options, help: true, faults };
    const [flag = '', inline] = splitOnce(argument, '=');
    const isConfig = flag === '--config';
    const key = Object.keys(configSchema.shape).find((name) => flagOf(name) === flag);
    if (key === undefined && !isConfig) {
      faults.push(`there is no option ${JSON.stringify(argument)}`);
      continue;
    }
    const isSwitch = key !== undefined && isSwitchOption(key);
    const value = inline ?? (isSwitch ? true : nextValue(rest));
    if (value === undefined) faults.push(`${flag} needs a value`);
    else if (isConfig) config = String(value);
    else if (key !== undefined) options[key] = merged(options[key], value, key);
  }
  return { options, help: false, faults, ...(config !== undefined && { config }) };
}

/** A value is whatever follows, unless it looks like the next flag. */
function nextValue(rest: string[]): string | undefined {
  return rest[0]?.startsWith('--') ? undefined : rest.shift();
}

/** A list may be given by repeating its flag; of anything else the last one counts. */
function merged(before: unknown, value: unknown, key: string): unknown {
  return key === 'allowAddress' && typeof before === 'string' ? `${before},${String(value)}` : value;
}

function readEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const given = Object.keys(configSchema.shape).map((key) => [key, environment[variableOf(key)]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function readFile(path: string | undefined, faults: string[]): Record<string, unknown> {
  if (path === undefined) return {};
  try {
    const content: unknown = parseYaml(readFileSync(path, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
    faults.push(`${path} must hold an object with options`);
  } catch (error) {
    faults.push(`cannot read ${path}: ${oneLine(error)}`);
  }
  return {};
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no option ${issue.keys.join(', ')}`;
  const key = String(issue.path[0]);
  return `${flagOf(key)} (${variableOf(key)}) ${issue.message}`;
}

function isSwitchOption(key: string): boolean {
  return optionRows().some(({ flag, value }) => flag === flagOf(key) && value === undefined);
}

function fallbackOf(schema: z.ZodType): string | undefined {
  const { data } = schema.safeParse(undefined);
  return typeof data === 'string' || typeof data === 'number' ? String(data) : undefined;
}

function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function variableOf(key: string): string {
  return `KV_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
