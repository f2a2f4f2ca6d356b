/**
 * `npm test`: everything that must hold, in one command and one count: references between projects, format, lint with
 * the dependency rules, types, then the tests of every project, the simulation and the end-to-end tests last.
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

const progress = createProgress({ stream: process.stdout });

/** A project whose tests take longer is stuck. */
const longestTestRunMs = 15 * 60_000;

/** The slow ones run last, so that a plain mistake shows early. */
const slow = ['simulation', 'examples', 'test-e2e'];

/** @param {string[]} argv */
export async function main(argv) {
  if (argv.some((argument) => argument !== '--no-skips')) {
    throw new Refusal('npm test runs everything; to test one project: npx nx test NAME');
  }
  await install(progress);
  const rank = (/** @type {{ name: string }} */ { name }) => slow.indexOf(name);
  const projects = listProjects().sort((a, b) => rank(a) - rank(b));
  const results = [
    await show('references between projects', checkReferences),
    await show('format', checkFormat),
    await show('build, lint and types', () => checkTasks(projects)),
  ];
  for (const project of projects) results.push(await show(`tests of ${project.name}`, () => runTests(project)));
  return report(sumResults(results, argv.includes('--no-skips')));
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

async function checkFormat() {
  const logFile = join(scratch, 'format.log');
  const code = await runNode(['node_modules/@biomejs/biome/bin/biome', 'format', '.'], root, logFile);
  return readCheck('format (npm run format mends it)', code, readLog(logFile));
}

/** @param {import('../places.mjs').Project[]} projects */
async function checkTasks(projects) {
  const { code, output } = await runNx(['run-many', '-t', 'build', 'lint', 'typecheck', '--skip-sync'], 'check.log');
  const expected = projects.flatMap(({ name }) => [`${name}:lint`, `${name}:typecheck`]);
  return readTaskResults(readTasks(output), expected, code, output);
}

/** @param {import('../places.mjs').Project} project */
async function runTests({ name, folder }) {
  const cwd = join(root, folder);
  const reportFile = join(cwd, 'out-tsc/test-report.json');
  mkdirSync(join(cwd, 'out-tsc'), { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['run', '--allowOnly=false', '--passWithNoTests=false', '--reporter=default', '--reporter=json'];
  const logFile = join(cwd, 'out-tsc/test.log');
  const code = await runNode([vitest, ...options, `--outputFile.json=${reportFile}`], cwd, logFile);
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
