import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { makeTemporaryFolder } from '../../temporary-folder.ts';
import { FakedClock, whyNoFakedClock } from './faked-clock.ts';

/** Says what both clocks show whenever a line comes in. */
const program = `
process.stdin.on('data', () => console.log(JSON.stringify([Date.now(), performance.now()])));
setInterval(() => Date.now(), 100);
`;

it.skipIf(whyNoFakedClock !== undefined)(
  `a clock jumps both ways while its process runs, and only the wall clock ${whyNoFakedClock ?? ''}`.trim(),
  async () => {
    await using folder = await makeTemporaryFolder();
    const clock = new FakedClock(join(folder.path, 'clock'));
    const child = spawn(process.execPath, ['-e', program], {
      env: { ...process.env, ...clock.environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const show = async (): Promise<{ aheadMs: number; monotonicMs: number }> => {
      child.stdin.write('now\n');
      const [wallMs = 0, monotonicMs = 0] = JSON.parse(String((await lines.next()).value)) as number[];
      return { aheadMs: wallMs - Date.now(), monotonicMs };
    };
    const began = { here: performance.now(), there: (await show()).monotonicMs };
    for (const aheadMs of [60_000, -60_000, 0]) {
      clock.set(aheadMs);
      await expect.poll(async () => Math.abs((await show()).aheadMs - aheadMs), { timeout: 5000 }).toBeLessThan(1000);
      const passed = { here: performance.now() - began.here, there: (await show()).monotonicMs - began.there };
      expect(Math.abs(passed.here - passed.there)).toBeLessThan(1000);
    }
    child.stdin.end();
    child.kill();
    await once(child, 'close');
  },
);
