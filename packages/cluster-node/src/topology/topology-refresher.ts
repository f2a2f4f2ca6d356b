/**
 * Asks the voters for their topology, for a request that this member would refuse because it knows of no such keyspace: it
 * may have been made while this member was cut off.
 */
import type { MemberState } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock } from '../ports.ts';
import type { TopologyStore } from './topology-store.ts';

export interface TopologyRefresherDependencies {
  readonly self: string;
  readonly clock: Clock;
  readonly peers: PeerRequests;
  readonly stateOf: (member: string) => MemberState;
  readonly store: TopologyStore;
}

/** How long a request waits for it. */
const answerWithinMs = 250;
/** How long what was learned is taken as new: whoever asks for what is nowhere makes the voters no work. */
const freshForMs = 100;
/** Requests that wait at once: more would be a way to fill this member's memory. */
const mostWaiting = 1024;

export class TopologyRefresher {
  readonly #dependencies: TopologyRefresherDependencies;
  /** Voters that were asked and have not answered. */
  readonly #asked = new Set<string>();
  #waiting: (() => void)[] = [];
  #freshUntil = Number.NEGATIVE_INFINITY;

  constructor(dependencies: TopologyRefresherDependencies) {
    this.#dependencies = dependencies;
    dependencies.store.onChange(() => this.#release());
  }

  /**
   * Calls back once: as soon as a later topology is known, or none of the voters that are not believed down has one or says
   * so in time.
   */
  refresh(done: () => void): void {
    const isAsking = this.#asked.size > 0;
    const isFresh = this.#dependencies.clock.monotonicMs() < this.#freshUntil;
    if (isAsking ? this.#waiting.length >= mostWaiting : isFresh) return done();
    this.#waiting.push(done);
    if (!isAsking) this.#ask();
  }

  #ask(): void {
    const { self, clock, peers, stateOf, store } = this.#dependencies;
    const deadline = clock.monotonicMs() + answerWithinMs;
    for (const id of store.current.state.voters) if (id !== self && stateOf(id) !== 'down') this.#asked.add(id);
    for (const to of [...this.#asked]) {
      const ended = (): void => {
        this.#asked.delete(to);
        this.#endIfOver();
      };
      peers.ask({
        ...{ to, keyspaceId: 0, message: { type: 'topology-request' }, deadline, failed: ended },
        answered: (message) => {
          if (message.type === 'topology') store.adopt(message);
          ended();
        },
      });
    }
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#asked.size > 0) return;
    this.#freshUntil = this.#dependencies.clock.monotonicMs() + freshForMs;
    this.#release();
  }

  #release(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}
