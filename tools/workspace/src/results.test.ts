import { describe, expect, it } from 'vitest';
import { readTasks } from '../nx.mjs';
import { describeCount, readCheck, readTaskResults, readVitestResults, sumResults } from '../results.mjs';

/** Shortened from Nx 23. */
const nxReport = `
 NX   Running targets lint, typecheck for 3 projects and 3 tasks they depend on:

- quorum
- wire
- gossip


✔  nx run gossip:build  [local cache]
✔  nx run gossip:lint  [existing outputs match the cache, left as is]
✔  nx run gossip:typecheck

> nx run quorum:build

> tsc --build tsconfig.lib.json

src/index.ts:21:14 - error TS2322: Type 'string' is not assignable to type 'number'.

Warning: command "tsc --build tsconfig.lib.json" exited with non-zero status code
> nx run quorum:lint

> eslint .

  21:50  error  Unexpected use of 'Date'
✔  nx run wire:lint



 NX   Running targets lint, typecheck for 3 projects and 3 tasks they depend on failed

Tasks not run because their dependencies failed or --nx-bail=true:

- quorum:typecheck
- wire:typecheck
- wire:build

Failed tasks:

- quorum:build
- quorum:lint

Output of 4 successful tasks were not shown. Run with --verbose or --output-style=static to see it.
`;

const targets = ['gossip', 'quorum', 'wire'].flatMap((name) => [`${name}:lint`, `${name}:typecheck`]);

describe('the report of Nx', () => {
  it('tells passed, failed and not run tasks apart, and what the failed ones said', () => {
    const tasks = readTasks(nxReport);
    expect(tasks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'gossip:build passed',
      'gossip:lint passed',
      'gossip:typecheck passed',
      'wire:lint passed',
      'quorum:typecheck not run',
      'wire:typecheck not run',
      'wire:build not run',
      'quorum:build failed',
      'quorum:lint failed',
    ]);
    const lint = tasks.find(({ id }) => id === 'quorum:lint');
    expect(lint?.output).toContain("Unexpected use of 'Date'");
    expect(lint?.output).not.toContain('wire:lint');
    expect(tasks.find(({ id }) => id === 'quorum:build')?.output).toContain('TS2322');
  });

  it('counts each lint and typecheck target once, from the cache too, and what did not run as failed', () => {
    const results = readTaskResults(readTasks(nxReport), targets, 1, nxReport);
    expect(results.passed).toBe(3);
    expect(results.failures.map(({ name }) => name)).toEqual([
      'quorum:build',
      'quorum:lint',
      'quorum:typecheck',
      'wire:typecheck',
    ]);
  });

  it('of a whole success has no failure', () => {
    const report = targets.map((id) => `✔  nx run ${id}`).join('\n');
    const results = readTaskResults(readTasks(report), targets, 0, report);
    expect(results).toEqual({ passed: 6, failures: [], skipped: [] });
  });

  it('that makes no sense fails everything expected, whatever the exit code', () => {
    expect(readTaskResults(readTasks('hello'), targets, 0, 'hello').failures).toHaveLength(6);
    const results = readTaskResults(
      readTasks(targets.map((id) => `✔  nx run ${id}`).join('\n')),
      targets,
      130,
      'killed',
    );
    expect(results.failures).toEqual([{ name: 'nx', output: 'killed' }]);
  });
});

interface VitestFile {
  name: string;
  status: string;
  assertionResults: { fullName: string; status: string }[];
}

function vitestFile(statuses: readonly string[]): VitestFile {
  const assertionResults = statuses.map((status, index) => ({ fullName: `test ${index}`, status }));
  return { name: '/w/a.test.ts', status: statuses.includes('failed') ? 'failed' : 'passed', assertionResults };
}

/** Shortened from Vitest 4. */
const vitestOutput = `
 ❯ src/a.test.ts (3 tests | 1 failed) 12ms

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/a.test.ts > test 1
AssertionError: expected 1 to be 2
⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/1]⎯

 Test Files  1 failed (1)
      Tests  1 failed (3)
`;

describe('the report of Vitest', () => {
  it('is counted test by test', () => {
    const report = {
      testResults: [vitestFile(['passed', 'failed', 'skipped']), vitestFile(['passed', 'todo', 'pending'])],
    };
    const results = readVitestResults('quorum', report, 1, vitestOutput);
    expect(results).toMatchObject({
      passed: 2,
      failures: [{ name: 'quorum: test 1' }],
      skipped: ['quorum: test 2', 'quorum: test 1', 'quorum: test 2'],
    });
  });

  it('shows what Vitest said about the failures, once', () => {
    const { failures } = readVitestResults('q', { testResults: [vitestFile(['failed', 'failed'])] }, 1, vitestOutput);
    expect(failures.map(({ name }) => name)).toEqual(['q: test 0', 'q: test 1']);
    expect(failures[0]?.output).toMatch(/^⎯+ Failed Tests 1 [^]*expected 1 to be 2[^]*\[1\/1\]⎯$/);
    expect(failures[1]?.output).toBe('');
  });

  it('names a file that could not be loaded as one failure', () => {
    const broken = { ...vitestFile([]), status: 'failed' };
    const report = { testResults: [broken, vitestFile(['passed'])] };
    const results = readVitestResults('quorum', report, 1, 'Cannot find module');
    expect(results).toEqual({
      passed: 1,
      failures: [{ name: 'quorum: /w/a.test.ts', output: 'Cannot find module' }],
      skipped: [],
    });
  });

  it.each([
    ['no report', undefined, 1],
    ['no test file', { testResults: [] }, 1],
    ['no test in any file, though Vitest is content', { testResults: [vitestFile([])] }, 0],
  ])('is a failure when there is %s', (_what, report, code) => {
    const { passed, failures } = readVitestResults('quorum', report, code, 'No test files found');
    expect(passed).toBe(0);
    expect(failures).toEqual([{ name: 'quorum: no test ran', output: 'No test files found' }]);
  });

  it('is a failure when every test passed but Vitest did not, as after an error outside every test', () => {
    const results = readVitestResults('quorum', { testResults: [vitestFile(['passed'])] }, 1, 'Unhandled Rejection');
    expect(results.failures).toEqual([{ name: 'quorum: ended with code 1', output: 'Unhandled Rejection' }]);
  });
});

describe('the count', () => {
  const some = { passed: 3, failures: [{ name: 'a', output: '' }], skipped: ['b'] };

  it('adds up, and names skipped tests only when there are any', () => {
    const total = sumResults([some, readCheck('format', 0, ''), readCheck('references', 1, 'out of sync')], false);
    expect(describeCount(total)).toBe('4 passed, 2 failed, 1 skipped');
    expect(describeCount(readCheck('format', 0, ''))).toBe('1 passed, 0 failed');
  });

  it('has no skipped tests where nothing may be skipped: they have failed', () => {
    const total = sumResults([some], true);
    expect(describeCount(total)).toBe('3 passed, 2 failed');
    expect(total.failures.at(-1)).toEqual({ name: 'b', output: 'it was skipped' });
  });
});
