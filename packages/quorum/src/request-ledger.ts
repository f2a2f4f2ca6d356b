/** Keeps what each replica answered to one request, and writes the receipt from it. */
import type { Receipt, ReplicaAnswer } from './receipt.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { sameVersion } from './version.ts';

export class RequestLedger {
  readonly #plan: ReplicaPlan;
  readonly #startedAt: number;
  readonly #answers = new Map<string, ReplicaAnswer>();

  constructor(plan: ReplicaPlan, startedAt: number) {
    this.#plan = plan;
    this.#startedAt = startedAt;
  }

  /** Only owners of the key are asked and counted; what comes from anyone else is ignored. */
  isOwner(replica: string): boolean {
    return this.#plan.replicas.includes(replica);
  }

  asked(replica: string): void {
    if (!this.#answers.has(replica)) this.#answers.set(replica, { replica, answer: 'pending' });
  }

  hasAsked(replica: string): boolean {
    return this.#answers.has(replica);
  }

  answerOf(replica: string): ReplicaAnswer | undefined {
    return this.#answers.get(replica);
  }

  /** Replaces what the replica said before; an answer that only repeats it keeps the first latency. */
  answered(replica: string, answer: Omit<ReplicaAnswer, 'replica' | 'latencyMs'>, now: number): void {
    const known = this.#answers.get(replica);
    if (known?.answer === answer.answer && sameVersion(known.version, answer.version)) return;
    this.#answers.set(replica, { replica, ...answer, latencyMs: Math.max(0, now - this.#startedAt) });
  }

  everyoneRefused(): boolean {
    return this.#plan.replicas.every((replica) => this.#answers.get(replica)?.answer === 'refused');
  }

  /** Whether somebody who was asked has not answered yet. */
  hasPending(): boolean {
    return [...this.#answers.values()].some(({ answer }) => answer === 'pending');
  }

  receipt(got: number, repairs: Receipt['repairs'] = { sent: 0, acknowledged: 0 }): Receipt {
    const replicas = this.#plan.replicas.flatMap((replica) => this.#answers.get(replica) ?? []);
    return { mode: 'strict', epoch: this.#plan.epoch, needed: this.#plan.needed, got, replicas, repairs };
  }
}
