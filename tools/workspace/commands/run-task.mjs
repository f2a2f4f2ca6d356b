/** The smaller npm scripts: each installs and builds what it needs quietly, then becomes the program that it runs. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runChild } from '../children.mjs';
import { install } from '../install.mjs';
import { build, showNx } from '../nx.mjs';
import { listProjects, root } from '../places.mjs';
import { createProgress } from '../progress.mjs';
import { Refusal } from '../refusal.mjs';

/** @typedef {import('../progress.mjs').Progress} Progress */

/** @type {Record<string, (argv: string[], progress: Progress) => Promise<number | undefined>>} */
const tasks = {
  async simulate(argv, progress) {
    await build(['simulation'], progress);
    return become('packages/simulation/dist/cli/main.js', argv);
  },
  async bench(argv, progress) {
    await build(['bench'], progress);
    return become('tools/bench/dist/cli.js', argv);
  },
  async e2e(argv, progress) {
    await build(['test-e2e', 'node'], progress);
    return become('test-e2e/dist/cli.js', argv);
  },
  async example([name = 'quickstart', ...argv], progress) {
    await build(['examples', 'node'], progress);
    const names = listExamples();
    if (!names.includes(name)) {
      throw new Refusal(
        `there is no example ${name}: npm run example -- NAME, where NAME is one of ${names.join(', ')}`,
      );
    }
    return becomeExample(`examples/dist/${name}.js`, argv);
  },
  soak,
  pack: packPackages,
  format: () => runTool('@biomejs/biome/bin/biome', ['format', '--write', '.']),
  lint: (argv) => showNx(['run-many', '-t', 'lint', ...argv]),
};

/** @param {string[]} argv */
export async function main([name, ...argv]) {
  const progress = createProgress({ stream: process.stderr, quietMs: 2_000 });
  await install(progress);
  return tasks[name](argv, progress);
}

/**
 * Goes on as another program in this process: signals, exit code and terminal are that program's own.
 *
 * @param {string} file
 * @param {string[]} argv
 */
async function become(file, argv) {
  const path = join(root, file);
  if (!existsSync(path)) throw new Refusal(`${file} does not exist, though it was built`);
  process.argv = [process.execPath, path, ...argv];
  await import(pathToFileURL(path).href);
  return undefined;
}

/**
 * An example shows what a program of one's own looks like and catches nothing; what the client says of a cluster that
 * is not there is an answer to the person who typed the command, not a fault with a stack.
 *
 * @param {string} file
 * @param {string[]} argv
 */
async function becomeExample(file, argv) {
  try {
    return await become(file, argv);
  } catch (error) {
    if (error instanceof Error && error.name === 'KvError') throw new Refusal(error.message);
    throw error;
  }
}

function listExamples() {
  return readdirSync(join(root, 'examples/dist'))
    .filter((name) => name.endsWith('.js') && name !== 'index.js')
    .map((name) => name.slice(0, -3))
    .sort();
}

/**
 * @param {string} program inside node_modules
 * @param {string[]} argv
 */
function runTool(program, argv) {
  return runChild(process.execPath, [join(root, 'node_modules', program), ...argv], { cwd: root, output: 'inherit' });
}

/**
 * The long form of the tests that `npm test` runs in part: of the storage engine every step instead of every seventh, and
 * new seeds each time; then real processes under faults for minutes.
 *
 * @param {string[]} argv for vitest, such as a part of a file's name: then only the storage engine
 * @param {Progress} progress
 */
async function soak(argv, progress) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const storage = await runChild(process.execPath, [vitest, 'run', ...argv], {
    cwd: join(root, 'packages/lsm-storage'),
    env: { ...process.env, KV_SOAK: '1' },
    output: 'inherit',
  });
  if (argv.length > 0) return storage;
  await build(['test-e2e', 'node'], progress);
  const faults = await runChild(process.execPath, [join(root, 'test-e2e/dist/cli.js'), 'faults'], {
    cwd: root,
    output: 'inherit',
  });
  return storage || faults;
}

/**
 * Puts every publishable package as a tarball into one folder, from which another project can install them.
 *
 * @param {string[]} _argv
 * @param {Progress} progress
 */
async function packPackages(_argv, progress) {
  const packages = listProjects().filter(({ folder }) => folder.startsWith('packages/'));
  // A file in dist whose source is gone would be published too, so the build starts from nothing.
  for (const { folder } of packages) rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  await build(
    packages.map(({ name }) => name),
    progress,
    ['--skip-nx-cache'],
  );
  const target = join(root, 'dist-packages');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  const npm = process.env['npm_execpath'] || 'npm';
  const command = npm.endsWith('.js') ? [process.execPath, npm] : [npm];
  const workspaces = packages.map(({ folder }) => `--workspace=${folder}`);
  const argv = [...command.slice(1), 'pack', `--pack-destination=${target}`, '--loglevel=error', ...workspaces];
  const code = await runChild(command[0], argv, { cwd: root, output: 'inherit' });
  if (code === 0) console.log(`npm install ${target}/*.tgz`);
  return code;
}
