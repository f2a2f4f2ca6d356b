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
  if (kept.length > 0) throw new Refusal(describeKept(kept, env, positionals, line));
  if (positionals.length !== (line.positionals || 0)) throw new Refusal(describePositionals(positionals, line));
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
 * @param {CommandLine} line
 */
function describeKept(kept, env, positionals, line) {
  const values = kept.map((name) => /** @type {string} */ (env[`npm_config_${name}`]));
  // npm turns `--nodes 5` into the flag `nodes` and the argument `5`, and `--nodes=5` into an option with its value.
  const lost = values.filter((value) => value === 'true').length;
  const known = lost === 0 || (kept.length === 1 && positionals.length === 1);
  const meant = kept.map((name, index) => `--${name} ${lost === 0 ? values[index] : positionals[0]}`).join(' ');
  const right = known && (line.positionals || 0) === 0 ? `${line.command} ${meant}` : line.usage;
  return `npm kept --${kept.join(' and --')} for itself: options stand behind a lone --, as in: ${right}`;
}

/**
 * @param {string[]} positionals
 * @param {CommandLine} line
 */
function describePositionals(positionals, line) {
  if (positionals.length === 0) return `an argument is missing: ${line.usage}`;
  const [first] = positionals;
  const isCount = line.names.includes('nodes') && positionals.length === 1 && /^\d+$/.test(first);
  const right = isCount ? `${line.command} --nodes ${first}` : line.usage;
  return `cannot tell what ${positionals.map((text) => `"${text}"`).join(' ')} means here; write: ${right}`;
}

/**
 * @template {string} Name
 * @param {Map<string, string>} options
 * @param {Name} name
 * @returns {{ [key in Name]?: number }} nothing when the option was not given
 */
export function readNumber(options, name) {
  const text = options.get(name);
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new Refusal(`--${name} needs a whole number, got "${text}"`);
  return /** @type {{ [key in Name]?: number }} */ ({ [name]: Number(text) });
}

/**
 * The data folder: `.data` in the workspace, or one named relative to where the command was typed.
 *
 * @param {Map<string, string>} options
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ data: string, dataArguments: string }} `dataArguments` leads another command to the same folder
 */
export function readDataFolder(options, env) {
  const named = options.get('data');
  if (named === undefined) return { data: join(root, '.data'), dataArguments: '' };
  const data = resolve(env['INIT_CWD'] || process.cwd(), named);
  return { data, dataArguments: ` --data ${/^[\w./-]+$/.test(data) ? data : `'${data.replaceAll("'", "'\\''")}'`}` };
}
