/**
 * The topology as one member has it: what it goes by, its vote about the next epoch, and the keeping up with the others.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { changeIdAt, changeIdMs, type Frame, type KeyspaceChange, type Message, type TopologyState } from '@kv/wire';
import type { MemberClocks } from '../clock/member-clocks.ts';
import { asRequestError } from '../coordinator/request-checks.ts';
import { RequestError } from '../errors.ts';
import type { MemberState } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Random, Timers } from '../ports.ts';
import { changeKeyspace } from './change-keyspace.ts';
import { rememberedId } from './remembered-id.ts';
import { TopologyAcceptor } from './topology-acceptor.ts';
import { TopologyChanger, type TopologyChangeResult } from './topology-changer.ts';
import { TopologyFollower } from './topology-follower.ts';
import { type Refreshed, TopologyRefresher } from './topology-refresher.ts';
import { TopologyStore } from './topology-store.ts';
import { TopologyTeller } from './topology-teller.ts';
import { UnsettledChange } from './unsettled-change.ts';

export interface TopologyServiceDependencies {
  readonly self: string;
  readonly generation: number;
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly clocks: Pick<MemberClocks, 'admit' | 'stamps'>;
  readonly timers: Timers;
  readonly random: Random;
  readonly peers: PeerRequests;
  readonly stateOf: (member: string) => MemberState;
  /** False until this member has made sure that it has forgotten no promise. */
  readonly ready: () => boolean;
  readonly storageFailed: (error: unknown) => void;
}

/** What a client asks of the topology. */
export interface KeyspaceChangeRequest {
  /**
   * A UUID of version 7 in lowercase (see `changeIdAt` in `@kv/wire`), the same for every try: a change that was made is not
   * made again. Under the same id another change is another one. The last 16 in the order of the ids' times are remembered, and
   * one that is below all of them is refused as `OPERATION_FORGOTTEN`. Default: the change is not tried again, and gets an id
   * here.
   */
  readonly id?: string | undefined;
  readonly change: KeyspaceChange;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
}

const changeIdForm = 'a change has a UUID of version 7 in lowercase as its id';

export class TopologyService {
  readonly store: TopologyStore;
  readonly follower: TopologyFollower;
  readonly #dependencies: TopologyServiceDependencies;
  readonly #acceptor: TopologyAcceptor;
  readonly #changer: TopologyChanger;
  readonly #refresher: TopologyRefresher;
  readonly #unsettled: UnsettledChange;

  /** `remembered`: see `recallTopology`. */
  constructor(dependencies: TopologyServiceDependencies, remembered: TopologyState) {
    const { engine, storageFailed } = dependencies;
    this.#dependencies = dependencies;
    this.store = new TopologyStore({ engine, failed: storageFailed }, remembered);
    this.follower = new TopologyFollower({ ...dependencies, store: this.store });
    this.#refresher = new TopologyRefresher({ ...dependencies, store: this.store });
    this.#acceptor = new TopologyAcceptor(engine);
    const teller = new TopologyTeller({ ...dependencies, store: this.store });
    const register = { ...dependencies, acceptor: this.#acceptor, store: this.store };
    this.#changer = new TopologyChanger({ ...register, teller });
    this.#unsettled = new UnsettledChange({ ...register, changer: this.#changer });
  }

  change({ id, change, timeoutMs }: KeyspaceChangeRequest, done: (result: TopologyChangeResult) => void): void {
    const { clock, clocks } = this.#dependencies;
    const deadline = clock.monotonicMs() + timeoutMs;
    const refused = (error: RequestError): void => done({ outcome: 'refused', error });
    const begin = (known: string): void =>
      this.#changer.change((current) => changeKeyspace(current, known, change), deadline, done);
    if (id === undefined) return clocks.stamps.issue(({ ms }) => begin(changeIdAt(ms, this.#drawDigits())), refused);
    const ms = changeIdMs(id);
    if (ms === undefined) return refused(new RequestError('INVALID_CHANGE_ID', `${changeIdForm}, got ${id}`));
    const error = this.#judge(ms);
    if (error === undefined) begin(rememberedId(id, ms, change));
    else refused(error);
  }

  /** Has this member learn what the voters know. Calls back soon, whether they answered or not. */
  refresh(done: Refreshed): void {
    this.#refresher.refresh(done);
  }

  /** Its time is judged once, here, where it enters the cluster: one far ahead would have all others forgotten. */
  #judge(ms: number): RequestError | undefined {
    try {
      this.#dependencies.clocks.admit({ ms, counter: 0 });
      return undefined;
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (error instanceof RequestError) return error;
      throw error;
    }
  }

  #drawDigits(): string {
    const { random } = this.#dependencies;
    return Array.from({ length: 19 }, () => Math.floor(random.next() * 16).toString(16)).join('');
  }

  /** Serves what other members ask of this one about the topology. */
  serve({ message }: Frame, reply: (message: Message) => void): void {
    switch (message.type) {
      case 'topology-request':
        reply({ type: 'topology', ...this.store.current.state });
        return;
      case 'topology-adopt': {
        const { topology } = message;
        this.store.adoptDurably(topology, (stored) => {
          if (stored) reply({ type: 'topology-adopted', epoch: this.store.current.epoch });
          else reply({ type: 'error', code: 'DISK_FULL', message: 'this member could not make the topology durable' });
        });
        return;
      }
      case 'topology-prepare':
      case 'topology-accept':
        if (!this.#dependencies.ready()) {
          reply({ type: 'error', code: 'NOT_READY', message: 'this member is still starting' });
          return;
        }
        this.#acceptor.serve(message, reply, (error) => {
          reply({ type: 'error', code: 'STORAGE_FAILED', message: 'this voter could not make its word durable' });
          this.#dependencies.storageFailed(error);
        });
        return;
      default:
        return;
    }
  }

  /** What is stored of it, to be written anew. */
  restated(): BatchOperation[] {
    return [...this.store.restated(), ...this.#acceptor.restated()];
  }

  tick(): void {
    this.store.tick();
    if (this.#dependencies.ready()) this.#unsettled.tick();
  }
}
