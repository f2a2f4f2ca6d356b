/**
 * A real process whose calls to the disk fail: EIO, ENOSPC and short writes at any of them, drawn from a seed. The calls
 * are those of the C library, so that SQLite and the threads of jobs meet the faults too.
 *
 * They are injected by a library of our own (`testdata/faulty-disk.c`), which is compiled here. libfiu would do much of
 * it, but not a write that is cut in half, a kill at the n-th call, a fault for the files of one directory only, or a count
 * of what was struck, without which a fault that never comes is a test that cannot fail.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { soak } from '../testing/soak.ts';
import { runScript } from './testing/child-process.ts';
import { FAULTS } from './testing/faults.ts';
import type { FaultReport } from './testing/faults.ts';
import { faultyEnvironment, whyNoFaultyDisk, writeEmptyPlan } from './testing/faulty-disk.ts';
import type { DiskCall } from './testing/faulty-disk.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'testing/faulty-process.ts');
const ROUNDS = soak.times(FAULTS.length);
/** The calls that all depends on; others are struck when they come. */
const CERTAIN: readonly DiskCall[] = [
  'open64',
  'write',
  'pwrite64',
  'pwritev64',
  'fdatasync',
  'fsync',
  'rename',
  'link',
  'unlink',
  'pread64',
];
const why = whyNoFaultyDisk();

describe.skipIf(why !== undefined)(`a store on a disk that fails ${why ?? ''}`.trim(), () => {
  it('keeps what it acknowledged, says what it could not do, and goes on', { timeout: soak.timeout }, async () => {
    const seed = soak.drawn.seed ?? Math.floor(Math.random() * 2 ** 31);
    await using directory = await temporaryDirectory();
    const [root, plan] = [join(directory.path, 'root'), join(directory.path, 'plan')];
    await mkdir(root);
    writeEmptyPlan(plan);
    const environment = faultyEnvironment(directory.path, root, plan);
    const outcome = await runScript(SCRIPT, [root, seed, ROUNDS], { environment, timeout: soak.timeout });
    expect([outcome.code, outcome.lines.length], `seed ${seed}`).toEqual([0, ROUNDS]);

    const reports = outcome.lines.map((line) => JSON.parse(line) as FaultReport);
    const struck = reports.filter((report) => report.struck.length > 0);
    const calls = new Set(struck.flatMap((report) => report.struck));
    expect(struck.length).toBeGreaterThan(ROUNDS / 2);
    for (const call of CERTAIN) expect(calls).toContain(call);
    expect(new Set(struck.map((report) => report.outcome)).size).toBe(5);
    for (const { fault, outcome: became } of struck) {
      if (fault === 'a sync of the log fails') expect(became).toBe('poisoned');
      if (/short/.test(fault)) expect(became).toBe('unharmed');
    }
  });
});
