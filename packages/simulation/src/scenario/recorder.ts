/** Keeps the history while it happens: what each client began, what it was told, and what it knew before. */
import { clockSampleKeptMs } from '@kv/cluster-node';
import type { Version } from '@kv/quorum';
import { newerOf } from '@kv/quorum';
import {
  type IntentCondition,
  type KnownSiblings,
  nothingKnown,
  type OperationIntent,
  type OperationResult,
} from '../cluster/client-operation.ts';
import { fingerprint } from '../cluster/fingerprint.ts';
import type {
  ClockBounds,
  History,
  ReadRecord,
  ScanRecord,
  SiblingRecord,
  StrongRecord,
  WriteCondition,
  WriteRecord,
  WriteRecordOutcome,
} from '../history.ts';
import { startOfTimeMs, type WallClock } from '../world/wall-clock.ts';
import type { KeyspaceOptions } from './keyspaces/keyspace-options.ts';

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

/**
 * Of one keyspace: `writes` and `reads` of an eventual one, `besides` of one with siblings, `operations` of a strong one.
 */
export interface KeyspaceHistory extends History {
  readonly keyspace: KeyspaceOptions;
  readonly operations: readonly StrongRecord[];
  readonly besides: readonly SiblingRecord[];
  readonly scans: readonly ScanRecord[];
}

interface Records extends KeyspaceHistory {
  readonly writes: WriteRecord[];
  readonly reads: ReadRecord[];
  readonly operations: StrongRecord[];
  readonly besides: SiblingRecord[];
}

export class Recorder {
  readonly #records: ReadonlyMap<number, Records>;
  readonly #clocks: () => readonly WallClock[];
  /**
   * By client and key: the newest version that the client was told of; in a strong keyspace the version of the value that
   * it was told of last.
   */
  readonly #seen = new Map<string, Version>();
  /** In a keyspace with siblings, by client and key: what the client read last. */
  readonly #known = new Map<string, KnownSiblings>();
  readonly #atNextBegin: (() => void)[] = [];
  #underWay = 0;
  #counts = { operations: 0, succeeded: 0, begunDuringFaults: 0, succeededDuringFaults: 0 };

