/** The figures that the engine is built to reach, and what a run says about each. */
import type { PeerName } from '../engines/bench-engine.ts';
import type { Ratio } from './ratios.ts';
import type { Row } from './rows.ts';

export interface Target {
  readonly workload: string;
  /** `undefined`: every size that was measured, the worst of them counting. */
  readonly valueBytes?: number;
  /** With a peer: a ratio to it, the higher the better. Without: a figure of ours, the lower the better. */
  readonly against?: PeerName;
  readonly must: number;
  readonly aim: number;
  readonly unit: string;
}

export interface TargetResult extends Target {
  readonly measured: number;
  readonly reached: 'aim' | 'must' | 'missed';
}

export const targets: readonly Target[] = [
  { workload: 'put-buffered-64', valueBytes: 100, against: 'classic-level', must: 1.2, aim: 2, unit: '×' },
  { workload: 'put-buffered-64', valueBytes: 10_000, against: 'classic-level', must: 2.5, aim: 4, unit: '×' },
  { workload: 'put-durable-64', valueBytes: 100, against: 'classic-level', must: 8, aim: 15, unit: '×' },
  { workload: 'put-durable-64', valueBytes: 10_000, against: 'classic-level', must: 3, aim: 5, unit: '×' },
  { workload: 'get-hot', valueBytes: 100, against: 'lmdb', must: 0.8, aim: 1.5, unit: '×' },
  { workload: 'get-hot', valueBytes: 10_000, against: 'lmdb', must: 1, aim: 2, unit: '×' },
  { workload: 'get-cold', valueBytes: 10_000, against: 'classic-level', must: 1, aim: 1.5, unit: '×' },
  { workload: 'get-missing', valueBytes: 100, against: 'classic-level', must: 2, aim: 4, unit: '×' },
  { workload: 'scan-forward', valueBytes: 100, against: 'classic-level', must: 1, aim: 2, unit: '×' },
  { workload: 'write-amplification', valueBytes: 10_000, must: 3, aim: 1.8, unit: '×' },
  { workload: 'memory', valueBytes: 10_000, must: 150, aim: 100, unit: 'MiB' },
  { workload: 'event-loop', valueBytes: 10_000, must: 10, aim: 5, unit: 'ms' },
  { workload: 'recovery', must: 3, aim: 1, unit: 's' },
];

/** Only targets that the run has something to say about. */
export function judge(rows: readonly Row[], ratios: readonly Ratio[]): TargetResult[] {
  return targets.flatMap((target) => {
    const measured = target.against === undefined ? worstFigure(target, rows) : ratioTo(target, ratios);
    return measured === undefined ? [] : [{ ...target, measured, reached: reach(target, measured) }];
  });
}

function ratioTo({ workload, valueBytes, against }: Target, ratios: readonly Ratio[]): number | undefined {
  return ratios.find((one) => one.workload === workload && one.valueBytes === valueBytes && one.against === against)
    ?.ratio;
}

function worstFigure({ workload, valueBytes }: Target, rows: readonly Row[]): number | undefined {
  const figures = rows
    .filter((row) => row.engine === 'ours' && row.workload === workload)
    .filter((row) => row.valueBytes === (valueBytes ?? row.valueBytes))
    .flatMap((row) => row.figure ?? []);
  return figures.length === 0 ? undefined : Math.max(...figures);
}

function reach({ against, must, aim }: Target, measured: number): TargetResult['reached'] {
  const holds = (bound: number): boolean => (against === undefined ? measured <= bound : measured >= bound);
  if (holds(aim)) return 'aim';
  return holds(must) ? 'must' : 'missed';
}
