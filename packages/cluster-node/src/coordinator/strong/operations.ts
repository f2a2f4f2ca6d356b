/** Runs operations on registers: where a majority can be reached, and one at a time for each key. */
import {
  type Change,
  reachableServers,
  type RegisterFailure,
  type RegisterResult,
  type Receipt,
  RequestLedger,
} from '@kv/quorum';
import type { RegisterValue } from '@kv/wire';
import { nameOfPlace } from '../../replica/replica.ts';
import type { RequestPlan } from '../request-plan.ts';
import { KeyQueues } from './key-queues.ts';
import { OperationDriver } from './operation-driver.ts';
import { Pace } from '../../clock/pace.ts';
import type { StrongDependencies, StrongRequest } from './strong-coordinator.ts';

export interface OperationAnswer<Result> {
  readonly result:
    | RegisterResult<RegisterValue, Result>
    /** Too much waits for its turn already. */
    | { readonly outcome: 'unavailable'; readonly reason: 'busy' };
  readonly receipt: Receipt;
}

export type OperationFailure = RegisterFailure | 'busy';

export interface OperationJob<Result> extends StrongRequest {
  readonly change: (current: RegisterValue | undefined) => Change<RegisterValue, Result>;
  /** That the operation holds while it waits for its turn. */
  readonly bytes: number;
}

const queueLimits = { perKey: 128, bytes: 64 * 1024 * 1024 };

export class Operations {
  readonly #dependencies: StrongDependencies;
  readonly #queues = new KeyQueues(queueLimits);
  readonly #pace = new Pace();

  constructor(dependencies: StrongDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * `done`, or the job's `refused`, is called once, by the deadline at the latest, also while the operation still waits for
   * its turn.
   */
  run<Result>(job: OperationJob<Result>, done: (answer: OperationAnswer<Result>) => void): void {
    const { plan, deadline, change, bytes } = job;
    const key = nameOfPlace(plan.place);
    const refusal = this.#refusal(plan, key, bytes);
    if (refusal !== undefined) {
      done({ result: { outcome: 'unavailable', reason: refusal }, receipt: receiptOfNobody(plan) });
      return;
    }
    let leave = (): void => undefined;
    const operation = { plan, change, deadline, pace: this.#pace };
    const driver = new OperationDriver(this.#dependencies, operation, (answer) => {
      leave();
      // What was proposed may be accepted yet: the change knows itself again when it is made once more.
      if (answer.result.outcome === 'done' || !answer.isFenced) done(answer);
      else
        job.replan(
          plan,
          (later) => this.run({ ...job, plan: later }, done),
          () => done(answer),
          job.refused,
        );
    });
    const run = (ended: () => void): void => {
      leave = ended;
      if (driver.answered) ended();
      else driver.start();
    };
    this.#queues.add(key, { bytes, run });
  }

  /** Whether enough of the key's owners may answer. */
  isReachable({ replicas, needed }: RequestPlan): boolean {
    return this.#dependencies.membership.reachable(replicas).length >= needed;
  }

  #refusal(plan: RequestPlan, key: string, bytes: number): 'too-few-voters' | 'busy' | undefined {
    if (!this.isReachable(plan)) return 'too-few-voters';
    return this.#queues.hasRoom(key, bytes) ? undefined : 'busy';
  }
}

/** Of a request for which nobody was asked. */
export function receiptOfNobody(plan: RequestPlan): Receipt {
  return new RequestLedger(plan, 0).receipt({ mode: 'strict', got: reachableServers(plan) });
}
