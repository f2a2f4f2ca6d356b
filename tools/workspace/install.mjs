/**
 * Installs the packages when, and only when, what is installed does not belong to this lock file, this Node and this
 * platform. A stamp inside node_modules says what it belongs to; `npm ci` removes it with the rest, so an installation
 * that was interrupted or made by hand has none and is made again.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { runChild } from './children.mjs';
import { explainInstallFailure, explainLoadFailure } from './install-failure.mjs';
import { root, scratch } from './places.mjs';
import { Refusal } from './refusal.mjs';

/**
 * @typedef {object} Surroundings
 * @property {string | Buffer} lockFile the content of package-lock.json
 * @property {string} abi the binary interface of this Node: compiled packages work with one only
 * @property {string} platform
 * @property {string} arch
 */

/**
 * What an installation belongs to.
 *
 * @param {Surroundings} surroundings
 * @returns {string}
 */
export function stampOf({ lockFile, abi, platform, arch }) {
  return createHash('sha256').update(`${abi}\n${platform}\n${arch}\n`).update(lockFile).digest('hex');
}

/**
 * @param {string} at the root of the workspace
 * @returns {boolean} whether node_modules there belongs to what it is used with
 */
export function isInstalled(at) {
  const stampFile = join(at, 'node_modules', stampName);
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === currentStamp(at);
}

const stampName = '.install-stamp';
const logName = 'npm-install.log';

/**
 * @param {import('./progress.mjs').Progress} progress
 * @returns {Promise<void>}
 */
export async function install(progress) {
  if (isInstalled(root)) return;
  await progress.during(`installing packages (log: ${logName})`, installOnce, () => 'packages installed');
}

async function installOnce() {
  const release = await takeLock();
  try {
    // Another command may have installed while this one waited for the lock.
    if (!isInstalled(root)) await installNow();
  } finally {
    release();
  }
}

/** @param {string} at */
function currentStamp(at) {
  const lockFile = readFileSync(join(at, 'package-lock.json'));
  return stampOf({ lockFile, abi: process.versions.modules, platform: process.platform, arch: process.arch });
}

async function installNow() {
  const logFile = join(root, logName);
  const output = openSync(logFile, 'w');
  const stamp = currentStamp(root);
  try {
    const [command, ...argv] = npmCommand();
    const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=notice', '--foreground-scripts'];
    const code = await runChild(command, [...argv, ...options], { cwd: root, output });
    if (code !== 0) {
      const missing = ['python3', 'make', 'c++'].filter((tool) => !isOnPath(tool));
      throw new Refusal(`${explainInstallFailure(readFileSync(logFile, 'utf8'), missing)} (whole output: ${logFile})`);
    }
    await requireLoadable(output, logFile);
  } finally {
    closeSync(output);
  }
  writeFileSync(join(root, 'node_modules', stampName), stamp);
}

/** The npm that runs this script, if one does; else the one on the path. */
function npmCommand() {
  const running = process.env['npm_execpath'];
  return running !== undefined && running.endsWith('.js') ? [process.execPath, running] : ['npm'];
}

/**
 * Packages with a compiled part are only proven to be installed by loading them: npm can be told to skip their scripts.
 *
 * @param {number} output
 * @param {string} logFile
 */
async function requireLoadable(output, logFile) {
  const script = `new (require('better-sqlite3'))(':memory:').close(); require('zstd-napi').compress(Buffer.from('a'))`;
  const code = await runChild(process.execPath, ['-e', script], { cwd: root, output });
  if (code !== 0) throw new Refusal(`${explainLoadFailure(readFileSync(logFile, 'utf8'))} (whole output: ${logFile})`);
}

/** @param {string} tool */
function isOnPath(tool) {
  return (process.env['PATH'] || '').split(delimiter).some((folder) => existsSync(join(folder, tool)));
}

/**
 * One installation at a time, also between commands that were started side by side on a fresh clone. The lock is a
 * folder, whose creation is atomic; a process renews it while it lives, so that one left by a killed process is found.
 *
 * @returns {Promise<() => void>}
 */
async function takeLock() {
  const path = join(scratch, 'install.lock');
  mkdirSync(scratch, { recursive: true });
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    if (Date.now() - lastRenewal(path) > abandonedMs) rmSync(path, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const renewal = setInterval(() => utimesSync(path, new Date(), new Date()), 1_000);
  renewal.unref();
  return () => {
    clearInterval(renewal);
    rmSync(path, { recursive: true, force: true });
  };
}

const abandonedMs = 10_000;

/** @param {string} path */
function lastRenewal(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    // It was released in between: it is free, not abandoned.
    return Date.now();
  }
}
