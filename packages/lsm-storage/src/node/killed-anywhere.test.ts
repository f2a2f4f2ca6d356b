/**
 * Processes that end at a call to the disk, drawn from all that they make: opening, recovery, log, flush, compaction,
 * manifest. Half of what that call was to write is written. The store goes from one process to the next, so that what
 * one leaves is what the next one recovers from, and may die over.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/index.ts';
import { inlineJobs } from '../core/index.ts';
import { soak } from '../testing/soak.ts';
import { contentsOf } from '../testing/store.ts';
import { openStorage } from './open-storage.ts';
import { runScript } from './testing/child-process.ts';
import { CHANGES, FaultyDisk, faultyEnvironment, whyNoFaultyDisk, writeEmptyPlan } from './testing/faulty-disk.ts';
import { contentsAfter, lastNumberIn } from './testing/seeded-writes.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'testing/mortal-process.ts');
const KILLS = soak.times(3);
/** Writes of a process that lives. */
const WRITES = 60;
const NO_END = 1_000_000;
/** Writes that may be under way when a process dies. */
const IN_FLIGHT = 4;
const why = whyNoFaultyDisk();

describe.skipIf(why !== undefined)(`a process killed at any call ${why ?? ''}`.trim(), () => {
  it('leaves a prefix of its writes with all that were acknowledged', { timeout: soak.timeout }, async () => {
    const seed = soak.drawn.seed ?? Math.floor(Math.random() * 2 ** 31);
    const random = seededRandom(seed);
    await using directory = await temporaryDirectory();
    const root = join(directory.path, 'root');
    await mkdir(root);
    const [store, plan] = [join(root, 'store'), join(directory.path, 'plan')];
    writeEmptyPlan(plan);
    const environment = faultyEnvironment(directory.path, root, plan);
    const disk = new FaultyDisk(plan);
    const run = (first: number, last: number, where: string) => {
      return runScript(SCRIPT, [store, seed, first, last, where], { environment, timeout: 60_000 });
    };

    disk.arm({ calls: CHANGES, action: 'pass', from: 1, count: 0 });
    expect((await run(0, WRITES - 1, 'here')).code).toBe(0);
    const calls = disk.seen;
    let held = await expectPrefix(store, seed, WRITES - 1, WRITES - 1);
    for (let kill = 0; kill < KILLS; kill++) {
      const from = 1 + Math.floor(random() * calls);
      const label = `seed ${seed}, kill ${kill} at call ${from}`;
      disk.arm({ calls: CHANGES, action: 'kill', from, count: 1 });
      const { signal, lines } = await run(held + 1, NO_END, kill % 2 === 0 ? 'here' : 'threads');
      expect([signal, disk.struck], label).toEqual(['SIGKILL', 1]);
      const acknowledged = Number(lines.at(-1) ?? held);
      held = await expectPrefix(store, seed, acknowledged, acknowledged + IN_FLIGHT, label);
    }
    disk.close();
  });
});

/** The number of the last write that the store holds, which holds those before it too, and no other. */
async function expectPrefix(store: string, seed: number, least: number, most: number, label = ''): Promise<number> {
  const engine = await openStorage(store, { jobs: inlineJobs });
  const contents = contentsOf(engine);
  const last = lastNumberIn(contents);
  expect(last, label).toBeGreaterThanOrEqual(least);
  expect(last, label).toBeLessThanOrEqual(most);
  expect(contents, label).toEqual(contentsAfter(seed, last));
  expect((await engine.verify()).damage, label).toEqual([]);
  await engine.close();
  return last;
}
