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

/** Each runner takes the next bug as soon as it is free; a bug is sought seed by seed, so its count is always the same. */
async function seekBugs(
  args: SimulateArguments,
  runners: readonly TaskRunner[],
  events: CampaignEvents,
): Promise<BugSearch[]> {
  const { keyspaces } = scenarios[args.scenario];
  const sought = plantedBugs.filter(({ within }) => within === undefined || keyspaces.includes(within));
  const names = sought.map(({ name }) => name);
  const waiting = [...names];
  const found = new Map<string, BugSearch>();
  const work = async (runner: TaskRunner): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      found.set(name, await seekBug(args, name, runner, events));
    }
  };
  await Promise.all(runners.map(work));
  return names.map((name) => found.get(name) ?? { name, seeds: null });
}

async function seekBug(
  args: SimulateArguments,
  name: string,
  runner: TaskRunner,
  events: CampaignEvents,
): Promise<BugSearch> {
  for (let tried = 1; tried <= Math.max(bugSeedLimit, args.count); tried += 1) {
    const seed = args.seed + tried - 1;
    const { violations } = await runner.run({ ...taskOf(args, seed), bug: name });
    events.bugRunDone(name, tried);
    const [first] = violations;
    if (first !== undefined) return { name, seeds: tried, seed, check: first.check };
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
