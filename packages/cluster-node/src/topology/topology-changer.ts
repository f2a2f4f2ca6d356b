/**
 * Has the voters agree on the next epoch: drives one operation of the topology register, and tells every member what came
 * of it.
 */
import { RegisterOperation, type RegisterEffect, type RegisterRequest, Voters } from '@kv/quorum';
import type { Message, TopologyAccept, TopologyPrepare, TopologyState } from '@kv/wire';
import { RequestError } from '../errors.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Random, Timer, Timers } from '../ports.ts';
import type { TopologyAcceptor } from './topology-acceptor.ts';
import type { TopologyStore } from './topology-store.ts';
import type { TopologyTeller } from './topology-teller.ts';

export interface TopologyChangerDependencies {
  readonly self: string;
  readonly generation: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly peers: PeerRequests;
  readonly acceptor: TopologyAcceptor;
  readonly store: TopologyStore;
  readonly teller: TopologyTeller;
  readonly storageFailed: (error: unknown) => void;
}

/**
 * - `changed`: decided. `behind` names the members that are not believed down and have not said by the deadline that they
 *   go by it; every request that begins now at any other member that is not believed down goes by it.
 * - `refused`: the change makes no sense for the topology as it is, or its id is none (see `KeyspaceChangeRequest`).
 *   Nothing was changed; only of `OPERATION_FORGOTTEN` an earlier try may have been.
 * - `unavailable`: too few voters can be reached; nothing was changed.
 * - `unknown`: it may be decided, now or later; tried again under the same id it is the same change.
 */
export type TopologyChangeResult =
  | { readonly outcome: 'changed'; readonly topology: TopologyState; readonly behind: readonly string[] }
  | { readonly outcome: 'refused'; readonly error: RequestError }
  | { readonly outcome: 'unavailable' | 'unknown' };

/** For the answer to reach whoever asked by its deadline, though a member did not say anything. */
const headStartMs = 50;

type Verdict = { readonly topology: TopologyState } | { readonly error: RequestError };

export class TopologyChanger {
  readonly #dependencies: TopologyChangerDependencies;
  #operations = 0;

  constructor(dependencies: TopologyChangerDependencies) {
    this.#dependencies = dependencies;
  }

  /** `next`: the topology after the change, the same object if it was made already. May throw a RequestError. */
  change(
    next: (current: TopologyState) => TopologyState,
    deadline: number,
    done: (result: TopologyChangeResult) => void,
  ): void {
    const { self, generation, store, random } = this.#dependencies;
    this.#operations += 1;
    const { state: known } = store.current;
    let isProposed = false;
    const operation = new RegisterOperation<TopologyState, Verdict>(
      new Voters(known.voters),
      (current) => {
        const change = judged(current ?? known, next);
        isProposed ||= change.next !== undefined;
        return change;
      },
      { proposer: `${self}.${generation}.${this.#operations}`, random },
    );
    new ChangeDriver(this.#dependencies, operation, () => isProposed, deadline, done).start();
  }
}

/**
 * While the register is empty, no epoch but the first was ever decided, and every member made that one of its
 * configuration.
 */
function judged(
  current: TopologyState,
  next: (current: TopologyState) => TopologyState,
): { next?: TopologyState; result: Verdict } {
  try {
    const topology = next(current);
    return { ...(topology !== current && { next: topology }), result: { topology } };
  } catch (error) {
    if (error instanceof RequestError) return { result: { error } };
    throw error;
  }
}

class ChangeDriver {
  readonly #dependencies: TopologyChangerDependencies;
  readonly #operation: RegisterOperation<TopologyState, Verdict>;
  /** Whether an attempt proposed the change: one that was outbid may have been accepted nevertheless. */
  readonly #isProposed: () => boolean;
  readonly #deadline: number;
  readonly #done: (result: TopologyChangeResult) => void;
  #deadlineTimer: Timer | undefined;

  constructor(
    dependencies: TopologyChangerDependencies,
    operation: RegisterOperation<TopologyState, Verdict>,
    isProposed: () => boolean,
    deadline: number,
    done: (result: TopologyChangeResult) => void,
  ) {
    this.#dependencies = dependencies;
    this.#operation = operation;
    this.#isProposed = isProposed;
    this.#deadline = deadline;
    this.#done = done;
  }

  start(): void {
    const { timers, clock } = this.#dependencies;
    const remaining = this.#deadline - clock.monotonicMs();
    this.#deadlineTimer = timers.set(remaining, () => this.#run(this.#operation.expire()));
    this.#run(this.#operation.start());
  }

  #run(effects: readonly RegisterEffect<TopologyState, Verdict>[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.to, effect.request);
      else if (effect.type === 'answer') this.#answer(effect.result);
      else {
        const { attempt, milliseconds } = effect;
        this.#dependencies.timers.set(milliseconds, () => this.#run(this.#operation.wake(attempt)));
      }
    }
  }

  #send(to: string, request: RegisterRequest<TopologyState>): void {
    const { self, acceptor, peers, storageFailed } = this.#dependencies;
    const message = messageOf(request);
    const failed = (): void => this.#run(this.#operation.fail(to, request.ballot));
    const answered = (reply: Message): void => {
      if (reply.type === 'topology-reply') this.#run(this.#operation.receive(to, request.ballot, reply.reply));
      else failed();
    };
    if (to !== self) peers.ask({ to, keyspaceId: 0, message, deadline: this.#deadline, answered, failed });
    else {
      acceptor.serve(message, answered, (error) => {
        failed();
        storageFailed(error);
      });
    }
  }

  #answer(result: (RegisterEffect<TopologyState, Verdict> & { readonly type: 'answer' })['result']): void {
    this.#deadlineTimer?.cancel();
    if (result.outcome !== 'done') return this.#done({ outcome: result.outcome });
    if ('topology' in result.result) return this.#tell(result.result.topology);
    if (result.value !== undefined) this.#dependencies.teller.spread(result.value);
    const { error } = result.result;
    // Its own try may be what so many changes came behind.
    const mayBeMade = error.code === 'OPERATION_FORGOTTEN' && this.#isProposed();
    this.#done(mayBeMade ? { outcome: 'unknown' } : { outcome: 'refused', error });
  }

  #tell(topology: TopologyState): void {
    const { teller, clock } = this.#dependencies;
    const remaining = Math.max(0, this.#deadline - clock.monotonicMs());
    const until = this.#deadline - Math.min(headStartMs, remaining / 10);
    teller.tell(topology, until, (behind) => this.#done({ outcome: 'changed', topology, behind }));
  }
}

function messageOf(request: RegisterRequest<TopologyState>): TopologyPrepare | TopologyAccept {
  return request.type === 'prepare'
    ? { type: 'topology-prepare', ballot: request.ballot }
    : { type: 'topology-accept', ballot: request.ballot, topology: request.value };
}
