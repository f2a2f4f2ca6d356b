/**
 * Finds out which faults a failing seed needs: leaves out one kind after the other, and keeps it out as long as a promise
 * is still broken without it.
 */
import type { PlannedKind } from '../scenario/fault-plan.ts';
import type { SeedResult } from '../run-seed.ts';
import type { TaskRunner } from './campaign.ts';
import type { SeedTask } from './worker-messages.ts';

/** Returns the kinds that may be left out together. At most one run for each kind that the seed has. */
export async function reduceFaults(
  task: SeedTask,
  { plan }: Pick<SeedResult, 'plan'>,
  runner: TaskRunner,
): Promise<PlannedKind[]> {
  const without: PlannedKind[] = [];
  for (const kind of new Set(plan.map((episode) => episode.kind))) {
    const { violations } = await runner.run({ ...task, without: [...task.without, ...without, kind] });
    if (violations.length > 0) without.push(kind);
  }
  return without;
}
