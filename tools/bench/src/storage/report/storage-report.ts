/** What a run found, as `--json` prints it and everything else is made from. */
import type { Platform } from '../../measurement/platform.ts';
import type { EngineName } from '../engines/bench-engine.ts';
import type { Campaign, Failure } from '../run/campaign.ts';
import { findWorkload } from '../workloads/all-workloads.ts';
import { computeRatios, type Ratio } from './ratios.ts';
import { makeRows, type Row } from './rows.ts';
import { judge, type TargetResult } from './targets.ts';

export interface StorageReport {
  readonly suite: 'storage';
  /** Small sets: the figures say that everything works, and little about speed. */
  readonly quick: boolean;
  readonly startedAt: string;
  readonly seconds: number;
  readonly platform: Platform;
  readonly versions: Readonly<Partial<Record<EngineName, string>>>;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  readonly targets: readonly TargetResult[];
  /** Workloads that were not run because the data lies in memory, where nothing is durable. */
  readonly refused: readonly string[];
  /** Measurements of second and third rounds that were left out because the run took too long. */
  readonly leftOut: number;
  readonly failures: readonly Failure[];
}

export type RunFacts = Omit<StorageReport, 'suite' | 'rows' | 'ratios' | 'targets' | 'leftOut' | 'failures'>;

export function makeReport(facts: RunFacts, { samples, leftOut, failures }: Campaign): StorageReport {
  const rows = makeRows(samples);
  const ratios = computeRatios(samples.filter(({ workload }) => findWorkload(workload).special !== true));
  return { suite: 'storage', ...facts, rows, ratios, targets: judge(rows, ratios), leftOut, failures };
}
