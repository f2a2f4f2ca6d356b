/** What the command and its worker processes say to each other. */
import type { PlannedKind } from '../scenario/fault-plan.ts';
import type { ScenarioName } from '../scenario/scenarios.ts';
import type { SeedResult } from '../run-seed.ts';

export interface SeedTask {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly without: readonly PlannedKind[];
  /** Name of a bug to plant. */
  readonly bug?: string;
}

export type WorkerMessage = { readonly type: 'result'; readonly result: SeedResult };
