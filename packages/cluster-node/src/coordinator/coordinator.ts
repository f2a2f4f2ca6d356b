/**
 * Coordinates the requests that this member was asked, whoever owns the key (Dynamo §4.5): plans each once, drives its
 * state machine, and carries the machine's effects to this member's own replica or to the others'.
 */
import type { AskedQuorum, HybridLogicalClock, Version } from '@kv/quorum';
import { type Codec, noCodec } from '@kv/lsm-storage/core';
import type { TopologyKeyspace } from '@kv/wire';
import type { MemberClocks } from '../clock/member-clocks.ts';
import type { StampSource } from '../clock/stamp-source.ts';
import type { HintAccess } from '../hints/hint-access.ts';
import type { Membership } from '../membership/membership.ts';
import { type StoredRecord, tombstoneRecord, valueRecord } from '../record.ts';
import { RequestError } from '../errors.ts';
import type {
  ChangeRequest,
  ChangeResult,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  PutResult,
  RequestOptions,
} from '../requests.ts';
import type { Strategies } from '../strategies.ts';
import { deadlineOf, ttlOf } from '../time-to-live.ts';
import type { Topology } from '../topology/topology.ts';
import type { TopologyFollower } from '../topology/topology-follower.ts';
import { checkRoom } from './check-room.ts';
import { asRequestError, checkContentType, checkValue, checkVersion, maxTimeoutMs } from './request-checks.ts';
import { nearestFirst } from './nearest-first.ts';
import { type Replan, replanWith } from './replan.ts';
import { planRequest, type Reach, type RequestPlan } from './request-plan.ts';
import { type DrivenRead, ReadDriver, type StoredReadResult } from './read-driver.ts';
import type { ReplicaAccess } from './replica-access.ts';
import type { StandInDependencies } from './stand-ins.ts';
import { WriteDriver } from './write-driver.ts';
import { checkMode, planStrong } from './strong/strong-checks.ts';
import { planChange } from './strong/plan-change.ts';
import type { StrongCoordinator, StrongRequest } from './strong/strong-coordinator.ts';
import { clientResult } from './client-result.ts';
import { type AskedSibling, SiblingCoordinator } from './siblings/sibling-coordinator.ts';

export interface CoordinatorDependencies extends StandInDependencies {
  readonly self: string;
  /** In whose name this member gives dots to writes beside others. */
  readonly dotActor: string;
  /** Milliseconds since 1970, what the deadlines of values are held against: once for each request. */
  readonly deadlineClock: () => number;
  readonly hlc: HybridLogicalClock;
  readonly stamps: StampSource;
  readonly clocks: MemberClocks;
  readonly access: ReplicaAccess;
  readonly hints: HintAccess;
  readonly membership: Membership;
  readonly codec: Codec;
  readonly strategies: Strategies;
  readonly strong: StrongCoordinator;
  readonly topology: () => Topology;
  readonly follower: TopologyFollower;
  readonly ready: () => boolean;
}

/** Called in place of the answer: nothing was sent. */
export type Refused = (error: RequestError) => void;

export class Coordinator {
  readonly #dependencies: CoordinatorDependencies;
  readonly #siblings: SiblingCoordinator;

  constructor(dependencies: CoordinatorDependencies) {
    this.#dependencies = dependencies;
    this.#siblings = new SiblingCoordinator(dependencies);
  }

  /**
   * Calls `done`, or `refused` when its keyspace turns out to be dropped; without `refused` that ends as `unavailable`.
   * @throws RequestError before anything is sent
   */
  get(request: GetRequest, done: (result: GetResult) => void, refused?: Refused): void {
    const { topology, codec } = this.#dependencies;
    if (topology().keyspace(request.keyspace)?.conflict === 'siblings') {
      this.#siblings.get({ ...this.#planRead(request), refused }, done);
    } else {
      this.getStored(request, (result, nowMs) => done(clientResult(result, codec, nowMs)), refused);
    }
  }

