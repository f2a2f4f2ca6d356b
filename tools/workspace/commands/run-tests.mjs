/**
 * `npm test`: everything that must hold, in one command and one count: references between projects, format, the build,
 * then lint with the dependency rules, types and the tests of every project, two of these at a time.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runChild } from '../children.mjs';
import { install } from '../install.mjs';
import { readTasks, runNx } from '../nx.mjs';
import { listProjects, readJson, root, scratch } from '../places.mjs';
import { createProgress } from '../progress.mjs';
import { Refusal } from '../refusal.mjs';
import { describeCount, readCheck, readTaskResults, readVitestResults, sumResults } from '../results.mjs';

/** @typedef {import('../results.mjs').Results} Results */

/**
 * @typedef {object} Check
 * @property {string} label
 * @property {() => Promise<Results>} work
 * @property {boolean} starts whether it starts built programs, or builds them
 */

const progress = createProgress({ stream: process.stdout });

/** A project whose tests take longer is stuck. */
const longestTestRunMs = 15 * 60_000;

/** What is begun first, so that none of the slow ones is left to run alone at the end. */
const slow = ['workspace', 'lsm-storage', 'test-e2e', 'simulation', 'node'];

/** They start programs from `dist`, which a build may exchange under their feet: one of them at a time. */
const starters = ['workspace', 'test-e2e', 'node', 'local-cluster', 'examples'];

/**
 * How many checks run at the same time. Each takes one processor: a test of real processes mostly waits, so that two
 * projects side by side use two processors better than one project after the other.
 */
const lanes = 2;

/** @param {string[]} argv */
export async function main(argv) {
  if (argv.some((argument) => argument !== '--no-skips')) {
    throw new Refusal('npm test runs everything; to test one project: npx nx test NAME');
  }
  await install(progress);
  const rank = (/** @type {string} */ name) => (slow.includes(name) ? slow.indexOf(name) : slow.length);
  const projects = listProjects().sort((a, b) => rank(a.name) - rank(b.name));
  const results = [
    await show('references between projects', checkReferences),
    await show('format', checkFormat),
    await show('build', () => checkBuild(projects)),
  ];
  const tests = projects.map((project) => ({
    label: `tests of ${project.name}`,
    work: () => runTests(project),
    starts: starters.includes(project.name),
  }));
  const lint = { label: 'lint', work: checkLint, starts: false };
  const types = { label: 'types', work: checkTypes, starts: false };
  results.push(...(await runAll([types, lint, ...tests])));
  return report(sumResults(results, argv.includes('--no-skips')));
}

/**
 * @param {readonly Check[]} checks begun in this order, but for those that start programs while another one does
 * @returns {Promise<Results[]>}
 */
async function runAll(checks) {
  const waiting = [...checks];
  /** @type {Results[]} */
  const results = [];
  let starting = false;
  const next = () => {
    const at = waiting.findIndex(({ starts }) => !(starts && starting));
    return at < 0 ? undefined : waiting.splice(at, 1)[0];
  };
  const lane = async () => {
    for (let check = next(); check !== undefined; check = next()) {
      starting ||= check.starts;
      results.push(await show(check.label, check.work));
      if (check.starts) starting = false;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/**
 * @param {string} label
 * @param {() => Promise<Results>} work
 */
function show(label, work) {
  return progress.during(label, work, (results) => {
    return `${results.failures.length === 0 ? '✓' : '✗'} ${label}: ${describeCount(results)},`;
  });
}

async function checkReferences() {
  const { code, output } = await runNx(['sync:check'], 'sync.log');
  return readCheck('references between projects (npx nx sync mends them)', code, output);
}

function checkFormat() {
  return checkWith('format', ['node_modules/@biomejs/biome/bin/biome', 'format', '.']);
}

/** @param {readonly import('../places.mjs').Project[]} projects */
async function checkBuild(projects) {
  const { code, output } = await runNx(['run-many', '-t', 'build', '--skip-sync'], 'build.log');
  const expected = projects.map(({ name }) => `${name}:build`);
  return readTaskResults(readTasks(output), expected, code, output);
}

/** In one process for all projects, which reads what they share once; `npm run lint` goes project by project. */
function checkLint() {
  return checkWith('lint', ['node_modules/eslint/bin/eslint.js', '.']);
}

/** As lint: in one process. What was built is up to date, so that only what is not built is looked at. */
function checkTypes() {
  return checkWith('types', ['node_modules/typescript/bin/tsc', '--build']);
}

/**
 * @param {string} name
 * @param {string[]} argv
 */
async function checkWith(name, argv) {
  const logFile = join(scratch, `${name}.log`);
  const code = await runNode(argv, root, logFile);
  return readCheck(name, code, readLog(logFile));
}

/** @param {import('../places.mjs').Project} project */
async function runTests({ name, folder }) {
  const cwd = join(root, folder);
  const reportFile = join(cwd, 'out-tsc/test-report.json');
  mkdirSync(join(cwd, 'out-tsc'), { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['run', '--allowOnly=false', '--passWithNoTests=false', '--maxWorkers=1'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const logFile = join(cwd, 'out-tsc/test.log');
  const code = await runNode([vitest, ...options, ...reporters], cwd, logFile);
  const report = existsSync(reportFile) ? readJson(reportFile) : undefined;
  return readVitestResults(name, report, code, readLog(logFile));
}

/**
 * @param {string[]} argv
 * @param {string} cwd
 * @param {string} logFile
 */
async function runNode(argv, cwd, logFile) {
  const output = openSync(logFile, 'w');
  try {
    const env = { ...process.env, FORCE_COLOR: '0' };
    return await runChild(process.execPath, argv, { cwd, env, output, limitMs: longestTestRunMs });
  } finally {
    closeSync(output);
  }
}

/** @param {string} logFile */
function readLog(logFile) {
  return stripVTControlCharacters(readFileSync(logFile, 'utf8'));
}

/** @param {Results} total */
function report(total) {
  const shown = total.failures.filter(({ output }) => output !== '');
  for (const { name, output } of shown) progress.line(`\n✗ ${name}\n${output}`);
  if (total.failures.length > 0) progress.line('');
  for (const { name } of total.failures) progress.line(`failed: ${name}`);
  for (const name of total.skipped) progress.line(`skipped: ${name}`);
  progress.line(describeCount(total));
  return total.failures.length === 0 ? 0 : 1;
}
