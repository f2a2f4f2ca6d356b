/** Keeps the history while it happens: what each client began, what it was told, and what it knew before. */
import type { Version } from '@kv/quorum';
import { newerOf } from '@kv/quorum';
import type { OperationIntent, OperationResult } from '../cluster/client-operation.ts';
import { fingerprint } from '../cluster/fingerprint.ts';
import type { History, ReadRecord, WriteRecord, WriteRecordOutcome } from '../history.ts';

/** An operation that has begun. */
export interface BegunOperation {
  readonly id: string;
  readonly client: string;
  readonly intent: OperationIntent;
  readonly startedAt: number;
  /** The version that the client stamped its write with. */
  readonly version: Version | undefined;
  /** Read to settle what is there, after the end of all faults. */
  readonly final: boolean;
  /** Begun while a fault was under way. */
  readonly duringFaults: boolean;
}

export interface OperationCounts {
  readonly operations: number;
  readonly succeeded: number;
  readonly begunDuringFaults: number;
  readonly succeededDuringFaults: number;
}

export class Recorder {
  readonly #replicas: number;
  readonly #writes: WriteRecord[] = [];
  readonly #reads: ReadRecord[] = [];
  /** The newest version that each client was told of, by client and key. */
  readonly #seen = new Map<string, Version>();
  readonly #atNextBegin: (() => void)[] = [];
  #underWay = 0;
  #counts = { operations: 0, succeeded: 0, begunDuringFaults: 0, succeededDuringFaults: 0 };

  /** @param replicas N */
  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  /** Operations that have begun and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Of the operations that have ended, the final reads excluded. */
  get counts(): OperationCounts {
    return this.#counts;
  }

  get history(): History {
    return { replicas: this.#replicas, writes: this.#writes, reads: this.#reads };
  }

  /** Calls `work` once, when the next operation has begun. */
  atNextBegin(work: () => void): void {
    this.#atNextBegin.push(work);
  }

  /** Returns what to call with the operation's result, once. */
  begin(operation: BegunOperation): (result: OperationResult, at: number) => void {
    this.#underWay += 1;
    const seen = this.#seen.get(seenKey(operation));
    for (const work of this.#atNextBegin.splice(0)) work();
    return (result, endedAt) => {
      this.#underWay -= 1;
      if (operation.intent.kind === 'get') this.#reads.push(readRecord(operation, result, endedAt));
      else this.#writes.push(writeRecord(operation, result, endedAt, seen));
      this.#see(operation, result);
      if (!operation.final) this.#count(operation, result);
    };
  }

  #see(operation: BegunOperation, { outcome, version, winner }: OperationResult): void {
    if (outcome === 'unknown' || outcome === 'rejected' || outcome === 'failed') return;
    const newest = newerOf(newerOf(version, winner), this.#seen.get(seenKey(operation)));
    if (newest !== undefined) this.#seen.set(seenKey(operation), newest);
  }

  #count({ duringFaults }: BegunOperation, { outcome }: OperationResult): void {
    const succeeded = outcome !== 'unknown' && outcome !== 'rejected' && outcome !== 'failed' ? 1 : 0;
    const during = duringFaults ? 1 : 0;
    const { operations, begunDuringFaults, succeededDuringFaults } = this.#counts;
    this.#counts = {
      operations: operations + 1,
      succeeded: this.#counts.succeeded + succeeded,
      begunDuringFaults: begunDuringFaults + during,
      succeededDuringFaults: succeededDuringFaults + during * succeeded,
    };
  }
}

function seenKey({ client, intent }: BegunOperation): string {
  return `${client} ${intent.key}`;
}

function readRecord(operation: BegunOperation, result: OperationResult, endedAt: number): ReadRecord {
  const { id, client, intent, startedAt, final } = operation;
  const { outcome, version, value } = result;
  return {
    id,
    client,
    key: intent.key,
    startedAt,
    endedAt,
    kind: 'get',
    r: intent.quorum,
    outcome: outcome === 'found' || outcome === 'absent' ? outcome : 'failed',
    version,
    value: value === undefined ? undefined : fingerprint(value),
    final,
  };
}

function writeRecord(
  operation: BegunOperation,
  { outcome, version, winner }: OperationResult,
  endedAt: number,
  seen: Version | undefined,
): WriteRecord {
  const { id, client, intent, startedAt } = operation;
  return {
    id,
    client,
    key: intent.key,
    startedAt,
    endedAt,
    kind: intent.kind === 'delete' ? 'delete' : 'put',
    value: intent.value === undefined ? undefined : fingerprint(intent.value),
    w: intent.quorum,
    version: operation.version ?? version,
    outcome: writeOutcome(outcome),
    ...(winner !== undefined && { winner }),
    ordered: operation.version !== undefined,
    seen,
  };
}

function writeOutcome(outcome: OperationResult['outcome']): WriteRecordOutcome {
  if (outcome === 'found' || outcome === 'absent' || outcome === 'failed') {
    throw new TypeError(`a write does not end as ${outcome}`);
  }
  return outcome;
}
