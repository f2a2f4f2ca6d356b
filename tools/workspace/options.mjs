/**
 * Reads the command lines of the npm scripts. Its main work is the forgotten `--`: without it npm keeps the options
 * for itself and passes only what is left, so `npm start --nodes 5` would start three nodes without a word.
 */
import { join, resolve } from 'node:path';
import { root } from './places.mjs';
import { Refusal } from './refusal.mjs';

/**
 * @typedef {object} CommandLine
 * @property {string} command what a person types before the options: `npm start --`
 * @property {readonly string[]} names the options that take a value: `nodes`
 * @property {string} usage the whole command in one line
 * @property {number} [positionals] how many arguments stand for themselves; default 0
 */

/**
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env npm puts the options it kept here
 * @param {CommandLine} line
 * @returns {{ options: Map<string, string>, positionals: string[] }}
 */
export function parseOptions(argv, env, line) {
  const kept = line.names.filter((name) => env[`npm_config_${name}`] !== undefined);
  /** @type {Map<string, string>} */
  const options = new Map();
  /** @type {string[]} */
  const positionals = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index];
    if (!argument.startsWith('--')) {
      positionals.push(argument);
      continue;
    }
    const [name, attached] = splitOption(argument);
    if (!line.names.includes(name)) throw new Refusal(`unknown option --${name}: ${line.usage}`);
    const value = attached === undefined ? argv[++index] : attached;
    if (value === undefined) throw new Refusal(`--${name} needs a value: ${line.usage}`);
    options.set(name, value);
  }
  const given = [...options].map(([name, value]) => writeOption(name, value));
  if (kept.length > 0) throw new Refusal(describeKept(kept, env, positionals, given, line));
  if (positionals.length !== (line.positionals || 0)) throw new Refusal(describePositionals(positionals, given, line));
  return { options, positionals };
}

/**
 * @param {string} argument
 * @returns {[string, string | undefined]}
 */
function splitOption(argument) {
  const equals = argument.indexOf('=');
  return equals < 0 ? [argument.slice(2), undefined] : [argument.slice(2, equals), argument.slice(equals + 1)];
}

/**
 * @param {string[]} kept
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} positionals
 * @param {string[]} given the options that npm passed
 * @param {CommandLine} line
 */
function describeKept(kept, env, positionals, given, line) {
  const values = kept.map((name) => /** @type {string} */ (env[`npm_config_${name}`]));
  // npm turns `--nodes 5` into the flag `nodes` and the argument `5`, and `--nodes=5` into an option with its value.
  const lost = values.filter((value) => value === 'true').length;
  const known = lost === 0 || (kept.length === 1 && positionals.length === 1);
  const meant = kept.map((name, index) => writeOption(name, lost === 0 ? values[index] : positionals[0]));
  const right = known && (line.positionals || 0) === 0 ? [line.command, ...given, ...meant].join(' ') : line.usage;
  return `npm kept --${kept.join(' and --')} for itself: options stand behind a lone --, as in: ${right}`;
}

/**
 * @param {string[]} positionals
 * @param {string[]} given the options that were understood
 * @param {CommandLine} line
 */
function describePositionals(positionals, given, line) {
  if (positionals.length === 0) return `an argument is missing: ${line.usage}`;
  const [first] = positionals;
  const isCount = line.names.includes('nodes') && positionals.length === 1 && /^\d+$/.test(first);
  const right = isCount ? [line.command, writeOption('nodes', first), ...given].join(' ') : line.usage;
  return `cannot tell what ${positionals.map((text) => `"${text}"`).join(' ')} means here; write: ${right}`;
}

/**
 * @param {string} name
 * @param {string} value
 * @returns {string} as a shell reads it
 */
function writeOption(name, value) {
  return `--${name} ${/^[\w./:@%+-]+$/.test(value) ? value : `'${value.replace(/'/g, "'\\''")}'`}`;
}

/**
 * What the numbers of `npm start` may be: the limits of @kv/local-cluster, which is not built yet when they are asked
 * for. A test holds the two together.
 */
export const limits = { nodes: { from: 1, to: 32 }, port: { from: 1024, to: 65503 } };

/**
 * @template {keyof typeof limits} Name
 * @param {Map<string, string>} options
 * @param {Name} name
 * @returns {{ [key in Name]?: number }} nothing when the option was not given
 */
export function readNumber(options, name) {
  const text = options.get(name);
  if (text === undefined) return {};
  const { from, to } = limits[name];
  if (!/^\d+$/.test(text) || Number(text) < from || Number(text) > to) {
    throw new Refusal(`--${name} needs a whole number from ${from} to ${to}, got "${text}"`);
  }
  return /** @type {{ [key in Name]?: number }} */ ({ [name]: Number(text) });
}

/**
 * The data folder: `.data` in the workspace, or one named relative to where the command was typed.
 *
 * @param {Map<string, string>} options
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ data: string }} an absolute path
 */
export function readDataFolder(options, env) {
  const named = options.get('data');
  if (named === undefined) return { data: join(root, '.data') };
  if (named === '') throw new Refusal('--data needs the name of a folder, got an empty one');
  return { data: resolve(env['INIT_CWD'] || process.cwd(), named) };
}
