/** One seed, from nothing to a verdict. */
import type { Violation } from './history.ts';
import type { PlantedBug } from './planted-bugs/planted-bug.ts';
import type { FaultEpisode, PlannedKind } from './scenario/fault-plan.ts';
import type { ScenarioOptions } from './scenario/options.ts';
import type { OperationCounts } from './scenario/recorder.ts';
import { checkKeyspaces, type ScenarioName } from './scenario/scenarios.ts';
import { Simulation } from './scenario/simulation.ts';
import type { FaultCount, FaultKind } from './world/fault-log.ts';

export interface SeedSettings {
  readonly scenario: ScenarioName;
  readonly seed: number;
  /** Kinds of faults to leave out; everything else stays as it was. */
  readonly without?: ReadonlySet<PlannedKind>;
  /** A bug to plant into every node. */
  readonly bug?: PlantedBug;
  /** Hears every line of the trace. */
  readonly onTrace?: (line: string) => void;
}

export interface SeedResult {
  readonly scenario: ScenarioName;
  readonly seed: number;
  /** Of everything that happened. Two runs of a seed have the same one. */
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly faults: Readonly<Record<FaultKind, FaultCount>>;
  readonly counts: OperationCounts;
  /** Events of virtual time, and their last moment in milliseconds. */
  readonly events: number;
  readonly virtualMs: number;
  readonly options: ScenarioOptions;
  readonly plan: readonly FaultEpisode[];
}

/** Never rejects: what goes wrong in a run is a violation. */
export async function runSeed(settings: SeedSettings): Promise<SeedResult> {
  const simulation = new Simulation(settings);
  const violations: Violation[] = [];
  try {
    const copies = await simulation.run();
    violations.push(...simulation.violations, ...checkKeyspaces(simulation.histories, copies));
  } catch (error) {
    violations.push(...simulation.violations, uncaught(error), ...checkKeyspaces(simulation.histories, []));
  }
  const { world, recorder, options, plan } = simulation;
  return {
    scenario: settings.scenario,
    seed: settings.seed,
    hash: world.trace.hash,
    violations,
    faults: world.faults.counts(),
    counts: recorder.counts,
    events: world.scheduler.events,
    virtualMs: world.now,
    options,
    plan,
  };
}

function uncaught(error: unknown): Violation {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { check: 'uncaught-error', operations: [], message };
}
