/** Runs every seed twice, in two processes, and then seeks the planted bugs with the same seeds. */
import { plantedBugs } from '../planted-bugs/all-planted-bugs.ts';
import type { BugSearch, CampaignResults } from '../report.ts';
import type { SeedResult } from '../run-seed.ts';
import type { PlannedKind } from '../scenario/fault-plan.ts';
import { scenarios } from '../scenario/scenarios.ts';
import type { SimulateArguments } from './arguments.ts';
import { reduceFaults } from './reduce.ts';
import type { SeedTask } from './worker-messages.ts';

/** A bug that was not found within so many seeds, or all of the campaign's if those are more, is not found. */
export const bugSeedLimit = 200;

/** Failing seeds of which it is found out which faults they need. */
const reducedSeeds = 3;

/** Runs tasks in a process of its own, one after the other. */
export interface TaskRunner {
  run(task: SeedTask): Promise<SeedResult>;
}

export interface CampaignEvents {
  /** One seed was run twice. */
  seedDone(result: SeedResult, mismatch: boolean): void;
  /** One run with a planted bug has ended. */
  bugRunDone(name: string, seedsSoFar: number): void;
}

/** @param runners at least two */
export async function runCampaign(
  args: SimulateArguments,
  runners: readonly TaskRunner[],
  events: CampaignEvents,
): Promise<CampaignResults> {
  const { scenario } = args;
  const results: SeedResult[] = [];
  const mismatches: number[] = [];
  const seeds = Array.from({ length: args.count }, (_, index) => args.seed + index);
  await Promise.all(
    seeds.map(async (seed, index) => {
      const [result, again] = await Promise.all(
        [0, 1].map((turn) => runnerAt(runners, index + turn).run(taskOf(args, seed))),
      );
      if (result === undefined || again === undefined) throw new TypeError('a seed is run twice');
      const mismatch = result.hash !== again.hash;
      if (mismatch) mismatches.push(seed);
      results.push(result);
      events.seedDone(result, mismatch);
    }),
  );
  results.sort((a, b) => a.seed - b.seed);
  mismatches.sort((a, b) => a - b);
  const reductions = await reduceFailures(args, results, runnerAt(runners, 0));
  const bugs = args.count === 1 || args.bug !== undefined ? [] : await seekBugs(args, runners, events);
  return { scenario, without: args.without, bug: args.bug, results, mismatches, reductions, bugs };
}

async function reduceFailures(
  args: SimulateArguments,
  results: readonly SeedResult[],
  runner: TaskRunner,
): Promise<Map<number, PlannedKind[]>> {
  const reductions = new Map<number, PlannedKind[]>();
  for (const result of results.filter(({ violations }) => violations.length > 0).slice(0, reducedSeeds)) {
    reductions.set(result.seed, await reduceFaults(taskOf(args, result.seed), result, runner));
  }
  return reductions;
}

async function seekBugs(
  args: SimulateArguments,
  runners: readonly TaskRunner[],
  events: CampaignEvents,
): Promise<BugSearch[]> {
  const { keyspaces } = scenarios[args.scenario];
  const sought = plantedBugs.filter(({ within }) => within === undefined || keyspaces.includes(within));
  const found: BugSearch[] = [];
  for (const { name } of sought) found.push(await seekBug(args, name, runners, events));
  return found;
}

/** All runners seek the same bug, each in a seed of its own: one that is rare would keep the others waiting. */
async function seekBug(
  args: SimulateArguments,
  name: string,
  runners: readonly TaskRunner[],
  events: CampaignEvents,
): Promise<BugSearch> {
  const limit = Math.max(bugSeedLimit, args.count);
  for (let tried = 0; tried < limit; tried += runners.length) {
    const tasks = runners.map((_, index) => ({ ...taskOf(args, args.seed + tried + index), bug: name }));
    const results = await Promise.all(tasks.map((task, index) => runnerAt(runners, index).run(task)));
    events.bugRunDone(name, tried + results.length);
    for (const [index, { seed, violations }] of results.entries()) {
      const [first] = violations;
      if (first !== undefined) return { name, seeds: tried + index + 1, seed, check: first.check };
    }
  }
  return { name, seeds: null };
}

function taskOf({ scenario, without, bug }: SimulateArguments, seed: number): SeedTask {
  return { scenario, seed, without, ...(bug !== undefined && { bug }) };
}

function runnerAt(runners: readonly TaskRunner[], index: number): TaskRunner {
  const runner = runners[index % runners.length];
  if (runner === undefined || runners.length < 2) throw new TypeError('a campaign needs two runners');
  return runner;
}
