/** Measures simulated clusters of gossipers: how fast news, newcomers and crashes become known, and how often the wrong are blamed. */
import { SimulatedCluster } from '@kv/gossip/testing';

/** How much of one cluster size to simulate. */
export interface Effort {
  readonly members: number;
  readonly seeds: number;
  /** Virtual milliseconds of nothing but gossip, per seed. */
  readonly quietMs: number;
}

/** What was measured of one cluster size, over all its seeds. */
export interface Measurement {
  readonly members: number;
  /** Rounds from the start of all members until each knew each, one number per seed. */
  readonly coldStartRounds: readonly number[];
  /** Rounds from a change of one member's status until all knew it, one number per seed. */
  readonly changeRounds: readonly number[];
  /** Virtual seconds from a crash until all held the member down, one number per seed. */
  readonly detectionSeconds: readonly number[];
  /** Suspicions of members that ran, per member and hour, once the cluster had settled. */
  readonly falseSuspicionsPerHour: number;
  /** Convictions of members that ran, at any time. */
  readonly falseDowns: number;
  /** Members times hours in which wrong blame was counted. */
  readonly memberHours: number;
}

export const messageLoss = 0.05;
export const messageDelayMs: readonly [number, number] = [1, 20];

const roundMs = 1000;
const settlingMs = 10_000;
const patienceMs = 120_000;
const stepMs = 50;

/** Simulates one cluster size; the same effort gives the same measurement. */
export function measure({ members, seeds, quietMs }: Effort): Measurement {
  const runs = Array.from({ length: seeds }, (_, index) => measureOnce(members, index + 1, quietMs));
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0);
  const memberHours = sum((run) => run.memberHours);
  return {
    members,
    coldStartRounds: runs.map((run) => run.coldStartMs / roundMs),
    changeRounds: runs.map((run) => run.changeMs / roundMs),
    detectionSeconds: runs.map((run) => run.detectionMs / 1000),
    falseSuspicionsPerHour: sum((run) => run.falseSuspicions) / memberHours,
    falseDowns: sum((run) => run.falseDowns),
    memberHours,
  };
}

interface Run {
  readonly coldStartMs: number;
  readonly changeMs: number;
  readonly detectionMs: number;
  readonly falseSuspicions: number;
  readonly falseDowns: number;
  readonly memberHours: number;
}

function measureOnce(members: number, seed: number, quietMs: number): Run {
  const cluster = new SimulatedCluster({ seed, members, loss: messageLoss, delayMs: messageDelayMs });
  const [changing, crashing] = ['m002', 'm003'];
  cluster.startAll();
  const coldStartMs = timeUntil(cluster, () => cluster.running.every((one) => one.members().length === members));
  cluster.runFor(settlingMs);

  const quietFrom = cluster.now;
  cluster.gossiper(changing).setStatus('leaving');
  const changeMs = timeUntil(cluster, () => cluster.running.every((one) => one.member(changing)?.status === 'leaving'));
  cluster.runFor(quietMs);
  const quietUntil = cluster.now;

  cluster.crash(crashing);
  const detectionMs = timeUntil(cluster, () =>
    cluster.running.every((one) => one.member(crashing)?.liveness === 'down'),
  );
  const blamed = (type: 'member-suspected' | 'member-down', from: number, until: number): number =>
    cluster.observed.filter(({ at, effect }) => {
      if (effect.type !== type || at < from || at > until) return false;
      return effect.member.id !== crashing || at < quietUntil;
    }).length;
  return {
    coldStartMs,
    changeMs,
    detectionMs,
    falseSuspicions: blamed('member-suspected', quietFrom, quietUntil),
    falseDowns: blamed('member-down', 0, cluster.now),
    memberHours: (members * (quietUntil - quietFrom)) / 3_600_000,
  };
}

function timeUntil(cluster: SimulatedCluster, condition: () => boolean): number {
  const time = cluster.runUntil(condition, patienceMs, stepMs);
  if (time === null) throw new Error(`the cluster of ${cluster.ids.length} did not get there in ${patienceMs} ms`);
  return time;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (below === undefined || above === undefined) throw new Error('a median needs a value');
  return (below + above) / 2;
}
