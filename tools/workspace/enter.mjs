/** How every npm script begins: the version check, then the command, then one line for whatever it refuses. */
import { readFileSync } from 'fs';
import { describeOldNode } from './node-version.mjs';

/**
 * @param {() => Promise<{ main(argv: string[]): Promise<number | undefined> }>} load imports the command; it may use
 *   any syntax that the required Node knows. `main` answers the exit code, or undefined to leave it to others.
 * @returns {Promise<void>}
 */
export async function enter(load) {
  const root = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const problem = describeOldNode(process.versions.node, root.engines.node);
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
    return;
  }
  try {
    const code = await (await load()).main(process.argv.slice(2));
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    const { exitCode, message } = /** @type {{ exitCode?: unknown, message?: string }} */ (error);
    if (typeof exitCode !== 'number') throw error;
    console.error(message);
    process.exitCode = exitCode;
  }
}
