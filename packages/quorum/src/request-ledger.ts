/** Keeps what each server answered to one request, and writes the receipt from it. */
import { noRepairs, type Receipt, type Repairs, type ReplicaAnswer } from './receipt.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { sameVersion } from './version.ts';

/** What a server is asked to do: as an owner, or in the place of one. */
export type Part = Pick<ReplicaAnswer, 'replica' | 'role' | 'hintFor'>;

export class RequestLedger {
  readonly #plan: ReplicaPlan;
  readonly #startedAt: number;
  /** In the order in which they were asked. */
  readonly #answers = new Map<string, ReplicaAnswer>();

  constructor(plan: ReplicaPlan, startedAt: number) {
    this.#plan = plan;
    this.#startedAt = startedAt;
    for (const replica of plan.down ?? []) this.#set({ replica, role: 'primary', answer: 'down' });
  }

  /** Owners are asked for themselves; what comes from anyone who was never asked is ignored. */
  isOwner(replica: string): boolean {
    return this.#plan.replicas.includes(replica);
  }

  asked(part: Part): void {
    const known = this.answerOf(part);
    if (known === undefined || known.answer === 'down') this.#set({ ...part, answer: 'pending' });
  }

  hasAsked(part: Part): boolean {
    const known = this.answerOf(part);
    return known !== undefined && known.answer !== 'down';
  }

  answerOf(part: Part): ReplicaAnswer | undefined {
    return this.#answers.get(nameOf(part));
  }

  /** Replaces what the server said before; an answer that only repeats it keeps the first latency. */
  answered(part: Part, answer: Pick<ReplicaAnswer, 'answer' | 'version' | 'reason'>, now: number): void {
    const known = this.answerOf(part);
    if (known?.answer === answer.answer && sameVersion(known.version, answer.version)) return;
    this.#set({ ...part, ...answer, latencyMs: Math.max(0, now - this.#startedAt) });
  }

  /** Whether nothing was stored: everyone who was asked refused. */
  everyoneRefused(): boolean {
    return [...this.#answers.values()].every(({ answer }) => answer === 'refused' || answer === 'down');
  }

  /** Whether somebody who was asked has not answered yet. */
  hasPending(): boolean {
    return [...this.#answers.values()].some(({ answer }) => answer === 'pending');
  }

  receipt(counted: Pick<Receipt, 'mode' | 'got'>, repairs: Repairs = noRepairs): Receipt {
    const primaries = this.#plan.replicas.flatMap((replica) => this.answerOf(primary(replica)) ?? []);
    const fallbacks = [...this.#answers.values()].filter(({ role }) => role === 'fallback');
    const { epoch, needed } = this.#plan;
    return { mode: counted.mode, epoch, needed, got: counted.got, replicas: [...primaries, ...fallbacks], repairs };
  }

  #set(answer: ReplicaAnswer): void {
    this.#answers.set(nameOf(answer), answer);
  }
}

export function primary(replica: string): Part {
  return { replica, role: 'primary' };
}

export function fallback(replica: string, hintFor?: string): Part {
  return { replica, role: 'fallback', ...(hintFor !== undefined && { hintFor }) };
}

/** A server may be asked for itself and as a fallback: the coordinator, where it owns the key and keeps a hint beside. */
function nameOf({ replica, role, hintFor = '' }: Part): string {
  return role === 'primary' ? replica : `${hintFor}<${replica}`;
}
