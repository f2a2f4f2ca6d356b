/**
 * Everything that a run is made of beside chance itself, drawn from its seed before it begins (swarm testing, Groce
 * et al. 2012: runs that each leave much out find more than runs that all contain everything). Printed when a run
 * fails.
 */
import { majority } from '@kv/quorum';
import type { DiskOptions } from '../world/disk/disk-options.ts';
import type { NetworkOptions } from '../world/network/network-options.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

export interface QuorumChoice {
  readonly r: number;
  readonly w: number;
}

export interface ClusterOptions {
  readonly nodes: number;
  /** N. */
  readonly replicas: number;
  readonly partitions: number;
  /** Whether values and blocks are compressed. */
  readonly compress: boolean;
  readonly requestTimeoutMs: number;
  readonly standInAfterMs: number;
  /** Small enough that flushes, compactions and several log segments happen within a run. */
  readonly memtableBytes: number;
  readonly blockBytes: number;
  readonly scaling: number;
  /** Values of so many bytes are kept apart. */
  readonly separateBytes: number;
  readonly garbageRatio: number;
  readonly cacheBytes: number;
  /** Mean time until a flush or a compaction begins. */
  readonly jobWaitMs: number;
  /**
   * In which each range is compared once with each other owner of it. In half of the seeds longer than the run: what reads
   * must repair by themselves must not be repaired before them.
   */
  readonly repairIntervalMs: number;
}

const never = 86_400_000;

export interface WorkloadOptions {
  readonly operations: number;
  /** Virtual milliseconds over which the operations begin. */
  readonly durationMs: number;
  /** Operations begin in so many bursts, so that they meet each other and the faults. */
  readonly bursts: number;
  /** Mean time from the beginning of a burst to that of one of its operations. */
  readonly burstMs: number;
  /** Of a burst's operations: those on the key of the burst; the others are on any. */
  readonly burstKeyShare: number;
  readonly clients: number;
  readonly keys: number;
  /** Each operation picks one of these. */
  readonly quorums: readonly QuorumChoice[];
  readonly readShare: number;
  /** Of the writes. */
  readonly deleteShare: number;
  /**
   * Of the writes: stamped by the client, as the SDK does; the others are stamped by their coordinator, as over HTTP.
   */
  readonly stampedShare: number;
  /** The largest value; sizes are spread evenly over the orders of magnitude. */
  readonly valueBytes: number;
  readonly tryTimeoutMs: number;
  readonly timeoutMs: number;
}

export interface ScenarioOptions {
  /** Every wall clock, of nodes and of clients, starts within so many milliseconds of the true time. */
  readonly clockSpreadMs: number;
  readonly cluster: ClusterOptions;
  readonly workload: WorkloadOptions;
  readonly network: NetworkOptions;
  readonly disk: DiskOptions;
}

export function drawOptions(random: SeededRandom): ScenarioOptions {
  const cluster = drawCluster(random.fork('cluster'));
  const network = drawNetwork(random.fork('network'));
  const workload = drawWorkload(random.fork('workload'), cluster.replicas, network);
  const clockSpreadMs = random.fork('clocks').pick([0, 10, 200, 1000]);
  return { clockSpreadMs, cluster, workload, network, disk: drawDisk(random.fork('disk')) };
}

/** Whether one disk may be lost, whichever it is, with all that was acknowledged still there: every write is on two. */
export function toleratesLoss({ workload }: ScenarioOptions): boolean {
  return workload.quorums.every(({ w }) => w >= 2);
}

/**
 * The same with nothing in it that may make an operation fail: no clock is off, no disk stalls, nobody is impatient.
 */
export function calmed(options: ScenarioOptions): ScenarioOptions {
  const patience = { tryTimeoutMs: 10_000, timeoutMs: 20_000 };
  return {
    ...options,
    clockSpreadMs: 0,
    workload: { ...options.workload, ...patience },
    disk: { ...options.disk, stallChance: 0 },
  };
}

function drawCluster(random: SeededRandom): ClusterOptions {
  const nodes = random.pick([3, 3, 3, 4, 5, 6, 7]);
  const replicas = Math.min(nodes, random.pick([3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 4, 2, 2, 1]));
  return {
    nodes,
    replicas,
    partitions: random.pick([8, 16, 64]),
    compress: random.chance(0.5),
    requestTimeoutMs: random.pick([1000, 2000, 5000]),
    standInAfterMs: random.pick([20, 200, 1000]),
    memtableBytes: Math.round(random.logBetween(1024, 32_768)),
    separateBytes: Math.round(random.logBetween(64, 32_768)),
    blockBytes: Math.round(random.logBetween(128, 8192)),
    scaling: random.integer(-2, 2),
    garbageRatio: random.fork('garbage').pick([0.2, 0.5, 0.8]),
    cacheBytes: random.fork('cache').pick([0, 4096, 1_000_000]),
    jobWaitMs: random.pick([0.1, 5, 100]),
    repairIntervalMs: random.fork('repair').pick([5000, 60_000, never, never]),
  };
}

function drawWorkload(random: SeededRandom, replicas: number, { mode }: NetworkOptions): WorkloadOptions {
  const tryTimeoutMs = random.pick([300, 1000, 2500]);
  return {
    operations: 300,
    durationMs: 45_000,
    bursts: Math.round(random.logBetween(10, 150)),
    burstMs: random.logBetween(2, 500),
    burstKeyShare: random.pick([0, 0.5, 0.9]),
    clients: random.integer(3, 16),
    keys: Math.round(random.logBetween(1, 30)),
    quorums: drawQuorums(random.fork('quorums'), replicas),
    readShare: random.between(0.3, 0.7),
    deleteShare: random.pick([0, 0.1, 0.3]),
    // A datagram may arrive twice; a write that its coordinator stamps would then be two writes.
    stampedShare: mode === 'datagram' ? 1 : random.pick([1, 0.8, 0.5]),
    valueBytes: Math.round(random.logBetween(100, 20_000)),
    tryTimeoutMs,
    timeoutMs: random.pick([1, 2, 4]) * tryTimeoutMs,
  };
}

function drawQuorums(random: SeededRandom, replicas: number): QuorumChoice[] {
  const strict = { r: majority(replicas), w: majority(replicas) };
  const any = (): QuorumChoice => ({ r: random.integer(1, replicas), w: random.integer(1, replicas) });
  return random.pick([
    [strict],
    [strict],
    [strict],
    [strict],
    [{ r: 1, w: replicas }],
    [{ r: replicas, w: 1 }],
    [strict, any()],
    [any(), any(), any()],
  ]);
}

function drawNetwork(random: SeededRandom): NetworkOptions {
  return {
    mode: random.pick(['datagram', 'stream']),
    latencyMs: random.logBetween(0.05, 5),
    jitterMs: random.logBetween(0.05, 50),
    reportsDeadPeers: random.chance(0.5),
    cutToleranceMs: random.pick([200, 2000, Infinity]),
  };
}

function drawDisk(random: SeededRandom): DiskOptions {
  return {
    pageBytes: random.pick([512, 4096]),
    callMs: random.logBetween(0.02, 1),
    syncMs: random.logBetween(0.2, 20),
    stallChance: random.pick([0, 0.01, 0.05]),
    stallMs: random.pick([50, 500]),
  };
}
