/** The suite that `abstract-level` publishes for its implementations, whole, on the database and on a sublevel of it. */

import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import suite from 'abstract-level/test/index.js';
import tape from 'tape';
import type { TapeRow } from 'tape';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../node/testing/temporary-directory.ts';
import { LsmLevel } from './lsm-level.ts';

/** In memory where there is such a place: it opens a thousand databases, and asks nothing of the disk. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What abstract-level 3.1.1 comes to: fewer would mean that the manifest claims less, so that parts were left out. */
const TESTS = 1509;
const LEAST_ASSERTIONS = 5168;

function describeFailure({ name = '', operator, expected, actual, error }: TapeRow, test: string): string {
  const compared = operator === 'fail' ? '' : `\n  expected ${inspect(expected)}\n  actual ${inspect(actual)}`;
  return `${test}: ${name}${compared}\n${error?.stack ?? ''}`;
}

it('passes the suite of abstract-level', { timeout: 300_000 }, async () => {
  await using directory = await temporaryDirectory(PARENT);
  const harness = tape.createHarness();
  const rows = harness.createStream({ objectMode: true });
  suite({
    test: harness,
    factory: (options) => new LsmLevel(mkdtempSync(join(directory.path, 'db-')), options),
  });
  const tests = new Map<number | undefined, string>();
  const failures: string[] = [];
  let assertions = 0;
  rows.on('data', (row: TapeRow) => {
    if (row.type === 'test') tests.set(row.id, row.name ?? '');
    if (row.type !== 'assert') return;
    assertions++;
    if (row.ok !== true) failures.push(describeFailure(row, tests.get(row.test) ?? ''));
  });
  await once(rows, 'end');
  expect(failures.join('\n\n')).toBe('');
  expect(tests.size).toBeGreaterThanOrEqual(TESTS);
  expect(assertions).toBeGreaterThanOrEqual(LEAST_ASSERTIONS);
});
