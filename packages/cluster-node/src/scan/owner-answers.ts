/**
 * Collects what R owners of a partition say: the nearest is asked for values, the others for versions; an owner that
 * fails or is slow is replaced by the next, who is asked for values too, so that among R answers one has them.
 *
 * A plain synchronous object: the driver carries out its effects, in order, and feeds back what comes in.
 */
import { primary, reachableServers, type Receipt, type ReplicaPlan, RequestLedger } from '@kv/quorum';
import type { Want } from '@kv/wire';

export type OwnerEffect<Answer> =
  | { readonly type: 'ask'; readonly owner: string; readonly want: Want }
  | { readonly type: 'enough'; readonly answers: readonly Answer[] }
  | { readonly type: 'too-few'; readonly outcome: 'unavailable' | 'timed-out'; readonly receipt: Receipt };

export class OwnerAnswers<Answer> {
  readonly #plan: ReplicaPlan;
  readonly #want: Want;
  readonly #ledger: RequestLedger;
  readonly #answers = new Map<string, Answer>();
  readonly #failed = new Set<string>();
  #ended = false;

  /**
   * @param want of the nearest owner, and of those who stand in
   * @param startedAt monotonic milliseconds
   */
  constructor(plan: ReplicaPlan, want: Want, startedAt: number) {
    this.#plan = plan;
    this.#want = want;
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** When too few owners are up nobody is asked. */
  start(): OwnerEffect<Answer>[] {
    const { replicas, needed } = this.#plan;
    const reachable = reachableServers(this.#plan);
    if (reachable < needed) return this.#tooFew('unavailable', reachable);
    return replicas.slice(0, needed).map((owner, index) => this.#ask(owner, index === 0 ? this.#want : 'version'));
  }

  receive(owner: string, answer: Answer, now: number): OwnerEffect<Answer>[] {
    if (this.#ended || !this.#ledger.hasAsked(primary(owner))) return [];
    this.#ledger.answered(primary(owner), { answer: 'held' }, now);
    this.#failed.delete(owner);
    this.#answers.set(owner, answer);
    if (this.#answers.size < this.#plan.needed) return [];
    this.#ended = true;
    return [{ type: 'enough', answers: [...this.#answers.values()] }];
  }

  /** An owner refused, or could not be reached. */
  fail(owner: string, answer: 'refused' | 'unreachable', reason: string, now: number): OwnerEffect<Answer>[] {
    if (this.#ended || this.#answers.has(owner)) return [];
    this.#ledger.answered(primary(owner), { answer, reason }, now);
    this.#failed.add(owner);
    const standIns = this.standIn();
    const { replicas, needed } = this.#plan;
    if (standIns.length > 0 || replicas.length - this.#failed.size >= needed) return standIns;
    return this.#tooFew('unavailable');
  }

  /** Someone is slow: asks one more owner. The driver decides when. */
  standIn(): OwnerEffect<Answer>[] {
    if (this.#ended) return [];
    const owner = this.#plan.replicas.find((candidate) => !this.#ledger.hasAsked(primary(candidate)));
    return owner === undefined ? [] : [this.#ask(owner, this.#want)];
  }

  /** The deadline passed. */
  expire(): OwnerEffect<Answer>[] {
    return this.#ended ? [] : this.#tooFew('timed-out');
  }

  #ask(owner: string, want: Want): OwnerEffect<Answer> {
    this.#ledger.asked(primary(owner));
    return { type: 'ask', owner, want };
  }

  #tooFew(outcome: 'unavailable' | 'timed-out', got = this.#answers.size): OwnerEffect<Answer>[] {
    this.#ended = true;
    return [{ type: 'too-few', outcome, receipt: this.#ledger.receipt({ mode: 'strict', got }) }];
  }
}
