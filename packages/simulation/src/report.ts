/** What a campaign of many seeds adds up to: the figures that say whether "no violation" means anything. */
import type { Violation } from './history.ts';
import type { SeedResult } from './run-seed.ts';
import type { PlannedKind } from './scenario/fault-plan.ts';
import { type FaultKind, faultKinds } from './world/fault-log.ts';

/** How the search for one planted bug ended. */
export interface BugSearch {
  readonly name: string;
  /** Seeds run until it was found, `null` when it was not. */
  readonly seeds: number | null;
  /** The seed that found it and the check that did. */
  readonly seed?: number;
  readonly check?: string;
}

/** A seed that broke a promise, with all that is needed to see it again. */
export interface FailedSeed {
  readonly seed: number;
  readonly replay: string;
  /** Replays it with no more faults than it needs; only for the first failing seeds. */
  readonly reduced?: string;
  readonly violations: readonly Violation[];
  readonly options: SeedResult['options'];
  readonly plan: SeedResult['plan'];
}

export interface Report {
  readonly scenario: string;
  readonly seeds: number;
  readonly violations: number;
  /** Seeds whose two runs, in two processes, were not the same. */
  readonly hashMismatches: number;
  readonly plantedBugs: {
    readonly planted: number;
    readonly found: number;
    /** Of those found. */
    readonly medianSeeds: number | null;
    readonly each: readonly BugSearch[];
  };
  /** `fired`: how often it took effect. `seeds`: in how many seeds it did while operations were under way. */
  readonly faults: Readonly<Record<FaultKind, { readonly fired: number; readonly seeds: number }>>;
  readonly operations: number;
  readonly succeeded: number;
  readonly duringFaults: { readonly begun: number; readonly succeeded: number };
  readonly virtualHours: number;
  readonly failures: readonly FailedSeed[];
  readonly mismatches: readonly number[];
}

export interface CampaignResults {
  readonly scenario: string;
  /** What every run left out, and the bug that was planted into it. */
  readonly without: readonly PlannedKind[];
  readonly bug?: string | undefined;
  /** One result of each seed. */
  readonly results: readonly SeedResult[];
  /** Seeds whose two runs had different hashes. */
  readonly mismatches: readonly number[];
  /** Of failing seeds, the kinds of faults that they fail without. */
  readonly reductions: ReadonlyMap<number, readonly PlannedKind[]>;
  readonly bugs: readonly BugSearch[];
}

export function makeReport(campaign: CampaignResults): Report {
  const { scenario, results, mismatches, bugs } = campaign;
  const found = bugs.flatMap(({ seeds }) => seeds ?? []);
  const failures = results.filter(({ violations }) => violations.length > 0);
  return {
    scenario,
    seeds: results.length,
    violations: sum(failures.map(({ violations }) => violations.length)),
    hashMismatches: mismatches.length,
    plantedBugs: { planted: bugs.length, found: found.length, medianSeeds: median(found), each: bugs },
    faults: addFaults(results),
    operations: sum(results.map(({ counts }) => counts.operations)),
    succeeded: sum(results.map(({ counts }) => counts.succeeded)),
    duringFaults: {
      begun: sum(results.map(({ counts }) => counts.begunDuringFaults)),
      succeeded: sum(results.map(({ counts }) => counts.succeededDuringFaults)),
    },
    virtualHours: Math.round(sum(results.map(({ virtualMs }) => virtualMs)) / 36_000) / 100,
    failures: failures.map((result) => failedSeed(result, campaign)),
    mismatches,
  };
}

function failedSeed({ seed, violations, options, plan }: SeedResult, campaign: CampaignResults): FailedSeed {
  const { without, reductions } = campaign;
  const replay = replayCommand(campaign, seed, without);
  const unneeded = reductions.get(seed) ?? [];
  const reduced = unneeded.length > 0 && { reduced: replayCommand(campaign, seed, [...without, ...unneeded]) };
  return { seed, replay, ...reduced, violations, options, plan };
}

function replayCommand({ scenario, bug }: CampaignResults, seed: number, without: readonly PlannedKind[]): string {
  const command = ['npm run simulate -- --scenario', scenario, '--seed', seed, '--count 1'];
  if (without.length > 0) command.push('--without', without.join(','));
  if (bug !== undefined) command.push('--bug', bug);
  return command.join(' ');
}

/** True when every promise held, every run was repeatable and every bug that was sought was found. */
export function isClean({ violations, hashMismatches, plantedBugs }: Report): boolean {
  return violations === 0 && hashMismatches === 0 && plantedBugs.found === plantedBugs.planted;
}

/** The middle one; of two middle ones the mean. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

function addFaults(results: readonly SeedResult[]): Report['faults'] {
  const entries = faultKinds.map((kind) => {
    const counts = results.map(({ faults }) => faults[kind]);
    const seeds = counts.filter(({ firedUnderLoad }) => firedUnderLoad > 0).length;
    return [kind, { fired: sum(counts.map(({ fired }) => fired)), seeds }];
  });
  return Object.fromEntries(entries) as Report['faults'];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