  /**
   * As `get`, with the record as replicas store it, of a keyspace without siblings, and the time that its deadline is to be
   * held against.
   */
  getStored(request: GetRequest, done: (result: StoredReadResult, nowMs: number) => void, refused?: Refused): void {
    const nowMs = this.#dependencies.deadlineClock();
    const answer = (result: StoredReadResult): void => done(result, nowMs);
    if (this.#isStrong(request)) {
      const planned = (): RequestPlan => this.#nearestFirst(this.#planStrong(request, { r: request.r }));
      this.#dependencies.strong.get({ ...this.#strongly(request, planned), refused }, nowMs, answer);
      return;
    }
    new ReadDriver(this.#dependencies, { ...this.#planRead(request, nowMs), refused }, answer).start();
  }

  /**
   * Calls `done`, or `refused` when it finds out only later that it cannot begin, or that its keyspace was dropped.
   * @throws RequestError before anything is sent
   */
  put(request: PutRequest, done: (result: PutResult) => void, refused: Refused): void {
    const { options } = this.#dependencies;
    const plan = this.#planWrite(request);
    const codec = plan.keyspace.compressed ? this.#dependencies.codec : noCodec;
    checkValue(request.value, options.maxValueBytes);
    checkContentType(request.contentType);
    const { contentType, value } = request;
    if (plan.keyspace.conflict === 'siblings') {
      refuseTtl(request, plan.keyspace);
      this.#writeSibling(plan, request, { contentType, bytes: value }, done, refused);
      return;
    }
    const ttlMs = ttlOf(request.ttlMs, plan.keyspace);
    const record = (version: Version) =>
      valueRecord(version, { contentType, value, deadline: deadlineOf(version, ttlMs) }, codec);
    const told = (result: PutResult): void => done(withDeadline(result, deadlineOf(result.version, ttlMs)));
    this.#write(plan, request, record, told, refused);
  }

  /** As `put`. */
  delete(request: DeleteRequest, done: (result: PutResult) => void, refused: Refused): void {
    const plan = this.#planWrite(request);
    if (plan.keyspace.conflict === 'siblings') this.#writeSibling(plan, request, undefined, done, refused);
    else this.#write(plan, request, tombstoneRecord, done, refused);
  }

  #writeSibling(
    plan: RequestPlan,
    request: DeleteRequest,
    value: AskedSibling['value'],
    done: (result: PutResult) => void,
    refused: Refused,
  ): void {
    const { version, context } = request;
    if (version !== undefined) this.#admit(version);
    const replan = this.#replanWith(() => this.#nearestFirst(this.#plan(request, quorumOf(request))));
    const planned = { plan: this.#nearestFirst(plan), deadline: this.#deadlineOf(request), replan };
    this.#siblings.write(planned, { version, context, value }, done, refused);
  }

  /** In a strong keyspace. @throws RequestError before anything is sent */
  change(request: ChangeRequest, done: (result: ChangeResult) => void, refused: Refused): void {
    const planned = (): RequestPlan => this.#nearestFirst(this.#planStrong(request));
    const driven = this.#strongly(request, planned);
    this.#checkRoom(driven.plan);
    const change = planChange(request, driven.plan.keyspace, this.#dependencies);
    if (change.operation !== undefined) this.#admit(change.operation);
    const ttlMs = request.to.type === 'put' ? ttlOf(request.to.ttlMs, driven.plan.keyspace) : undefined;
    const told = (result: ChangeResult): void =>
      done(result.outcome === 'applied' ? withDeadline(result, deadlineOf(result.version, ttlMs)) : result);
    this.#dependencies.strong.change(driven, change, told, refused);
  }

  #write(
    plan: RequestPlan,
    request: DeleteRequest,
    makeRecord: (version: Version) => StoredRecord,
    done: (result: PutResult) => void,
    refused: Refused,
  ): void {
    if (request.context !== undefined) {
      throw new RequestError('NOT_SUPPORTED', `keyspace ${plan.keyspace.name} has no siblings, and takes no context`);
    }
    const deadline = this.#deadlineOf(request);
    const replan = this.#replanWith(() => this.#plan(request, quorumOf(request)));
    const start = (version: Version): void => {
      const write = { plan, version, record: makeRecord(version), deadline, replan };
      new WriteDriver(this.#dependencies, write, done, refused).start();
    };
    if (request.version === undefined) {
      this.#dependencies.stamps.issue(start, refused);
    } else {
      this.#admit(request.version);
      start(request.version);
    }
  }

  /** A client's stamp is judged once, here, where it enters the cluster. */
  #admit(version: Version): void {
    checkVersion(version);
    try {
      this.#dependencies.clocks.admit(version);
    } catch (error) {
      throw asRequestError(error);
    }
  }

  #plan(request: RequestOptions, quorum: AskedQuorum): RequestPlan {
    if (!this.#dependencies.ready()) throw new RequestError('NOT_READY', 'this member is still starting');
    const plan = planRequest(this.#dependencies.topology(), request, quorum, this.#reach());
    checkMode(plan.keyspace, 'eventual');
    return plan;
  }

  #planWrite(request: DeleteRequest): RequestPlan {
    const plan = this.#plan(request, quorumOf(request));
    this.#checkRoom(plan);
    return plan;
  }

  /** @throws RequestError BUSY */
  #checkRoom(plan: RequestPlan): void {
    const { access, counters } = this.#dependencies;
    checkRoom(plan, (server) => access.hasRoom(server), counters);
  }

