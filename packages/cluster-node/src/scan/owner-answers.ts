/**
 * Collects what R owners of a partition say: the nearest is asked for values, the others for versions; an owner that
 * fails or is slow is replaced by the next, who is asked for values too, so that among R answers one has them.
 *
 * A plain synchronous object: the driver carries out its effects, in order, and feeds back what comes in.
 */
import { noRepairs, primary, type Receipt, type ReplicaAnswer, type ReplicaPlan } from '@kv/quorum';
import type { Want } from '@kv/wire';

export type OwnerEffect<Answer> =
  | { readonly type: 'ask'; readonly owner: string; readonly want: Want }
  | { readonly type: 'enough'; readonly answers: readonly Answer[] }
  | { readonly type: 'too-few'; readonly outcome: 'unavailable' | 'timed-out'; readonly receipt: Receipt };

export class OwnerAnswers<Answer> {
  readonly #plan: ReplicaPlan;
  readonly #want: Want;
  readonly #startedAt: number;
  readonly #answers = new Map<string, Answer>();
  readonly #told = new Map<string, ReplicaAnswer>();
  #ended = false;

  /**
   * @param want of the nearest owner, and of those who stand in
   * @param startedAt monotonic milliseconds
   */
  constructor(plan: ReplicaPlan, want: Want, startedAt: number) {
    this.#plan = plan;
    this.#want = want;
    this.#startedAt = startedAt;
  }

  start(): OwnerEffect<Answer>[] {
    const { replicas, needed } = this.#plan;
    return replicas.slice(0, needed).map((owner, index) => this.#ask(owner, index === 0 ? this.#want : 'version'));
  }

  receive(owner: string, answer: Answer, now: number): OwnerEffect<Answer>[] {
    if (this.#ended || !this.#told.has(owner)) return [];
    this.#tell(owner, { answer: 'held' }, now);
    this.#answers.set(owner, answer);
    if (this.#answers.size < this.#plan.needed) return [];
    this.#ended = true;
    return [{ type: 'enough', answers: [...this.#answers.values()] }];
  }

  /** An owner refused, or could not be reached. */
  fail(owner: string, answer: 'refused' | 'unreachable', reason: string, now: number): OwnerEffect<Answer>[] {
    if (this.#ended || this.#answers.has(owner)) return [];
    this.#tell(owner, { answer, reason }, now);
    const standIns = this.standIn();
    if (standIns.length > 0 || this.#possible >= this.#plan.needed) return standIns;
    return this.#tooFew('unavailable');
  }

  /** Someone is slow: asks one more owner. The driver decides when. */
  standIn(): OwnerEffect<Answer>[] {
    const owner = this.#ended ? undefined : this.#plan.replicas.find((candidate) => !this.#told.has(candidate));
    return owner === undefined ? [] : [this.#ask(owner, this.#want)];
  }

  /** The driver knows that too few owners are up. */
  reject(): OwnerEffect<Answer>[] {
    return this.#ended ? [] : this.#tooFew('unavailable');
  }

  /** The deadline passed. */
  expire(): OwnerEffect<Answer>[] {
    return this.#ended ? [] : this.#tooFew('timed-out');
  }

  /** Owners that have answered or still may. */
  get #possible(): number {
    const failed = [...this.#told.values()].filter(({ answer }) => answer === 'refused' || answer === 'unreachable');
    return this.#plan.replicas.length - failed.length;
  }

  #ask(owner: string, want: Want): OwnerEffect<Answer> {
    this.#told.set(owner, { ...primary(owner), answer: 'pending' });
    return { type: 'ask', owner, want };
  }

  #tell(owner: string, answer: Pick<ReplicaAnswer, 'answer' | 'reason'>, now: number): void {
    this.#told.set(owner, { ...primary(owner), ...answer, latencyMs: Math.max(0, now - this.#startedAt) });
  }

  #tooFew(outcome: 'unavailable' | 'timed-out'): OwnerEffect<Answer>[] {
    this.#ended = true;
    const { epoch, needed, replicas } = this.#plan;
    const told = replicas.flatMap((replica) => this.#told.get(replica) ?? []);
    const got = this.#answers.size;
    const receipt: Receipt = { mode: 'strict', epoch, needed, got, replicas: told, repairs: noRepairs };
    return [{ type: 'too-few', outcome, receipt }];
  }
}
