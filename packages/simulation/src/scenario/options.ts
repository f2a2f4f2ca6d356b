/**
 * Everything that a run is made of beside chance itself, drawn from its seed before it begins (swarm testing, Groce
 * et al. 2012: runs that each leave much out find more than runs that all contain everything). Printed when a run
 * fails.
 */
import type { DiskOptions } from '../world/disk/disk-options.ts';
import type { NetworkOptions } from '../world/network/network-options.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { KeyspaceOptions } from './keyspaces/keyspace-options.ts';
import { drawHintMaxAgeMs, drawLeaps, drawPurge, type Leap, never, type PurgeOptions } from './purge-options.ts';
import { drawKeyspaces, kindOf, type ScenarioName } from './scenarios.ts';

export interface ClusterOptions {
  readonly nodes: number;
  readonly partitions: number;
  /** Whether values and blocks are compressed. */
  readonly compress: boolean;
  readonly requestTimeoutMs: number;
  readonly standInAfterMs: number;
  readonly hintAfterMs: number;
  /** Since its write, after which a hint is not kept any more. */
  readonly hintMaxAgeMs: number;
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
  /** How long the bytes of expired values stay; with 0 a node whose clock is ahead drops what still lives for others. */
  readonly expiredKeptMs: number;
  /** Bytes that the requests at one node may hold: with a few thousand it refuses some where operations meet. */
  readonly requestBytes: number;
  /** Bytes that may wait for one node before it is asked for nothing more: with a few hundred a blocked link is full at once. */
  readonly peerQueueBytes: number;
  readonly purge: PurgeOptions;
}

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
  /** The largest value; sizes are spread evenly over the orders of magnitude. */
  readonly valueBytes: number;
  readonly tryTimeoutMs: number;
  readonly timeoutMs: number;
}

export interface ScenarioOptions {
  /** Every wall clock, of nodes and of clients, starts within so many milliseconds of the true time. */
  readonly clockSpreadMs: number;
  readonly cluster: ClusterOptions;
  /**
   * Weeks pass at once: every clock on the wall is set forwards together, whatever is under way. All that waits, on its way or
   * on a disk, is then weeks old.
   */
  readonly leaps: readonly Leap[];
  readonly keyspaces: readonly KeyspaceOptions[];
  readonly workload: WorkloadOptions;
  readonly network: NetworkOptions;
  readonly disk: DiskOptions;
}

/** More than all operations of a run could hold. */
const ample = 64 * 1024 * 1024;

export function drawOptions(random: SeededRandom, scenario: ScenarioName): ScenarioOptions {
  const cluster = drawCluster(random.fork('cluster'));
  const network = drawNetwork(random.fork('network'));
  const surroundings = { nodes: cluster.nodes, links: network.mode };
  const keyspaces = drawKeyspaces(scenario, random.fork('keyspaces'), surroundings);
  const workload = drawWorkload(random.fork('workload'), keyspaces);
  const clockSpreadMs = random.fork('clocks').pick([0, 10, 200, 1000]);
  const leaps = drawLeaps(random.fork('leaps'), cluster.purge, workload.durationMs);
  return { clockSpreadMs, leaps, cluster, keyspaces, workload, network, disk: drawDisk(random.fork('disk')) };
}

/** Whether one disk may be lost, whichever it is, with all that was acknowledged still there. */
export function toleratesLoss({ keyspaces }: ScenarioOptions): boolean {
  return keyspaces.every((keyspace) => kindOf(keyspace).toleratesLoss(keyspace));
}

/**
 * The same with nothing in it that may make an operation fail: no clock is off, no disk stalls, nothing is full, nobody is impatient.
 */
export function calmed(options: ScenarioOptions): ScenarioOptions {
  const patience = { tryTimeoutMs: 10_000, timeoutMs: 20_000 };
  return {
    ...options,
    clockSpreadMs: 0,
    cluster: { ...options.cluster, requestBytes: ample, peerQueueBytes: ample },
    workload: { ...options.workload, ...patience },
    disk: { ...options.disk, stallChance: 0 },
  };
}

function drawCluster(random: SeededRandom): ClusterOptions {
  return {
    nodes: random.pick([3, 3, 3, 4, 5, 6, 7]),
    partitions: random.pick([8, 16, 64]),
    compress: random.chance(0.5),
    requestTimeoutMs: random.pick([1000, 2000, 5000]),
    standInAfterMs: random.pick([20, 200, 1000]),
    hintAfterMs: random.fork('hints').pick([50, 500]),
    hintMaxAgeMs: drawHintMaxAgeMs(random.fork('hint-age')),
    memtableBytes: Math.round(random.logBetween(1024, 32_768)),
    separateBytes: Math.round(random.logBetween(64, 32_768)),
    blockBytes: Math.round(random.logBetween(128, 8192)),
    scaling: random.integer(-2, 2),
    garbageRatio: random.fork('garbage').pick([0.2, 0.5, 0.8]),
    cacheBytes: random.fork('cache').pick([0, 4096, 1_000_000]),
    jobWaitMs: random.pick([0.1, 5, 100]),
    repairIntervalMs: random.fork('repair').pick([5000, 60_000, never, never]),
    expiredKeptMs: random.fork('expired').pick([0, 0, 600_000]),
    requestBytes: random.fork('admission').pick([ample, ample, ample, 20_000]),
    peerQueueBytes: random.fork('peer-queue').pick([ample, ample, ample, 500]),
    purge: drawPurge(random.fork('purge')),
  };
}

function drawWorkload(random: SeededRandom, keyspaces: readonly KeyspaceOptions[]): WorkloadOptions {
  const tryTimeoutMs = random.pick([300, 1000, 2500]);
  // What can be in which order is told by trying; all that is under way at once multiplies it.
  const mostClients = keyspaces.some(({ mode }) => mode === 'strong') ? 8 : 16;
  return {
    operations: 300,
    durationMs: 45_000,
    bursts: Math.round(random.logBetween(10, 150)),
    burstMs: random.logBetween(2, 500),
    burstKeyShare: random.pick([0, 0.5, 0.9]),
    clients: random.integer(3, mostClients),
    valueBytes: Math.round(random.logBetween(100, 20_000)),
    tryTimeoutMs,
    timeoutMs: random.pick([1, 2, 4]) * tryTimeoutMs,
  };
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