  #planStrong(request: RequestOptions, refused: { readonly r?: number | undefined } = {}): RequestPlan {
    if (!this.#dependencies.ready()) throw new RequestError('NOT_READY', 'this member is still starting');
    return planStrong(this.#dependencies.topology(), request, refused, this.#reach());
  }

  #reach(): Reach {
    const { self, membership } = this.#dependencies;
    const isDown = (member: string): boolean => membership.stateOf(member) === 'down';
    const isAlive = (member: string): boolean => membership.stateOf(member) === 'alive';
    return { self, isDown, isAlive };
  }

  #strongly(request: RequestOptions, planned: () => RequestPlan): StrongRequest {
    return { plan: planned(), deadline: this.#deadlineOf(request), replan: this.#replanWith(planned) };
  }

  #isStrong({ keyspace }: RequestOptions): boolean {
    return this.#dependencies.topology().keyspace(keyspace)?.mode === 'strong';
  }

  #replanWith(plan: () => RequestPlan): Replan {
    return replanWith(this.#dependencies.follower, plan);
  }

  #planRead(request: GetRequest, nowMs = this.#dependencies.deadlineClock()): DrivenRead {
    const planned = (): RequestPlan =>
      this.#nearestFirst(this.#plan(request, { name: 'r', number: request.r, level: request.level }));
    const deadline = this.#deadlineOf(request);
    return { plan: planned(), deadline, nowMs, replan: this.#replanWith(planned) };
  }

  #nearestFirst(plan: RequestPlan): RequestPlan {
    return nearestFirst(plan, this.#dependencies);
  }

  #deadlineOf({ timeoutMs }: RequestOptions): number {
    const { clock, options } = this.#dependencies;
    return clock.monotonicMs() + Math.min(timeoutMs ?? options.requestTimeoutMs, maxTimeoutMs);
  }
}

/** With the deadline of what was written, if it has one. */
function withDeadline<Result extends { readonly deadline?: number }>(
  result: Result,
  deadline: number | undefined,
): Result {
  return deadline === undefined ? result : { ...result, deadline };
}

function quorumOf({ w, level }: DeleteRequest): AskedQuorum {
  return { name: 'w', number: w, level };
}

/** Siblings live until they are replaced: a deadline that silence would seem to promise is refused. */
function refuseTtl({ ttlMs }: PutRequest, { name }: TopologyKeyspace): void {
  if (ttlMs === undefined || ttlMs === 0) return;
  throw new RequestError('NOT_SUPPORTED', `keyspace ${name} has siblings, and they live until they are replaced`);
}
