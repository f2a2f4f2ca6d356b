/** Keeps the history of a run while it happens: what each client began and when, what it was told, what it knew before. */
import { newerOf, type Version } from '@kv/quorum';
import { type Answer, type Intent, type Operation, succeeded } from './operation.ts';

export interface OperationCounts {
  readonly operations: number;
  readonly succeeded: number;
  readonly duringFaults: { readonly begun: number; readonly succeeded: number };
  /** How often operations ended with each error. */
  readonly errors: Readonly<Record<string, number>>;
}

export class Recorder {
  readonly #now: () => number;
  readonly #faultsUnderWay: () => boolean;
  readonly #operations: Operation[] = [];
  readonly #numbers = new Map<string, number>();
  /** The newest version that each client was told of, by client and key. */
  readonly #seen = new Map<string, Version>();
  #underWay = 0;

  /** @param now monotonic milliseconds */
  constructor(faultsUnderWay: () => boolean, now: () => number = () => performance.now()) {
    this.#faultsUnderWay = faultsUnderWay;
    this.#now = now;
  }

  /** Operations that have begun and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Those that have ended, in the order of their ends. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** An id for a client's next operation. */
  nextId(client: string): string {
    const number = (this.#numbers.get(client) ?? 0) + 1;
    this.#numbers.set(client, number);
    return `${client}-${number}`;
  }

  /** Runs an operation that never rejects: what goes wrong is an answer too. */
  async run(id: string, client: string, intent: Intent, call: () => Promise<Answer>): Promise<Answer> {
    const known = `${client} ${intent.key}`;
    const begun = { ...intent, id, client, startedAt: this.#now(), seen: this.#seen.get(known) };
    const duringFaults = this.#faultsUnderWay();
    this.#underWay += 1;
    const answer = await call();
    this.#underWay -= 1;
    this.#operations.push({ ...begun, duringFaults, endedAt: this.#now(), answer });
    const newest = newerOf(newerOf(toldBy(answer), answer.winner), this.#seen.get(known));
    if (newest !== undefined) this.#seen.set(known, newest);
    return answer;
  }

  /** Of the operations that have ended, the final reads excluded. */
  count(): OperationCounts {
    const counted = this.#operations.filter(({ final }) => final !== true);
    const during = counted.filter(({ duringFaults }) => duringFaults);
    const errors: Record<string, number> = {};
    for (const { answer } of counted) {
      if (answer.error !== undefined) errors[answer.error] = (errors[answer.error] ?? 0) + 1;
    }
    return {
      operations: counted.length,
      succeeded: counted.filter(({ answer }) => succeeded(answer)).length,
      duringFaults: { begun: during.length, succeeded: during.filter(({ answer }) => succeeded(answer)).length },
      errors,
    };
  }
}

/** A version that may be nowhere tells the client nothing. */
function toldBy(answer: Answer): Version | undefined {
  return succeeded(answer) ? answer.version : undefined;
}
