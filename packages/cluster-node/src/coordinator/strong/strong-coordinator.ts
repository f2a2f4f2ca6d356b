/**
 * Coordinates the requests for strong keyspaces: each key is a register that its owners agree on (CASPaxos, Rystsov 2018).
 * A change is a function of the current value, made once however often it is tried; a read takes one round where a majority
 * holds the same value, and confirms one first where it does not.
 */
import type { Codec } from '@kv/lsm-storage/core';
import type { HybridLogicalClock, Receipt } from '@kv/quorum';
import { type RegisterValue, versionOfMeta } from '@kv/wire';
import type { BallotSource } from '../../clock/ballot-source.ts';
import type { StampSource } from '../../clock/stamp-source.ts';
import type { Membership } from '../../membership/membership.ts';
import type { Random } from '../../ports.ts';
import type { ChangeResult } from '../../requests.ts';
import type { Strategies } from '../../strategies.ts';
import type { Refused } from '../coordinator.ts';
import { countRead, type StoredReadResult } from '../read-driver.ts';
import type { Replan } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import type { StandInDependencies } from '../stand-ins.ts';
import { ChangeDriver, type PlannedChange } from './change-driver.ts';
import { type OperationFailure, Operations, receiptOfNobody } from './operations.ts';
import { RegisterReadDriver } from './read-driver.ts';
import { isExpired } from '../../record.ts';
import { confirmed } from './register-change.ts';
import type { VoterAccess } from './voter-access.ts';

export interface StrongDependencies extends StandInDependencies {
  /** As the coordinator's. */
  readonly deadlineClock: () => number;
  readonly random: Random;
  readonly hlc: HybridLogicalClock;
  readonly stamps: StampSource;
  readonly ballots: BallotSource;
  readonly access: VoterAccess;
  readonly membership: Membership;
  readonly codec: Codec;
  readonly strategies: Strategies;
}

/** A request as it was planned: by which topology, until when, and how to plan it again by a later one. */
export interface StrongRequest {
  readonly plan: RequestPlan;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly replan: Replan;
  /** Called in place of the answer: its keyspace was dropped meanwhile. Default: it ends as `unavailable`. */
  readonly refused?: Refused | undefined;
}

export class StrongCoordinator {
  readonly #dependencies: StrongDependencies;
  readonly #operations: Operations;

  constructor(dependencies: StrongDependencies) {
    this.#dependencies = dependencies;
    this.#operations = new Operations(dependencies);
  }

  change(request: StrongRequest, change: PlannedChange, done: (result: ChangeResult) => void, refused: Refused): void {
    const told = { request: { ...request, refused }, change };
    new ChangeDriver(this.#dependencies, this.#operations, told, done, refused).start();
  }

  /** `nowMs`: milliseconds since 1970 that deadlines are held against, here and by whoever gets the answer. */
  get(request: StrongRequest, nowMs: number, done: (result: StoredReadResult) => void): void {
    const { counters } = this.#dependencies;
    const answer = (result: StoredReadResult): void => {
      countRead(counters, result);
      done(result);
    };
    this.#read(request, nowMs, answer);
  }

  /** Has a majority agree on the newest value, whatever it is; for repair. */
  confirm(request: StrongRequest, done: (confirmed: boolean) => void): void {
    const change = confirmed(this.#dependencies.deadlineClock());
    this.#operations.run({ ...request, change, bytes: 0 }, ({ result }) => done(result.outcome === 'done'));
  }

  #read(request: StrongRequest, nowMs: number, answer: (result: StoredReadResult) => void): void {
    const { plan, deadline, replan, refused } = request;
    if (!this.#operations.isReachable(plan)) {
      answer({ outcome: 'unavailable', receipt: receiptOfNobody(plan) });
      return;
    }
    const again = (later: RequestPlan): void => this.#read({ ...request, plan: later }, nowMs, answer);
    const confirm = (): void => this.#confirmForRead(request, nowMs, answer);
    new RegisterReadDriver(this.#dependencies, plan, deadline, ({ result, receipt, isFenced }) => {
      if (result.outcome === 'unavailable') {
        const fail = (): void => answer({ outcome: readFailure(result.reason), receipt });
        if (isFenced) replan(plan, again, fail, refused);
        else fail();
      } else if (result.outcome === 'undecided') confirm();
      else if (result.accepted === undefined) answer({ outcome: 'absent', receipt });
      else if (isExpired(result.accepted.value, nowMs)) confirm();
      else answer(found(result.accepted.value, receipt));
    }).start();
  }

  #confirmForRead(request: StrongRequest, nowMs: number, answer: (result: StoredReadResult) => void): void {
    this.#dependencies.counters.readsConfirmed += 1;
    this.#operations.run({ ...request, change: confirmed(nowMs), bytes: 0 }, ({ result, receipt }) => {
      if (result.outcome !== 'done') answer({ outcome: readFailure(result.reason), receipt });
      else if (result.value === undefined) answer({ outcome: 'absent', receipt });
      else answer(found(result.value, receipt));
    });
  }
}

function found({ meta, value }: RegisterValue, receipt: Receipt): StoredReadResult {
  return { outcome: 'found', version: versionOfMeta(meta), value: { meta, value }, receipt };
}

function readFailure(reason: OperationFailure): 'unavailable' | 'timed-out' {
  return reason === 'deadline' ? 'timed-out' : 'unavailable';
}
