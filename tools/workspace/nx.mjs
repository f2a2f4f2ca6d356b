/** Runs Nx without its daemon and worker processes, so that nothing outlives the command, and reads what it says. */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runChild } from './children.mjs';
import { root, scratch } from './places.mjs';
import { Refusal } from './refusal.mjs';

/** @type {NodeJS.ProcessEnv} */
const environment = {
  ...process.env,
  NX_DAEMON: 'false',
  NX_ISOLATE_PLUGINS: 'false',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  NX_CACHE_DIRECTORY: join(scratch, 'cache'),
  FORCE_COLOR: '0',
};

/**
 * @param {readonly string[]} argv
 * @param {string} logName under `.nx/`
 * @returns {Promise<{ code: number, output: string, logFile: string }>}
 */
export async function runNx(argv, logName) {
  mkdirSync(scratch, { recursive: true });
  const logFile = join(scratch, logName);
  const file = openSync(logFile, 'w');
  const code = await runChild(process.execPath, [nxProgram, ...argv], { cwd: root, env: environment, output: file });
  closeSync(file);
  return { code, output: stripVTControlCharacters(readFileSync(logFile, 'utf8')), logFile };
}

/**
 * Runs Nx in our own terminal.
 *
 * @param {readonly string[]} argv
 */
export function showNx(argv) {
  const env = { ...environment, FORCE_COLOR: process.env['FORCE_COLOR'] };
  return runChild(process.execPath, [nxProgram, ...argv], { cwd: root, env, output: 'inherit' });
}

const nxProgram = join(root, 'node_modules/nx/dist/bin/nx.js');

/**
 * Builds projects and whatever they are built from; what is built already is left alone.
 *
 * @param {readonly string[]} projects
 * @param {import('./progress.mjs').Progress} progress
 * @param {readonly string[]} [options] more for Nx
 */
export async function build(projects, progress, options = []) {
  const argv = ['run-many', '-t', 'build', '-p', projects.join(','), '--skip-sync', ...options];
  await progress.during(
    'building',
    () => requireBuild(argv),
    () => 'built',
  );
}

/** @param {readonly string[]} argv */
async function requireBuild(argv) {
  const { code, output, logFile } = await runNx(argv, 'build.log');
  if (code === 0) return;
  const failed = readTasks(output).filter(({ outcome }) => outcome === 'failed');
  const said = failed.map((task) => `${task.id}\n${task.output}`).join('\n') || output;
  throw new Refusal(`${said.trim()}\nthe build failed (whole output: ${logFile})`);
}

/**
 * @typedef {object} Task
 * @property {string} id `quorum:lint`
 * @property {'passed' | 'failed' | 'not run'} outcome
 * @property {string} output what it printed, if it failed
 */

/**
 * Reads what became of each task out of Nx's report, in which a success is one line, a failure a block of output and
 * a line in the summary, and a task behind a failed one only a line in the summary.
 *
 * @param {string} output without colours
 * @returns {Task[]}
 */
export function readTasks(output) {
  const lists = output.search(/^(Tasks not run because|Failed tasks:)/m);
  const report = lists < 0 ? output : output.slice(0, lists);
  const failedAt = lists < 0 ? output.length : lists + output.slice(lists).search(/^Failed tasks:/m);
  const blocks = report.split(/^> nx run /m).slice(1);
  const said = new Map(
    blocks.map((block) => [block.split(/\s/, 1)[0], block.split(/^✔ +nx run |^ NX /m, 1)[0].trim()]),
  );

  /** @type {Map<string, Task>} */
  const tasks = new Map();
  for (const [, id] of report.matchAll(/^✔ +nx run (\S+)/gm)) tasks.set(id, { id, outcome: 'passed', output: '' });
  for (const id of listed(output.slice(report.length, failedAt))) tasks.set(id, { id, outcome: 'not run', output: '' });
  for (const id of listed(output.slice(failedAt))) {
    tasks.set(id, { id, outcome: 'failed', output: said.get(id) || '' });
  }
  return [...tasks.values()];
}

/** @param {string} list */
function listed(list) {
  return [...list.matchAll(/^- (\S+:\S+)$/gm)].map((match) => match[1]);
}
