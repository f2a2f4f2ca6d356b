import { describe, expect, it } from 'vitest';
import { plantedBugs } from '../planted-bugs/all-planted-bugs.ts';
import { isClean, makeReport, type Report } from '../report.ts';
import type { SeedResult } from '../run-seed.ts';
import { drawFaultPlan, type FaultEpisode } from '../scenario/fault-plan.ts';
import { drawOptions } from '../scenario/options.ts';
import { FaultLog, type FaultKind } from '../world/fault-log.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import type { SimulateArguments } from './arguments.ts';
import { bugSeedLimit, runCampaign, type TaskRunner } from './campaign.ts';
import { describeFault } from './describe-fault.ts';
import { printReport } from './print-report.ts';
import type { SeedTask } from './worker-messages.ts';

const args: SimulateArguments = {
  scenario: 'mixed',
  seed: 10,
  count: 4,
  json: true,
  jobs: 2,
  without: [],
  bug: undefined,
  trace: undefined,
};
const silent = { seedDone: () => undefined, bugRunDone: () => undefined };
const violation = { check: 'no-lost-write', key: 'key-1', operations: ['c-1'], message: 'gone' };

function resultOf({ seed }: SeedTask, change: Partial<SeedResult> = {}, fired: FaultKind[] = []): SeedResult {
  const log = new FaultLog(() => 1);
  for (const kind of fired) log.fired(kind);
  return {
    scenario: 'mixed',
    seed,
    hash: `hash-${seed}`,
    violations: [],
    faults: log.counts(),
    counts: { operations: 300, succeeded: 290, begunDuringFaults: 100, succeededDuringFaults: 90 },
    events: 10,
    virtualMs: 60_000,
    options: drawOptions(new SeededRandom(seed), 'mixed'),
    plan: [],
    ...change,
  };
}

/** Two runners that note their tasks and answer by `result`. */
function runners(result: (task: SeedTask, runner: number) => SeedResult): { list: TaskRunner[]; tasks: SeedTask[][] } {
  const tasks: SeedTask[][] = [[], []];
  const list = tasks.map((noted, runner) => ({
    run: async (task: SeedTask) => {
      noted.push(task);
      return result(task, runner);
    },
  }));
  return { list, tasks };
}

const bugsFoundAt = (seed: number) => (task: SeedTask) =>
  resultOf(task, { violations: task.bug !== undefined && task.seed >= seed ? [violation] : [] });

