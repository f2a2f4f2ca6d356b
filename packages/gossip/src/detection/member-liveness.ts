import type { Liveness } from '../gossip-effect.ts';
import { PhiAccrualDetector, type PhiAccrualOptions } from './phi-accrual-detector.ts';
import { Suspicion, type SuspicionBounds } from './suspicion.ts';

/** How a member came to be known: by a message of its own, or only by what others tell. */
export type Acquaintance = 'spoke' | 'hearsay';

/** What judging a member found; the state is passed through one step at a time. */
export type Judgement = 'unchanged' | 'suspected' | 'down';

/**
 * The opinion held of one member:
 *
 *            silence                time without refutation
 *     alive ---------> suspect ---------------------------> down
 *       ^                 |                                  |
 *       +-----------------+------------- heard of -----------+
 *
 * A member known by hearsay begins as suspect: whoever tells of it may be telling of the dead. One rise of its heartbeat proves
 * it alive.
 */
export class MemberLiveness {
  readonly #detector: PhiAccrualDetector;
  #liveness: Liveness;
  /** Null while alive; kept when down, for its confirmations. */
  #suspicion: Suspicion | null;
  /** Suspect without ever having been silent: no accusation to tell others. */
  #unproven: boolean;

  constructor(options: PhiAccrualOptions, acquaintance: Acquaintance, bounds: SuspicionBounds, now: number) {
    this.#detector = new PhiAccrualDetector(options, now);
    this.#unproven = acquaintance === 'hearsay';
    this.#liveness = this.#unproven ? 'suspect' : 'alive';
    this.#suspicion = this.#unproven ? new Suspicion(bounds, now) : null;
  }

  get liveness(): Liveness {
    return this.#liveness;
  }

  get lastHeardAt(): number {
    return this.#detector.lastArrivalAt;
  }

  get confirmations(): number {
    return this.#suspicion?.confirmations ?? 0;
  }

  /** True if peers may count this observer as one more that suspects the member. */
  get accused(): boolean {
    return this.#liveness === 'down' || (this.#liveness === 'suspect' && !this.#unproven);
  }

  phi(now: number): number {
    return this.#detector.phi(now);
  }

  /** Its state rose. */
  heard(now: number): 'unchanged' | 'alive-again' {
    const before = this.#liveness;
    this.#detector.arrived(now);
    this.#liveness = 'alive';
    this.#suspicion = null;
    this.#unproven = false;
    return before === 'alive' ? 'unchanged' : 'alive-again';
  }

  /** A peer suspects it too; no news unless it is suspect here. */
  confirm(peer: string): void {
    this.#suspicion?.confirm(peer);
  }

  /** Judges the silence at `now`. `bounds` is asked only when suspicion begins; `patience` multiplies the silence allowed. */
  judge(now: number, patience: number, bounds: () => SuspicionBounds): Judgement {
    if (now < this.deadline(patience)) return 'unchanged';
    if (this.#suspicion === null) {
      this.#liveness = 'suspect';
      this.#suspicion = new Suspicion(bounds(), now);
      return 'suspected';
    }
    this.#liveness = 'down';
    return 'down';
  }

  /** When the opinion changes if nothing is heard; never, if down. */
  deadline(patience: number): number {
    switch (this.#liveness) {
      case 'alive':
        return this.#detector.lastArrivalAt + patience * this.#detector.patienceMs;
      case 'suspect':
        return this.#suspicion?.deadline ?? Number.POSITIVE_INFINITY;
      case 'down':
        return Number.POSITIVE_INFINITY;
    }
  }

  /** It said good-bye: down, without anybody's suspicion. */
  leave(): void {
    this.#liveness = 'down';
    this.#suspicion = null;
    this.#unproven = false;
  }

  /** The observer itself paused for `pausedMs` until `now`: the silence of that time is nobody's. */
  excuse(pausedMs: number, now: number): void {
    this.#detector.excuse(pausedMs, now);
    this.#suspicion?.excuse(pausedMs, now);
  }
}
