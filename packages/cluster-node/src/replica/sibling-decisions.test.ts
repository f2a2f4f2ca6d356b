import { type Context, noSiblings, SiblingError, type SiblingSet, writeSibling } from '@kv/quorum';
import { decodeSiblings, encodeRecordMeta, encodeSiblings, type SiblingValue } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredRecord } from '../record.ts';
import { defaultStrategies } from '../strategies.ts';
import { givingDecision, mergingDecision, type SiblingDecision } from './sibling-decisions.ts';

const { siblings: strategies } = defaultStrategies;
const actors = ['01'.repeat(22), '02'.repeat(22)] as const;
const blind: Context = new Map();

function valueOf(text: string): SiblingValue {
  const bytes = new TextEncoder().encode(text);
  return { contentType: 'text/plain', codec: 0, rawLength: bytes.length, bytes };
}

function idOf(ms: number): { ms: number; counter: number; actor: string } {
  return { ms, counter: 0, actor: 'ab'.repeat(16) };
}

/** What a storage engine does with a decision. */
function apply(
  held: StoredRecord | undefined,
  { decide }: SiblingDecision,
  offered?: StoredRecord,
): StoredRecord | undefined {
  const decision = decide(held?.meta, offered?.meta ?? new Uint8Array(0), () => held?.value);
  if (decision === 'keep') return held;
  if (decision === 'replace') return offered;
  return { meta: decision.meta, value: decision.value ?? new Uint8Array(0) };
}

function merge(held: StoredRecord | undefined, incoming: StoredRecord): StoredRecord | undefined {
  return apply(held, mergingDecision(incoming, strategies), incoming);
}

const step = fc.record({ by: fc.constantFrom(0, 1), reads: fc.boolean(), merges: fc.boolean() });

/** Records as two owners come to hold them one after the other. */
const records = fc.array(step, { minLength: 1, maxLength: 12 }).map((steps) => {
  const sets: SiblingSet<SiblingValue>[] = [noSiblings, noSiblings];
  return steps.map(({ by, reads, merges }, index) => {
    if (merges) sets[by] = strategies.merge(sets[by]!, sets[1 - by]!);
    const context = reads ? sets[by]!.context : blind;
    const write = { actor: actors[by], id: idOf(index + 1), context, value: valueOf(`value ${index}`) };
    sets[by] = writeSibling(sets[by]!, write);
    return encodeSiblings(sets[by]);
  });
});

describe('a replica that is sent sets of siblings', () => {
  it('holds the same bytes in the end, in whatever order they arrive, and however often', () => {
    fc.assert(
      fc.property(
        records.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length })),
        ),
        ([all, arrivals]) => {
          const inOrder = all.reduce<StoredRecord | undefined>(merge, undefined);
          const shuffled = [...arrivals, ...all.toReversed()].reduce<StoredRecord | undefined>(merge, undefined);
          expect(shuffled).toEqual(inOrder);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('writes nothing when it learns nothing', () => {
    const record = encodeSiblings(
      writeSibling(noSiblings, { actor: actors[0], id: idOf(1), context: blind, value: valueOf('x') }),
    );
    expect(mergingDecision(record, strategies).decide(record.meta, record.meta, () => record.value)).toBe('keep');
  });

  it('refuses what is damaged, and what it cannot hold, and keeps what it has', () => {
    const record = encodeSiblings(
      writeSibling(noSiblings, { actor: actors[0], id: idOf(1), context: blind, value: valueOf('x') }),
    );
    const damaged = mergingDecision({ ...record, value: record.value.with(0, 9) }, strategies);
    expect(apply(record, damaged)).toBe(record);
    expect(damaged.refusal()).toMatchObject({ type: 'error', code: 'MALFORMED' });
    const tombstone = { meta: encodeRecordMeta({ kind: 'tombstone', version: idOf(1) }), value: record.value };
    expect(mergingDecision(tombstone, strategies).refusal()).toMatchObject({ code: 'MALFORMED' });
    const large = (actor: string, ms: number): StoredRecord => {
      const value = { ...valueOf(''), bytes: new Uint8Array(2.5 * 1024 * 1024), rawLength: 2.5 * 1024 * 1024 };
      return encodeSiblings(writeSibling(noSiblings, { actor, id: idOf(ms), context: blind, value }));
    };
    const one = large(actors[0], 1);
    const another = mergingDecision(large(actors[1], 2), strategies);
    expect(apply(one, another)).toBe(one);
    expect(another.refusal()).toMatchObject({ code: 'SIBLINGS_TOO_LARGE' });
  });
});

describe('a replica that makes a write', () => {
  const write = (ms: number) => (set: SiblingSet<SiblingValue>) =>
    strategies.write(set, { actor: actors[0], id: idOf(ms), context: blind, value: valueOf(`value ${ms}`) });

  it('hands out the set with it, also when it was made before', () => {
    const first = givingDecision(write(1));
    const held = apply(undefined, first)!;
    expect(first.given()!.record).toEqual(held);
    const again = givingDecision(write(1));
    expect(apply(held, again)).toBe(held);
    expect(again.given()!.record).toEqual(held);
    expect(decodeSiblings(held).siblings).toHaveLength(1);
  });

  it('does nothing where the set refuses, or cannot be read', () => {
    const refusing = givingDecision(() => {
      throw new SiblingError('TOO_MANY_SIBLINGS', 'too many');
    });
    expect(apply(undefined, refusing)).toBeUndefined();
    expect(refusing.refusal()).toEqual({ type: 'error', code: 'TOO_MANY_SIBLINGS', message: 'too many' });
    const held = apply(undefined, givingDecision(write(1)))!;
    const blindly = givingDecision(write(2));
    const rotten = { ...held, value: held.value.with(3, held.value[3]! ^ 1) };
    expect(apply(rotten, blindly)).toBe(rotten);
    expect(blindly.refusal()).toMatchObject({ code: 'STORAGE_DAMAGED' });
    expect(blindly.given()).toBeUndefined();
  });
});