describe('runCampaign', () => {
  it('runs every seed once in each of two processes', async () => {
    const { list, tasks } = runners(bugsFoundAt(10));
    await runCampaign(args, list, silent);
    for (const noted of tasks) {
      expect(noted.filter(({ bug }) => bug === undefined).map(({ seed }) => seed)).toEqual([10, 11, 12, 13]);
    }
  });

  it('names the seeds whose two runs were not the same', async () => {
    const uneven = (task: SeedTask, runner: number) =>
      resultOf(task, { hash: task.seed === 12 ? `of runner ${runner}` : 'same', ...bugsFound(task) });
    const bugsFound = ({ bug }: SeedTask) => (bug === undefined ? {} : { violations: [violation] });
    const report = makeReport(await runCampaign(args, runners(uneven).list, silent));
    expect(report).toMatchObject({ hashMismatches: 1, mismatches: [12] });
    expect(isClean(report)).toBe(false);
  });

  it('seeks each planted bug seed by seed and counts what it needed', async () => {
    const { bugs } = await runCampaign(args, runners(bugsFoundAt(15)).list, silent);
    expect(bugs.map(({ name }) => name)).toEqual(plantedBugs.map(({ name }) => name));
    for (const bug of bugs) expect(bug).toMatchObject({ seeds: 6, seed: 15, check: 'no-lost-write' });
  });

  it('gives up on a bug after the limit, and the campaign is not clean then', async () => {
    const { list, tasks } = runners((task) =>
      resultOf(task, { violations: task.bug !== undefined && task.bug !== 'counts-ack-twice' ? [violation] : [] }),
    );
    const report = makeReport(await runCampaign(args, list, silent));
    expect(tasks.flat().filter(({ bug }) => bug === 'counts-ack-twice')).toHaveLength(bugSeedLimit);
    expect(report.plantedBugs).toMatchObject({
      planted: plantedBugs.length,
      found: plantedBugs.length - 1,
      medianSeeds: 1,
    });
    expect(isClean(report)).toBe(false);
  });

  it('seeks nothing when a single seed is replayed, or a bug is planted by hand', async () => {
    expect((await runCampaign({ ...args, count: 1 }, runners(bugsFoundAt(1)).list, silent)).bugs).toEqual([]);
    expect((await runCampaign({ ...args, bug: 'ignores-stamps' }, runners(bugsFoundAt(1)).list, silent)).bugs).toEqual(
      [],
    );
  });

  it('finds out which faults a failing seed needs', async () => {
    const plan = drawFaultPlan(new SeededRandom(4), {
      nodes: ['a', 'b', 'c'],
      clients: [],
      durationMs: 1000,
      casualty: 'a',
    });
    const kinds = new Set(plan.map(({ kind }) => kind));
    expect(kinds.size).toBeGreaterThan(3);
    const needed = [...kinds].slice(1, 3);
    const fails = ({ seed, without, bug }: SeedTask) =>
      bug !== undefined || (seed === 12 && needed.every((kind) => !without.includes(kind)));
    const { list } = runners((task) => resultOf(task, { plan, violations: fails(task) ? [violation] : [] }));
    const { reductions } = await runCampaign(args, list, silent);
    expect([...reductions.keys()]).toEqual([12]);
    expect(new Set(reductions.get(12))).toEqual(new Set([...kinds].filter((kind) => !needed.includes(kind))));
  });

  it('needs two processes', async () => {
    await expect(runCampaign(args, runners(bugsFoundAt(1)).list.slice(1), silent)).rejects.toThrow('two runners');
  });
});

describe('the report', () => {
  const others = ['node-1', 'node-3', 'client-1', 'client-2', 'client-3'];
  const cut: FaultEpisode = {
    kind: 'one-way-cut',
    at: 10.5,
    until: 99.9,
    strikeAfterMs: 1,
    pairs: others.map((to) => ['node-2', to]),
  };
  const results = [
    resultOf({ scenario: 'mixed', seed: 1, without: [] }, {}, ['loss', 'loss', 'crash']),
    resultOf({ scenario: 'mixed', seed: 2, without: [] }, { violations: [violation, violation], plan: [cut] }, [
      'loss',
    ]),
  ];
  const report: Report = makeReport({
    scenario: 'mixed',
    without: [],
    results,
    mismatches: [],
    reductions: new Map([[2, ['loss', 'pause']]]),
    bugs: [],
  });

  it('adds up faults, operations and virtual time', () => {
    expect(report.faults.loss).toEqual({ fired: 3, seeds: 2 });
    expect(report.faults.crash).toEqual({ fired: 1, seeds: 1 });
    expect(report.faults.pause).toEqual({ fired: 0, seeds: 0 });
    expect(report).toMatchObject({ operations: 600, succeeded: 580, virtualHours: 0.03, violations: 2, seeds: 2 });
    expect(report.duringFaults).toEqual({ begun: 200, succeeded: 180 });
  });

  it('tells people what broke, in which seed, with which options, and how to see it again', () => {
    const lines: string[] = [];
    printReport(report, (line) => lines.push(line));
    const text = lines.join('\n');
    expect(text).toContain('seed 2 of mixed broke 2 promises');
    expect(text).toContain('no-lost-write of key-1: gone');
    expect(text).toContain('replay with: npm run simulate -- --scenario mixed --seed 2 --count 1\n');
    expect(text).toContain('npm run simulate -- --scenario mixed --seed 2 --count 1 --without loss,pause');
    expect(text).toContain('"replicas":');
    expect(text).toContain(`  fault   ${describeFault(cut)}\n`);
    expect(report.failures[0]?.plan).toEqual([cut]);
    expect(text).not.toContain('seed 1 of mixed');
    expect(isClean(report)).toBe(false);
  });
});
