/**
 * Keeps up with the others' epochs: whoever sends a frame says his, and a member that finds itself behind fetches the
 * topology from there. A request that was planned with an epoch not known here waits for it.
 */
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock } from '../ports.ts';
import type { TopologyStore } from './topology-store.ts';

export interface TopologyFollowerDependencies {
  readonly clock: Clock;
  readonly peers: PeerRequests;
  readonly store: TopologyStore;
}

interface Held {
  readonly epoch: number;
  readonly serve: () => void;
  readonly refuse: () => void;
}

/** How long a member may take to tell its topology. */
const fetchWithinMs = 2000;
/** Requests that wait at once: more would be a way to fill this member's memory. */
const mostHeld = 1024;

export class TopologyFollower {
  readonly #dependencies: TopologyFollowerDependencies;
  #fetching = false;
  #held: Held[] = [];

  constructor(dependencies: TopologyFollowerDependencies) {
    this.#dependencies = dependencies;
    dependencies.store.onChange(() => this.#release());
  }

  /** A member told its epoch. */
  heard(from: string, epoch: number): void {
    const { clock, peers, store } = this.#dependencies;
    if (this.#fetching || epoch <= store.current.epoch) return;
    this.#fetching = true;
    peers.ask({
      to: from,
      keyspaceId: 0,
      message: { type: 'topology-request' },
      deadline: clock.monotonicMs() + fetchWithinMs,
      answered: (message) => {
        this.#fetching = false;
        if (message.type === 'topology') store.adopt(message);
        this.#giveUp();
      },
      failed: () => {
        this.#fetching = false;
        this.#giveUp();
      },
    });
  }

  /** Serves a request once its epoch is known here, or refuses it if that cannot be. `heard` comes first. */
  hold(epoch: number, serve: () => void, refuse: () => void): void {
    if (epoch <= this.#dependencies.store.current.epoch) serve();
    else if (!this.#fetching || this.#held.length >= mostHeld) refuse();
    else this.#held.push({ epoch, serve, refuse });
  }

  #release(): void {
    const known = this.#dependencies.store.current.epoch;
    const due = this.#held.filter(({ epoch }) => epoch <= known);
    this.#held = this.#held.filter(({ epoch }) => epoch > known);
    for (const { serve } of due) serve();
  }

  /** The fetch is over: what still waits is ahead of whoever was asked. */
  #giveUp(): void {
    for (const { refuse } of this.#held.splice(0)) refuse();
  }
}