  /** @param clocks the wall clocks of all nodes; `forgetsAfterMs`: see {@link History} */
  constructor(
    keyspaces: readonly KeyspaceOptions[],
    clocks: () => readonly WallClock[] = () => [],
    { forgetsAfterMs }: Pick<History, 'forgetsAfterMs'> = {},
  ) {
    this.#clocks = clocks;
    this.#records = new Map(
      keyspaces.map((keyspace) => {
        return [
          keyspace.id,
          {
            keyspace,
            ...(forgetsAfterMs !== undefined && { forgetsAfterMs }),
            replicas: keyspace.replicas,
            writes: [],
            reads: [],
            operations: [],
            besides: [],
            scans: [],
          },
        ];
      }),
    );
  }

  /** Operations that have begun and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Of the operations that have ended, the final reads excluded. */
  get counts(): OperationCounts {
    return this.#counts;
  }

  get histories(): readonly KeyspaceHistory[] {
    return [...this.#records.values()];
  }

  /** The version under which a client knows a key; see {@link OperationIntent.condition}. */
  seen(client: string, { keyspaceId, key }: Pick<OperationIntent, 'keyspaceId' | 'key'>): Version | undefined {
    return this.#seen.get(seenKey(client, keyspaceId, key));
  }

  /** What a client knows of a key in a keyspace with siblings. */
  known(client: string, { keyspaceId, key }: Pick<OperationIntent, 'keyspaceId' | 'key'>): KnownSiblings {
    return this.#known.get(seenKey(client, keyspaceId, key)) ?? nothingKnown;
  }

  /** Calls `work` once, when the next operation has begun. */
  atNextBegin(work: () => void): void {
    this.#atNextBegin.push(work);
  }

  /** Returns what to call with the operation's result, once. */
  begin(operation: BegunOperation): (result: OperationResult, at: number) => void {
    this.#underWay += 1;
    const { client, intent } = operation;
    const seen = this.seen(client, intent);
    for (const work of this.#atNextBegin.splice(0)) work();
    return (result, endedAt) => {
      this.#underWay -= 1;
      const { keyspace, writes, reads, operations, besides } = this.#recordsOf(intent);
      if (intent.siblings !== undefined) besides.push(siblingRecord(operation, result, endedAt));
      else if (keyspace.mode === 'strong') operations.push(strongRecord(operation, result, endedAt));
      else if (intent.kind === 'get')
        reads.push({ ...readRecord(operation, result, endedAt), ...this.#bounds(operation) });
      else writes.push(writeRecord(operation, result, endedAt, seen));
      this.#see(operation, result, keyspace.mode === 'strong');
      if (!operation.final) this.#count(operation, result);
    };
  }

  /** A node goes by its own clock, or by another's as it last heard it. */
  #bounds({ startedAt }: BegunOperation): { readonly clocks?: ClockBounds } {
    const clocks = this.#clocks();
    if (clocks.length === 0) return {};
    const least = clocks.map((clock) => clock.leastAheadMs(startedAt - clockSampleKeptMs));
    const latest = clocks.map((clock) => clock.latestMs(clockSampleKeptMs));
    return { clocks: { lowestMs: startOfTimeMs + startedAt + Math.min(...least), highestMs: Math.max(...latest) } };
  }

  #recordsOf({ keyspaceId }: OperationIntent): Records {
    const records = this.#records.get(keyspaceId);
    if (records === undefined) throw new TypeError(`there is no keyspace ${keyspaceId}`);
    return records;
  }

  #see({ client, intent }: BegunOperation, result: OperationResult, isStrong: boolean): void {
    const { outcome, version, winner, values, context } = result;
    if (outcome === 'unknown' || outcome === 'rejected' || outcome === 'failed') return;
    const name = seenKey(client, intent.keyspaceId, intent.key);
    if (values !== undefined) this.#known.set(name, { context, values: values.map(fingerprint) });
    const isGone = outcome === 'absent' || (outcome === 'applied' && intent.kind === 'delete');
    const newest = isStrong ? version : newerOf(newerOf(version, winner), this.#seen.get(name));
    if (isStrong && isGone) this.#seen.delete(name);
    else if (newest !== undefined) this.#seen.set(name, newest);
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

function seenKey(client: string, keyspaceId: number, key: string): string {
  return `${client} ${keyspaceId} ${key}`;
}

function readRecord(operation: BegunOperation, result: OperationResult, endedAt: number): ReadRecord {
  const { id, client, intent, startedAt, final } = operation;
  const { outcome, version, value, strict = true, lasting = true } = result;
  return {
    id,
    client,
    key: intent.key,
    startedAt,
    endedAt,
    kind: 'get',
    r: quorumOf(intent),
    strict,
    outcome: outcome === 'found' || outcome === 'absent' ? outcome : 'failed',
    version,
    value: value === undefined ? undefined : fingerprint(value),
    lasting,
    final,
  };
}

function writeRecord(
  operation: BegunOperation,
  { outcome, version, winner, strict = true }: OperationResult,
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
    w: quorumOf(intent),
    strict,
    version: operation.version ?? version,
    outcome: writeOutcome(outcome),
    ...(intent.ttlMs !== undefined && { ttlMs: intent.ttlMs }),
    ...(winner !== undefined && { winner }),
    ordered: operation.version !== undefined,
    seen,
  };
}

function quorumOf({ quorum }: OperationIntent): number {
  if (quorum === undefined) throw new TypeError('an operation in an eventual keyspace has a quorum');
  return quorum;
}

function writeOutcome(outcome: OperationResult['outcome']): WriteRecordOutcome {
  if (outcome === 'found' || outcome === 'absent' || outcome === 'failed' || outcome === 'conflict') {
    throw new TypeError(`a write does not end as ${outcome}`);
  }
  return outcome;
}

function strongRecord(operation: BegunOperation, result: OperationResult, endedAt: number): StrongRecord {
  const { id, client, intent, startedAt } = operation;
  const { kind, key, condition } = intent;
  const { outcome, version } = result;
  if (outcome === 'superseded') throw new TypeError('nothing is superseded in a strong keyspace');
  const value = kind === 'get' ? result.value : intent.value;
  return {
    id,
    client,
    key,
    startedAt,
    endedAt,
    kind,
    ...(condition !== undefined && { condition: conditionOf(condition) }),
    outcome,
    value: value === undefined ? undefined : fingerprint(value),
    // What the client stamped is the operation's name, not the version that the key gets.
    version: outcome === 'unknown' ? undefined : version,
  };
}

function siblingRecord(operation: BegunOperation, result: OperationResult, endedAt: number): SiblingRecord {
  const { id, client, intent, startedAt, final } = operation;
  const { kind, key, value, siblings = nothingKnown } = intent;
  const { outcome, version, values = [], strict = true } = result;
  if (outcome === 'superseded' || outcome === 'conflict')
    throw new TypeError(`no write beside others ends as ${outcome}`);
  const written = value === undefined ? [] : [fingerprint(value)];
  return {
    id,
    client,
    key,
    startedAt,
    endedAt,
    kind,
    quorum: quorumOf(intent),
    strict,
    outcome,
    values: kind === 'get' ? values.map(fingerprint) : written,
    replaces: kind === 'get' ? [] : siblings.values,
    version: operation.version ?? version,
    final,
  };
}

function conditionOf(condition: IntentCondition): WriteCondition {
  return condition.type === 'absent' ? { type: 'value', value: undefined } : condition;
}
