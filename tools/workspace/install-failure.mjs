/** Finds out of npm's output why an installation failed, and says it in one line with what to do. */

/**
 * @param {string} log npm's whole output
 * @param {readonly string[]} missing which of the compiling tools are not on the path
 * @returns {string}
 */
export function explainInstallFailure(log, missing) {
  if (/gyp ERR!|node-gyp|not found: make/.test(log)) return explainCompilation(missing);
  if (/EUSAGE|in sync/.test(log)) {
    return 'package-lock.json does not fit package.json: bring them together with npm install, and commit both';
  }
  if (/ENOSPC/.test(log)) return 'the disk is full: make room, and try again';
  if (/EACCES|EPERM|EROFS/.test(log)) return 'npm may not write here: check who owns this folder and ~/.npm';
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN/.test(log)) {
    return 'the package registry cannot be reached: check the network, then try again';
  }
  const lines = log.split('\n').filter((line) => /npm (error|ERR!)/.test(line));
  return `npm ci failed: ${(lines[0] || 'it said nothing').replace(/^npm (error|ERR!) ?/, '')}`;
}

/** @param {readonly string[]} missing */
function explainCompilation(missing) {
  const verb = missing.length === 1 ? 'is' : 'are';
  const cause = missing.length === 0 ? '' : `, and ${missing.join(', ')} ${verb} missing`;
  return (
    `better-sqlite3 or zstd-napi had to be compiled and could not be${cause}: install a compiler ` +
    '(Debian and Ubuntu: apt-get install python3 make g++; macOS: xcode-select --install), then try again'
  );
}

/**
 * @param {string} log the output of the attempt to load the compiled packages
 * @returns {string}
 */
export function explainLoadFailure(log) {
  const line = log.split('\n').find((text) => /^\w*Error: /.test(text));
  return (
    `the packages were installed, but a compiled one does not load (${line || 'it said nothing'}): ` +
    'npm must be allowed to run their install scripts (npm config get ignore-scripts)'
  );
}
