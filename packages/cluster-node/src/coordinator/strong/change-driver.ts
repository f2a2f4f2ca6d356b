/** Makes one change of a key, once: as one operation on its register, under the stamp of whoever asked for it. */
import type { Version } from '@kv/quorum';
import type { ChangeCondition, ChangeFailure, RegisterValue } from '@kv/wire';
import type { Counters } from '../../counters.ts';
import { openRecord, type StoredRecord } from '../../record.ts';
import type { ChangeResult } from '../../requests.ts';
import type { Refused } from '../coordinator.ts';
import type { OperationAnswer, OperationFailure, Operations } from './operations.ts';
import type { ChangeOutcome, ChangeStep } from './register-change.ts';
import type { StrongDependencies, StrongRequest } from './strong-coordinator.ts';

export interface PlannedChange {
  /** As the client stamped it; `undefined`: the client cannot try it again, and this member stamps it. */
  readonly operation: Version | undefined;
  readonly condition: ChangeCondition;
  readonly record: (version: Version) => StoredRecord;
  /** Of the value. */
  readonly bytes: number;
}

export class ChangeDriver {
  readonly #dependencies: StrongDependencies;
  readonly #operations: Operations;
  readonly #request: StrongRequest;
  readonly #change: PlannedChange;
  readonly #nowMs: number;
  readonly #done: (result: ChangeResult) => void;
  /** There is no stamp to be had. */
  readonly #refused: Refused;
  /** Whether an acceptor may have been asked to accept what this change makes. */
  #proposed = false;

  constructor(
    dependencies: StrongDependencies,
    operations: Operations,
    { request, change }: { readonly request: StrongRequest; readonly change: PlannedChange },
    done: (result: ChangeResult) => void,
    refused: Refused,
  ) {
    this.#dependencies = dependencies;
    this.#operations = operations;
    this.#request = request;
    this.#change = change;
    this.#nowMs = dependencies.deadlineClock();
    this.#done = done;
    this.#refused = refused;
  }

  start(): void {
    const { operation } = this.#change;
    if (operation === undefined) this.#dependencies.stamps.issue((stamped) => this.#try(stamped), this.#refused);
    else this.#try(operation);
  }

  #try(operation: Version): void {
    const { condition, record, bytes } = this.#change;
    const judge = this.#dependencies.strategies.changeOnce({ operation, condition, record, nowMs: this.#nowMs });
    const change = (current: RegisterValue | undefined): ChangeStep => {
      const made = judge(current);
      // As with every version that leaves: it may be above all that this member's clock has heard of.
      if (made.result.outcome === 'applied') this.#dependencies.hlc.merge(made.result.version);
      this.#proposed ||= made.result.outcome === 'applied' && made.next !== undefined;
      return made;
    };
    this.#operations.run({ ...this.#request, change, bytes }, (answer) => this.#answered(answer));
  }

  #answered(answer: OperationAnswer<ChangeOutcome>): void {
    const { result, receipt } = answer;
    if (result.outcome !== 'done') {
      // Its last plan may have proposed nothing where an earlier one did.
      const outcome = this.#proposed ? 'unknown' : result.outcome;
      this.#answer({ outcome, reason: failureOf(result.reason), receipt });
      return;
    }
    const outcome = result.result;
    switch (outcome.outcome) {
      case 'applied':
        this.#answer({ ...outcome, receipt });
        return;
      case 'conflict':
        // No majority knows of any value, so none could rule out what this change proposed by an earlier plan.
        if (this.#proposed && result.value === undefined)
          this.#answer({ outcome: 'unknown', reason: 'outbid', receipt });
        else this.#answer({ ...this.#conflict(outcome), receipt });
        return;
      case 'forgotten':
        this.#forgotten(outcome.forgotten, answer);
    }
  }

  /** The clock hears of the stamp, so that what is stamped from now on is not behind it. */
  #forgotten(
    forgotten: Extract<ChangeOutcome, { outcome: 'forgotten' }>['forgotten'],
    { receipt }: OperationAnswer<ChangeOutcome>,
  ): void {
    this.#dependencies.hlc.merge(forgotten);
    // Under a stamp of this member's own nobody else has proposed: if it has not either, another stamp will do.
    if (this.#change.operation === undefined && !this.#proposed) this.start();
    else this.#answer({ outcome: 'unknown', reason: this.#proposed ? 'outbid' : 'forgotten', receipt });
  }

  #conflict({
    version,
    current,
  }: Extract<ChangeOutcome, { outcome: 'conflict' }>): Omit<Extract<ChangeResult, { outcome: 'conflict' }>, 'receipt'> {
    const opened = current && openRecord(current, this.#dependencies.codec, this.#nowMs);
    return {
      outcome: 'conflict',
      ...(version !== undefined && { version }),
      ...(opened !== undefined && { current: opened }),
    };
  }

  #answer(result: ChangeResult): void {
    countChange(this.#dependencies.counters, result);
    this.#done(result);
  }
}

function failureOf(reason: OperationFailure): ChangeFailure {
  return reason === 'too-few-voters' ? 'too-few-replicas' : reason;
}

function countChange(counters: Counters, { outcome }: ChangeResult): void {
  switch (outcome) {
    case 'applied':
      counters.changesApplied += 1;
      return;
    case 'conflict':
      counters.changesConflicting += 1;
      return;
    case 'unavailable':
      counters.changesUnavailable += 1;
      return;
    case 'unknown':
      counters.changesUnknown += 1;
      return;
  }
}
