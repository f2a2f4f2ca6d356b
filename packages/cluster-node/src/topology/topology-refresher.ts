/**
 * Asks the voters for their topology, for a request that this member would refuse because it knows of no such keyspace: it
 * may have been made while this member was cut off.
 */
import { RequestError } from '../errors.ts';
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

/** How long a request waits for it, and up to a tick more: that is how often deadlines are looked at. */
const answerWithinMs = 250;
/** How long what was learned is taken as new: whoever asks for what is nowhere makes the voters no work. */
const freshForMs = 100;
/** Requests that wait at once: more would be a way to fill this member's memory. */
const mostWaiting = 1024;

/** @param unheard what to refuse a request with that asks for what is still unknown: too few voters told what they know */
export type Refreshed = (unheard: RequestError | undefined) => void;

export class TopologyRefresher {
  readonly #dependencies: TopologyRefresherDependencies;
  /** Voters that were asked and have not answered; empty once there is an answer for all who wait. */
  #asked = new Set<string>();
  #waiting: Refreshed[] = [];
  /** Voters that told what they know when they were asked last, this member among them. */
  #told = 0;
  #freshUntil = Number.NEGATIVE_INFINITY;

  constructor(dependencies: TopologyRefresherDependencies) {
    this.#dependencies = dependencies;
  }

  /** Calls back once: as soon as a majority of the voters told what they know, or no further one says so in time. */
  refresh(done: Refreshed): void {
    const isAsking = this.#asked.size > 0;
    const isFresh = this.#dependencies.clock.monotonicMs() < this.#freshUntil;
    if (isFresh || (isAsking && this.#waiting.length >= mostWaiting)) return done(this.#unheard);
    this.#waiting.push(done);
    if (!isAsking) this.#ask();
  }

  #ask(): void {
    const { self, clock, peers, stateOf, store } = this.#dependencies;
    const deadline = clock.monotonicMs() + answerWithinMs;
    const { voters } = store.current.state;
    const asked = new Set(voters.filter((id) => id !== self && stateOf(id) !== 'down'));
    this.#asked = asked;
    this.#told = Number(voters.includes(self));
    for (const to of [...asked]) {
      // What is told after a majority was, says nothing of what is asked for since.
      const ended = (told: boolean): void => {
        asked.delete(to);
        if (asked !== this.#asked) return;
        this.#told += Number(told);
        this.#endIfOver();
      };
      peers.ask({
        ...{ to, keyspaceId: 0, message: { type: 'topology-request' }, deadline },
        failed: () => ended(false),
        answered: (message) => {
          if (message.type === 'topology') store.adopt(message);
          ended(message.type === 'topology');
        },
      });
    }
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#asked.size > 0 && !this.#isTold) return;
    this.#asked = new Set();
    this.#freshUntil = this.#dependencies.clock.monotonicMs() + freshForMs;
    this.#release();
  }

  /** A majority accepted all that was told before, and goes by it but for what is yet unsettled (see UnsettledChange). */
  get #isTold(): boolean {
    return 2 * this.#told > this.#dependencies.store.current.state.voters.length;
  }

  get #unheard(): RequestError | undefined {
    if (this.#isTold) return undefined;
    const voters = this.#dependencies.store.current.state.voters.length;
    const text = `no such keyspace is known here, and ${this.#told} of ${voters} voters told what they know`;
    return new RequestError('TOO_FEW_VOTERS', text);
  }

  #release(): void {
    const unheard = this.#unheard;
    for (const done of this.#waiting.splice(0)) done(unheard);
  }
}
