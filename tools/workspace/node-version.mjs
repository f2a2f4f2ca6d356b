/**
 * Whether this Node can run the workspace. This file, enter.mjs and the entry scripts beside them must parse and link
 * on Node 14, so that an old Node is answered with a sentence instead of a SyntaxError; nothing newer is imported
 * before the check.
 */

/**
 * @param {string} version the running Node's, as in `process.versions.node`: `20.19.0`
 * @param {string} range the lowest that is needed, as in package.json's engines: `>=20.19`
 * @returns {string | undefined} one line that says what is wrong and what to do
 */
export function describeOldNode(version, range) {
  const lowest = range.replace('>=', '');
  if (compareVersions(version, lowest) >= 0) return undefined;
  const sentence = `Node ${version} is too old: this needs Node ${lowest} or newer.`;
  return `${sentence} Install one from https://nodejs.org and try again.`;
}

/**
 * @param {string} left
 * @param {string} right
 * @returns {number} below 0, 0 or above 0; a missing part counts as 0
 */
function compareVersions(left, right) {
  const a = left.split('.').map(Number);
  const b = right.split('.').map(Number);
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] || 0) - (b[index] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
