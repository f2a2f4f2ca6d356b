/** Coordinates the scans that this member was asked for, whoever owns the keys. */
import { type AskedQuorum, LatencyTracker, noRepairs, type Receipt, type ReplicaPlan } from '@kv/quorum';
import type { ReplicaScan } from '@kv/wire';
import type { CoordinatorDependencies } from '../coordinator/coordinator.ts';
import { nearestFirst } from '../coordinator/nearest-first.ts';
import { ReadDriver, type StoredReadResult } from '../coordinator/read-driver.ts';
import { replanWith } from '../coordinator/replan.ts';
import { maxTimeoutMs } from '../coordinator/request-checks.ts';
import { replicaPlan, type RequestPlan } from '../coordinator/request-plan.ts';
import { RequestError } from '../errors.ts';
import { type PageLimits, PageScan } from './page-scan.ts';
import {
  PartitionScan,
  type PartitionScanDependencies,
  type PartitionScanResult,
  type PartitionScanTerms,
} from './partition-scan.ts';
import type { ScanAccess } from './scan-access.ts';
import { planScan, type ScanPlan, type ScanRequest, type ScanResult } from './scan-request.ts';

export interface ScannerDependencies extends CoordinatorDependencies {
  readonly scanAccess: ScanAccess;
}

/** One page that was asked for. */
interface Page {
  readonly plan: ScanPlan;
  readonly quorum: AskedQuorum;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly limits: PageLimits;
}

export class Scanner {
  readonly #dependencies: ScannerDependencies;
  /** Within the budget of all reads, but by latencies of their own: many keys of a partition take longer than one. */
  readonly #scanning: PartitionScanDependencies;

  constructor(dependencies: ScannerDependencies) {
    this.#dependencies = dependencies;
    this.#scanning = { ...dependencies, access: dependencies.scanAccess, latencies: new LatencyTracker() };
  }

  /** @throws RequestError before anything is sent */
  scan(request: ScanRequest, done: (result: ScanResult) => void): void {
    const { ready, clock, timers, codec, counters } = this.#dependencies;
    if (!ready()) throw new RequestError('NOT_READY', 'this member is still starting');
    const page = this.#pageOf(request);
    const { plan, limits } = page;
    this.#replicaPlan(page, plan.partition);
    const scan = (partition: number, after: Uint8Array | undefined, limit: number, scanned: Scanned): void =>
      this.#scanPartition(page, { partition, after, limit }, scanned);
    const read = (partition: number, key: Uint8Array, found: (result: StoredReadResult) => void): void =>
      this.#readKey(page, partition, key, found);
    const answer = (result: ScanResult): void => {
      if (result.outcome === 'page') counters.scanPages += 1;
      else counters.scanPagesFailed += 1;
      done(result);
    };
    new PageScan({ clock, timers, codec, scan, read }, plan, limits, answer).start();
  }

  #pageOf(request: ScanRequest): Page {
    const { topology, clock, options, deadlineClock } = this.#dependencies;
    const { timeoutMs = options.requestTimeoutMs, r, level } = request;
    const now = clock.monotonicMs();
    const until = now + Math.min(options.scanPageMs, timeoutMs / 2);
    return {
      plan: planScan(topology(), request),
      quorum: { name: 'r', number: r, level },
      deadline: now + Math.min(timeoutMs, maxTimeoutMs),
      limits: { bytes: options.scanPageBytes, until, nowMs: deadlineClock() },
    };
  }

  #scanPartition(
    page: Page,
    { partition, after, limit }: { partition: number; after: Uint8Array | undefined; limit: number },
    done: Scanned,
  ): void {
    const { options } = this.#dependencies;
    const { plan, deadline } = page;
    const message: ReplicaScan = {
      type: 'replica-scan',
      partition,
      ...plan.bounds,
      ...(after !== undefined && { after }),
      limit: Math.max(limit, fewestEntries),
      maxBytes: options.scanAnswerBytes,
      want: plan.values ? 'value' : 'version',
    };
    const planned = (): ReplicaPlan => this.#replicaPlan(page, partition, this.#scanning.latencies);
    const first = planOrNothing(planned);
    if (first === undefined) {
      done({ outcome: 'unavailable', receipt: nobodyAsked(this.#dependencies.topology().epoch) });
      return;
    }
    const replan: PartitionScanTerms['replan'] = ({ epoch }, again, giveUp) => {
      const planAgain = (): void => {
        const later = planOrNothing(planned);
        if (later === undefined) giveUp();
        else again(later);
      };
      this.#dependencies.follower.hold(epoch + 1, planAgain, giveUp);
    };
    const terms = { plan: first, replan, keyspaceId: plan.keyspace.id, message, deadline };
    new PartitionScan(this.#scanning, terms, done).start();
  }

  #readKey(page: Page, partition: number, key: Uint8Array, done: (result: StoredReadResult) => void): void {
    const { follower, topology } = this.#dependencies;
    const { keyspace } = page.plan;
    const planned = (): RequestPlan => {
      const place = { partition, keyspaceId: keyspace.id, key, epoch: topology().epoch };
      return { keyspace, place, ...this.#replicaPlan(page, partition) };
    };
    const first = planOrNothing(planned);
    if (first === undefined) {
      done({ outcome: 'unavailable', receipt: nobodyAsked(topology().epoch) });
      return;
    }
    const { deadline, limits } = page;
    const read = { plan: first, deadline, nowMs: limits.nowMs, replan: replanWith(follower, planned) };
    new ReadDriver(this.#dependencies, read, done).start();
  }

  /**
   * By the topology of the moment: a page may outlive one.
   * @throws RequestError when the keyspace was dropped, or has no so many replicas any more
   */
  #replicaPlan(
    { plan: asked, quorum }: Page,
    partition: number,
    latencies = this.#dependencies.latencies,
  ): ReplicaPlan {
    const topology = this.#dependencies.topology();
    const keyspace = topology.keyspaceById(asked.keyspace.id);
    if (keyspace === undefined) {
      throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace ${asked.keyspace.name} any more`);
    }
    const { membership } = this.#dependencies;
    const plan = replicaPlan(topology, keyspace, partition, quorum);
    const down = plan.replicas.filter((owner) => membership.stateOf(owner) === 'down');
    return nearestFirst({ ...plan, down }, { ...this.#dependencies, latencies });
  }
}

type Scanned = (result: PartitionScanResult) => void;

/** An answer is asked for at least so many entries: some of them may be tombstones, which are none for the page. */
const fewestEntries = 16;

/** `undefined`: the topology has changed so that the scan cannot go on. What is asked next is told why. */
function planOrNothing<Plan>(plan: () => Plan): Plan | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

function nobodyAsked(epoch: number): Receipt {
  return { mode: 'strict', epoch, needed: 0, got: 0, replicas: [], repairs: noRepairs };
}
