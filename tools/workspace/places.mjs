/** Where things are in this workspace, and what its projects are called. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Logs and locks of the scripts; ignored by git. */
export const scratch = join(root, '.nx');

/**
 * @typedef {object} Project
 * @property {string} name as Nx calls it
 * @property {string} folder relative to the root: `packages/quorum`
 */

/**
 * Every project of the workspace, in the order of package.json's `workspaces`.
 *
 * @param {string} [at] the root of the workspace
 * @returns {Project[]}
 */
export function listProjects(at = root) {
  /** @type {string[]} */
  const patterns = readJson(join(at, 'package.json')).workspaces;
  return patterns
    .flatMap((pattern) => (pattern.endsWith('/*') ? listFolders(at, pattern.slice(0, -2)) : [pattern]))
    .filter((folder) => existsSync(join(at, folder, 'package.json')))
    .map((folder) => ({ name: readJson(join(at, folder, 'package.json')).nx.name, folder }));
}

/**
 * @param {string} path
 * @returns {any}
 */
export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * @param {string} at
 * @param {string} parent
 */
function listFolders(at, parent) {
  return readdirSync(join(at, parent))
    .sort()
    .map((name) => `${parent}/${name}`);
}
