/**
 * A change that a majority of the voters accepted is decided, even if whoever proposed it died before it told anybody. A voter
 * that has accepted a later epoch than it goes by, and hears of none for a while, has the voters settle it: by an operation
 * of the register that changes nothing itself.
 */
import type { Clock } from '../ports.ts';
import type { TopologyAcceptor } from './topology-acceptor.ts';
import type { TopologyChanger } from './topology-changer.ts';
import type { TopologyStore } from './topology-store.ts';

export interface UnsettledChangeDependencies {
  readonly clock: Clock;
  readonly acceptor: TopologyAcceptor;
  readonly changer: TopologyChanger;
  readonly store: TopologyStore;
}

/** Long after whoever proposed it would have told of it, and how long the voters may take. */
const settleAfterMs = 1000;

export class UnsettledChange {
  readonly #dependencies: UnsettledChangeDependencies;
  /** Since when the accepted epoch is one that nobody told of, and which; `undefined`: it is not. */
  #since: { readonly epoch: number; readonly ms: number } | undefined;
  #isSettling = false;

  constructor(dependencies: UnsettledChangeDependencies) {
    this.#dependencies = dependencies;
  }

  tick(): void {
    const { clock, acceptor, changer, store } = this.#dependencies;
    const { acceptedEpoch } = acceptor;
    const now = clock.monotonicMs();
    if (acceptedEpoch <= store.current.epoch) {
      this.#since = undefined;
    } else if (this.#since?.epoch !== acceptedEpoch) {
      this.#since = { epoch: acceptedEpoch, ms: now };
    } else if (!this.#isSettling && now - this.#since.ms >= settleAfterMs) {
      this.#isSettling = true;
      changer.change(
        (current) => current,
        now + settleAfterMs,
        () => {
          this.#isSettling = false;
          this.#since = undefined;
        },
      );
    }
  }
}
