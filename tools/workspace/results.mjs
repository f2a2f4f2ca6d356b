/** Turns what the tools report into one count of passed, failed and skipped; what did not run has not passed. */

/**
 * @typedef {object} Failure
 * @property {string} name
 * @property {string} output what a person needs to see of it; empty when a failure before it shows it too
 */

/**
 * @typedef {object} Results
 * @property {number} passed
 * @property {readonly Failure[]} failures
 * @property {readonly string[]} skipped names
 */

/**
 * One check that passes or fails as a whole.
 *
 * @param {string} name
 * @param {number} code the exit code of the tool
 * @param {string} output
 * @returns {Results}
 */
export function readCheck(name, code, output) {
  return code === 0
    ? { passed: 1, failures: [], skipped: [] }
    : { passed: 0, failures: [{ name, output: lastLines(output) }], skipped: [] };
}

/**
 * Every lint and typecheck target is one check. One that Nx does not report as passed has failed.
 *
 * @param {readonly import('./nx.mjs').Task[]} tasks
 * @param {readonly string[]} expected ids of the targets that must pass
 * @param {number} code Nx's exit code
 * @param {string} output Nx's whole output
 * @returns {Results}
 */
export function readTaskResults(tasks, expected, code, output) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const failures = [...tasks.filter(({ outcome }) => outcome === 'failed')].map((task) => ({
    name: task.id,
    output: lastLines(task.output),
  }));
  const named = new Set(failures.map(({ name }) => name));
  for (const id of expected.filter((id) => byId.get(id)?.outcome !== 'passed' && !named.has(id))) {
    failures.push({ name: id, output: 'it did not run' });
  }
  if (code !== 0 && failures.length === 0) failures.push({ name: 'nx', output: lastLines(output) });
  return { passed: expected.filter((id) => byId.get(id)?.outcome === 'passed').length, failures, skipped: [] };
}

/**
 * @typedef {object} VitestReport what Vitest's json reporter writes, as far as it is read here
 * @property {{ name: string, status: string, assertionResults: { fullName: string, status: string }[] }[]} testResults
 */

/**
 * @param {string} project
 * @param {VitestReport | undefined} report undefined when Vitest wrote none
 * @param {number} code Vitest's exit code
 * @param {string} output Vitest's whole output
 * @returns {Results}
 */
export function readVitestResults(project, report, code, output) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failures = tests
    .filter(({ status }) => status === 'failed')
    .map((test) => ({ name: `${project}: ${test.fullName}`, output: '' }));
  for (const file of files.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )) {
    failures.push({ name: `${project}: ${file.name}`, output: '' });
  }
  // Vitest's own words show the difference and the line, once for all tests that failed alike.
  const [first] = failures;
  if (first !== undefined) failures[0] = { ...first, output: explanation(output) };
  const known = new Set(['passed', 'failed']);
  const skipped = tests.filter(({ status }) => !known.has(status)).map(({ fullName }) => `${project}: ${fullName}`);
  if (failures.length === 0 && (code !== 0 || tests.length === 0)) {
    // No test file, an error outside every test, a crash: there is no failed test to name.
    const name = tests.length === 0 ? `${project}: no test ran` : `${project}: ended with code ${code}`;
    failures.push({ name, output: lastLines(output) });
  }
  return { passed, failures, skipped };
}

/**
 * @param {readonly Results[]} all
 * @param {boolean} skipsFail a skipped test counts as failed: where everything needed is there, nothing may be skipped
 * @returns {Results}
 */
export function sumResults(all, skipsFail) {
  const skipped = all.flatMap((results) => results.skipped);
  const failures = all.flatMap((results) => results.failures);
  const passed = all.reduce((sum, results) => sum + results.passed, 0);
  if (!skipsFail) return { passed, failures, skipped };
  return {
    passed,
    failures: [...failures, ...skipped.map((name) => ({ name, output: 'it was skipped' }))],
    skipped: [],
  };
}

/**
 * @param {Results} results
 * @returns {string} `12 passed, 0 failed`, and `, 1 skipped` when something was
 */
export function describeCount({ passed, failures, skipped }) {
  const counted = `${passed} passed, ${failures.length} failed`;
  return skipped.length === 0 ? counted : `${counted}, ${skipped.length} skipped`;
}

/** @param {string} output Vitest's whole output */
function explanation(output) {
  const from = output.search(/^.*⎯ Failed (Tests|Suites) /m);
  const to = output.search(/^ *Test Files /m);
  return from < 0 || to < from ? lastLines(output) : output.slice(from, to).trim();
}

/** @param {string} output */
function lastLines(output) {
  return output.trim().split('\n').slice(-60).join('\n');
}
