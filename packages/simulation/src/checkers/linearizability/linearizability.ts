/**
 * A strong keyspace behaves as if operations came one at a time: each takes effect at one moment between its beginning and
 * its end. One whose outcome is unknown takes effect at any time after its beginning, or never; one that was
 * rejected never; one whose condition did not hold says what was there.
 *
 * Decided for each key by itself, which is enough: a history is linearizable when its part for each object is (Herlihy
 * and Wing 1990).
 */
import { formatVersion, type Version } from '@kv/quorum';
import { describe, type StrongRecord, type Violation, type WriteCondition } from '../../history.ts';
import { byKey } from '../by-key.ts';
import { defaultMost, findOrder } from './find-order.ts';
import { type RegisterAction, type RegisterCondition, registerModel, type RegisterState } from './register-model.ts';
import type { TimedOperation } from './sequential-model.ts';

interface RegisterOperation extends TimedOperation<RegisterAction> {
  readonly record: StrongRecord;
}

/**
 * @param most configurations that are looked at in one moment; where they would be more, that is a violation too,
 *   because nothing was proven
 */
export function linearizability(records: readonly StrongRecord[], most: number = defaultMost): Violation[] {
  return [...byKey(records)].flatMap(([key, ofKey]) => {
    const operations = operationsOf(ofKey);
    const verdict = findOrder(registerModel(versionsIn(operations)), operations, most);
    if (verdict.type === 'linearizable') return [];
    const { record } = verdict.operation;
    const overlapping = ofKey.filter((other) => other !== record && overlaps(other, record)).map(({ id }) => id);
    const states = verdict.type === 'impossible' ? describeStates(verdict.states) : '';
    const message =
      verdict.type === 'impossible'
        ? `no order of the operations explains ${describe(record)}: until then the key held ${states}`
        : `undecided: more than ${most} orders are possible where this ends: ${describe(record)}`;
    return [{ check: 'linearizability', key, operations: [record.id, ...overlapping], message }];
  });
}

/** Whether an operation was under way while the other one was; one of unknown outcome always is, once it has begun. */
function overlaps(other: StrongRecord, { startedAt, endedAt }: StrongRecord): boolean {
  return other.startedAt <= endedAt && (other.outcome === 'unknown' || other.endedAt >= startedAt);
}

function describeStates(states: readonly RegisterState[]): string {
  return states.map(({ value }) => value ?? 'nothing').join(' or ');
}

function operationsOf(records: readonly StrongRecord[]): RegisterOperation[] {
  const versions = versionsOfValues(records);
  const unseen = new UnseenWrites(records);
  return records.flatMap((record) => {
    const action = actionOf(record, versions);
    if (action === undefined) return [];
    const { startedAt, outcome } = record;
    if (outcome !== 'unknown') return [{ record, action, startedAt, endedAt: record.endedAt }];
    return [{ record, action: unseen.shared(action), startedAt, endedAt: Infinity }];
  });
}

/** Writes of unknown outcome that nobody saw are one and the same action, where they are done on the same condition. */
class UnseenWrites {
  readonly #seen: ReadonlySet<string | undefined>;
  readonly #shared = new Map<string, RegisterAction>();

  constructor(records: readonly StrongRecord[]) {
    const named = records.flatMap(({ condition }) => (condition?.type === 'value' ? [condition.value] : []));
    const found = records.flatMap(({ outcome, value }) => (outcome === 'found' ? [value] : []));
    this.#seen = new Set([...named, ...found]);
  }

  shared(action: RegisterAction): RegisterAction {
    if (action.type !== 'write' || action.version !== undefined) return action;
    const { value, condition } = action;
    if (value !== undefined && this.#seen.has(value)) return action;
    const name = JSON.stringify([value === undefined, condition]);
    const shared = this.#shared.get(name) ?? action;
    this.#shared.set(name, shared);
    return shared;
  }
}

/** Of those writes of which it is known. */
function versionsIn(operations: readonly RegisterOperation[]): Set<string> {
  return new Set(operations.flatMap(({ action }) => (action.type === 'write' ? (action.version ?? []) : [])));
}

/** A version that no write was told is the one under which its value was found: no other write has the value. */
function versionsOfValues(records: readonly StrongRecord[]): ReadonlyMap<string, string> {
  const told = records.filter(({ outcome }) => outcome === 'applied' || outcome === 'found');
  return new Map(
    told.flatMap(({ value, version }) => {
      return value === undefined || version === undefined ? [] : [[value, formatVersion(version)]];
    }),
  );
}

/** `undefined` for what neither did nor saw anything. */
function actionOf(record: StrongRecord, versions: ReadonlyMap<string, string>): RegisterAction | undefined {
  const { kind, outcome, condition, value } = record;
  const version = textOf(record.version) ?? versions.get(value ?? '');
  switch (outcome) {
    case 'failed':
    case 'rejected':
      return undefined;
    case 'found':
    case 'absent':
      return { type: 'read', value: outcome === 'found' ? value : undefined, version };
    case 'conflict':
      if (condition === undefined) throw new TypeError(`${record.id} has no condition that could fail`);
      return { type: 'refusal', condition: conditionOf(condition), version: textOf(record.version) };
    case 'applied':
      return { type: 'write', value, version, condition: condition && conditionOf(condition) };
    case 'unknown':
      if (kind === 'get') return undefined;
      return { type: 'write', value, version, condition: condition && conditionOf(condition) };
  }
}

function conditionOf(condition: WriteCondition): RegisterCondition {
  if (condition.type === 'value') return condition;
  return { type: 'version', version: formatVersion(condition.version) };
}

function textOf(version: Version | undefined): string | undefined {
  return version === undefined ? undefined : formatVersion(version);
}
