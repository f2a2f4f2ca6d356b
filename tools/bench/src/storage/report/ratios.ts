/** How many times as many operations per second ours does as each peer. */
import { median } from '../../measurement/median.ts';
import { type PeerName, peerNames } from '../engines/bench-engine.ts';
import type { Sample } from '../run/campaign.ts';

export interface Ratio {
  readonly workload: string;
  readonly valueBytes: number;
  readonly against: PeerName;
  /** Above 1: ours is faster. */
  readonly ratio: number;
}

/**
 * The median over the rounds in which both were measured: the two of a round ran one right after the other, so what
 * else the machine did then hit both.
 */
export function computeRatios(samples: readonly Sample[]): Ratio[] {
  const ours = samples.filter(({ engine }) => engine === 'ours');
  const rows = new Map(ours.map(({ workload, valueBytes }) => [`${workload} ${valueBytes}`, { workload, valueBytes }]));
  return [...rows.values()].flatMap((row) => peerNames.flatMap((against) => ratioOf(row, against, samples)));
}

function ratioOf(row: Omit<Ratio, 'against' | 'ratio'>, against: PeerName, samples: readonly Sample[]): Ratio[] {
  const of = samples.filter(({ workload, valueBytes }) => workload === row.workload && valueBytes === row.valueBytes);
  const speeds = of
    .filter(({ engine }) => engine === against)
    .flatMap(({ round, measurement: theirs }) => {
      const mine = of.find((sample) => sample.engine === 'ours' && sample.round === round)?.measurement;
      return mine === undefined || theirs.opsPerSecond === 0 ? [] : [mine.opsPerSecond / theirs.opsPerSecond];
    });
  const ratio = median(speeds);
  return ratio === undefined ? [] : [{ ...row, against, ratio }];
}
