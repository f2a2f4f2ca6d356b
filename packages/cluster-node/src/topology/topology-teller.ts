/**
 * Tells every member of an epoch that was decided, and finds out who goes by it: a member answers once it does, durably.
 * Those that are believed down, or were never heard, are told and not waited for: they hear of it with the first frame of
 * anybody, before they serve.
 */
import type { TopologyState } from '@kv/wire';
import type { MemberState } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Timer, Timers } from '../ports.ts';
import type { TopologyStore } from './topology-store.ts';

export interface TopologyTellerDependencies {
  readonly self: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly peers: PeerRequests;
  readonly store: TopologyStore;
  /** What is believed of a member at this moment. */
  readonly stateOf: (member: string) => MemberState;
}

/** How often it is looked who still has to be waited for, and who refused or was lost is told again. */
const turnMs = 100;
/** Whoever was silent for so long is told again. */
const againAfterMs = 500;

export class TopologyTeller {
  readonly #dependencies: TopologyTellerDependencies;

  constructor(dependencies: TopologyTellerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Goes by it here, and tells the others once. */
  spread(topology: TopologyState): void {
    const { self, store, peers } = this.#dependencies;
    store.adopt(topology);
    for (const { id } of topology.members) if (id !== self) peers.tell(id, { type: 'topology', ...topology });
  }

  /**
   * @param deadline monotonic milliseconds
   * @param done called once, by the deadline, with the members that are waited for and did not say that they go by it
   */
  tell(topology: TopologyState, deadline: number, done: (behind: readonly string[]) => void): void {
    new Telling(this.#dependencies, topology, deadline, done).start();
  }
}

class Telling {
  readonly #dependencies: TopologyTellerDependencies;
  readonly #topology: TopologyState;
  readonly #deadline: number;
  readonly #done: (behind: readonly string[]) => void;
  /** Who has not answered, and when it was told last. */
  readonly #unanswered = new Map<string, number>();
  #timer: Timer | undefined;
  #ended = false;

  constructor(
    dependencies: TopologyTellerDependencies,
    topology: TopologyState,
    deadline: number,
    done: (behind: readonly string[]) => void,
  ) {
    this.#dependencies = dependencies;
    this.#topology = topology;
    this.#deadline = deadline;
    this.#done = done;
  }

  start(): void {
    const { self } = this.#dependencies;
    const ids = this.#topology.members.map(({ id }) => id);
    for (const id of ids) this.#unanswered.set(id, this.#now());
    // Goes by it before it tells others, so that its frames say the epoch.
    this.#tell(self);
    for (const id of ids) if (id !== self) this.#tell(id);
    this.#turn();
  }

  #turn(): void {
    if (this.#endIfOver()) return;
    const now = this.#now();
    for (const id of this.#awaited()) {
      if (now - (this.#unanswered.get(id) ?? now) >= againAfterMs) this.#tell(id);
    }
    if (this.#ended) return;
    const pauseMs = Math.max(0, Math.min(turnMs, this.#deadline - now));
    this.#timer = this.#dependencies.timers.set(pauseMs, () => this.#turn());
  }

  #tell(to: string): void {
    const { self, peers, store } = this.#dependencies;
    this.#unanswered.set(to, this.#now());
    const answered = (): void => {
      this.#unanswered.delete(to);
      this.#endIfOver();
    };
    const failed = (): void => {
      if (this.#unanswered.has(to)) this.#unanswered.set(to, Number.NEGATIVE_INFINITY);
    };
    if (to === self) {
      store.adoptDurably(this.#topology, (stored) => (stored ? answered() : failed()));
      return;
    }
    const { epoch } = this.#topology;
    const message = { type: 'topology-adopt', topology: this.#topology } as const;
    const deadline = this.#deadline;
    peers.ask({
      ...{ to, keyspaceId: 0, message, deadline, failed },
      answered: (reply) => {
        if (reply.type === 'topology-adopted' && reply.epoch >= epoch) answered();
        else failed();
      },
    });
  }

  #endIfOver(): boolean {
    if (this.#ended) return true;
    const awaited = this.#awaited();
    if (awaited.length > 0 && this.#now() < this.#deadline) return false;
    this.#ended = true;
    this.#timer?.cancel();
    this.#done(awaited);
    return true;
  }

  /** By what is believed now: who came back is waited for again. */
  #awaited(): string[] {
    const { stateOf } = this.#dependencies;
    return [...this.#unanswered.keys()].filter((id) => mustBeWaitedFor(stateOf(id)));
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

/** One that is only suspected may serve its clients all the while. */
function mustBeWaitedFor(state: MemberState): boolean {
  return state === 'alive' || state === 'suspect';
}
