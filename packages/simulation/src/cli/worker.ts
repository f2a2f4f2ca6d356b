/** A worker process: runs one seed after the other, as it is told. */
import type { Violation } from '../history.ts';
import { plantedBug } from '../planted-bugs/all-planted-bugs.ts';
import { runSeed } from '../run-seed.ts';
import type { SeedTask, WorkerMessage } from './worker-messages.ts';

/** Rejections that nobody handled, in the code under test too: in production each would end the process. */
const unhandled: Violation[] = [];

process.on('unhandledRejection', (reason) => {
  const message = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  unhandled.push({ check: 'unhandled-rejection', operations: [], message });
});
process.on('disconnect', () => process.exit(0));
process.on('message', (task: SeedTask) => {
  void run(task);
});

async function run({ scenario, seed, without, bug }: SeedTask): Promise<void> {
  unhandled.length = 0;
  const planted = bug === undefined ? undefined : plantedBug(bug);
  const result = await runSeed({
    scenario,
    seed,
    without: new Set(without),
    ...(planted !== undefined && { bug: planted }),
  });
  const message: WorkerMessage = {
    type: 'result',
    result: { ...result, violations: [...result.violations, ...unhandled] },
  };
  process.send?.(message);
}
