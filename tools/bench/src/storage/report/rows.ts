/** One row per workload, size of values and engine: the medians over the rounds. */
import { median } from '../../measurement/median.ts';
import { type EngineName, engineNames } from '../engines/bench-engine.ts';
import type { Sample } from '../run/campaign.ts';
import type { Measurement } from '../run/job.ts';
import { workloads } from '../workloads/all-workloads.ts';

export interface Row {
  readonly workload: string;
  readonly valueBytes: number;
  readonly engine: EngineName;
  readonly rounds: number;
  readonly operations: number;
  readonly seconds: number;
  readonly opsPerSecond: number;
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly writeAmplification?: number;
  readonly spaceAmplification?: number;
  /** The largest resident set that was sampled, and the high-water mark of the whole process. */
  readonly peakRssBytes: number;
  readonly highWaterRssBytes?: number;
  readonly eventLoopDelayP99Ms?: number;
  /** What the row is about, where that is not operations per second; its unit is that of the figure's target. */
  readonly figure?: number;
  readonly debt?: string;
  readonly options: string;
}

/** By size, then in the order of the workloads, engines side by side. */
export function makeRows(samples: readonly Sample[]): Row[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const name = `${sample.workload} ${sample.valueBytes} ${sample.engine}`;
    groups.set(name, [...(groups.get(name) ?? []), sample]);
  }
  return [...groups.values()].flatMap(makeRow).sort(inOrder);
}

function inOrder(a: Row, b: Row): number {
  const place = ({ workload }: Row): number => workloads.findIndex(({ name }) => name === workload);
  const byWorkload = a.valueBytes - b.valueBytes || place(a) - place(b);
  return byWorkload || engineNames.indexOf(a.engine) - engineNames.indexOf(b.engine);
}

function makeRow(samples: readonly Sample[]): Row[] {
  const [first] = samples;
  if (first === undefined) return [];
  const { workload, valueBytes, engine, measurement } = first;
  const of = (pick: (one: Measurement) => number | undefined): number | undefined =>
    median(samples.flatMap((sample) => pick(sample.measurement) ?? []));
  const row = {
    p50Us: of((one) => one.p50Us),
    p99Us: of((one) => one.p99Us),
    writeAmplification: of((one) => one.writeAmplification),
    spaceAmplification: of((one) => one.spaceAmplification),
    highWaterRssBytes: of((one) => one.highWaterRssBytes),
    eventLoopDelayP99Ms: of((one) => one.eventLoopDelayP99Ms),
    figure: of((one) => one.figure),
    debt: measurement.debt,
  };
  return [
    {
      workload,
      valueBytes,
      engine,
      rounds: samples.length,
      operations: of((one) => one.operations) ?? 0,
      seconds: of((one) => one.seconds) ?? 0,
      opsPerSecond: of((one) => one.opsPerSecond) ?? 0,
      peakRssBytes: of((one) => one.peakRssBytes) ?? 0,
      options: measurement.options,
      ...withoutUndefined(row),
    },
  ];
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

function withoutUndefined<T extends object>(row: T): Present<T> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Present<T>;
}
