/**
 * What a replica decides of sets of siblings, inside the storage engine, where no other write comes between: to merge a set
 * that comes in with the one it holds, and to make a write of one's own in it.
 */
import type { Decide } from '@kv/lsm-storage/core';
import { compareStamps, type Context, noSiblings, SiblingError, type SiblingSet, type Stamp } from '@kv/quorum';
import { decodeSiblings, encodeSiblings, maxFrameBytes, type Refusal, type SiblingValue, WireError } from '@kv/wire';
import type { StoredRecord } from '../record.ts';
import type { SiblingStrategies } from '../strategies.ts';

/** A key's set must fit into one frame beside its key and whatever else a message says. */
export const maxSetBytes: number = maxFrameBytes - 128 * 1024;

/** A decision that can also be not to decide: then nothing was done, for the reason told. */
export interface SiblingDecision {
  readonly decide: Decide;
  /** After `decide`. */
  readonly refusal: () => Refusal | undefined;
}

/** Of a write that was made: the set with it, to be handed to the other owners. */
export interface GivenWrite {
  readonly record: StoredRecord;
  readonly set: SiblingSet<SiblingValue>;
}

/** `bringsBack`: after `decide`, whether one of the siblings that came is that old and was not known before. */
export function mergingDecision(
  incoming: StoredRecord,
  { merge }: SiblingStrategies,
): SiblingDecision & { readonly bringsBack: (upTo: Stamp) => boolean } {
  const theirs = understood(incoming, 'MALFORMED');
  let known: Context = noSiblings.context;
  let refusal = 'code' in theirs ? theirs : undefined;
  const decide: Decide = (current, _, currentValue) => {
    if ('code' in theirs) return 'keep';
    if (current === undefined) return 'replace';
    if (sameBytes(current, incoming.meta)) return 'keep';
    const ours = held(current, currentValue);
    if (!('code' in ours)) known = ours.context;
    const merged = 'code' in ours ? ours : stored(merge(ours, theirs));
    if ('code' in merged) {
      refusal = merged;
      return 'keep';
    }
    if (sameBytes(merged.meta, current)) return 'keep';
    return sameBytes(merged.meta, incoming.meta) ? 'replace' : merged;
  };
  const bringsBack = (upTo: Stamp): boolean =>
    !('code' in theirs) &&
    theirs.siblings.some(({ id, dot }) => compareStamps(id, upTo) <= 0 && (known.get(dot.actor) ?? 0) < dot.counter);
  return { decide, refusal: () => refusal, bringsBack };
}

/** `change` returns the set that it was given when the write is in it already, and throws a SiblingError to refuse it. */
export function givingDecision(
  change: (set: SiblingSet<SiblingValue>) => SiblingSet<SiblingValue>,
): SiblingDecision & { readonly given: () => GivenWrite | undefined } {
  let refusal: Refusal | undefined;
  let given: GivenWrite | undefined;
  const decide: Decide = (current, _, currentValue) => {
    const before = current === undefined ? noSiblings : held(current, currentValue);
    const after = 'code' in before ? before : changed(before, change);
    const record = 'code' in after ? after : stored(after);
    if ('code' in record || 'code' in after) {
      refusal = 'code' in record ? record : undefined;
      return 'keep';
    }
    given = { record, set: after };
    return after === before ? 'keep' : record;
  };
  return { decide, refusal: () => refusal, given: () => given };
}

function held(meta: Uint8Array, valueOf: () => Uint8Array | undefined): SiblingSet<SiblingValue> | Refusal {
  return understood({ meta, value: valueOf() ?? new Uint8Array(0) }, 'STORAGE_DAMAGED');
}

function understood(record: StoredRecord, otherwise: string): SiblingSet<SiblingValue> | Refusal {
  try {
    return decodeSiblings(record);
  } catch (error) {
    if (error instanceof WireError) return refused(otherwise, error.message);
    throw error;
  }
}

function changed(
  set: SiblingSet<SiblingValue>,
  change: (set: SiblingSet<SiblingValue>) => SiblingSet<SiblingValue>,
): SiblingSet<SiblingValue> | Refusal {
  try {
    return change(set);
  } catch (error) {
    if (error instanceof SiblingError) return refused(error.code, error.message);
    throw error;
  }
}

function stored(set: SiblingSet<SiblingValue>): StoredRecord | Refusal {
  try {
    const record = encodeSiblings(set);
    if (record.value.length <= maxSetBytes) return record;
    return refused(
      'SIBLINGS_TOO_LARGE',
      `a key's siblings have at most ${maxSetBytes} bytes, got ${record.value.length}`,
    );
  } catch (error) {
    if (error instanceof WireError) return refused('SIBLINGS_TOO_LARGE', error.message);
    throw error;
  }
}

function refused(code: string, message: string): Refusal {
  return { type: 'error', code, message };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
