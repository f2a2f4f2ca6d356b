import type { Version } from '@kv/quorum';
import { type ChangeCondition, decodeRecordMeta, encodeRecordMeta, type RegisterValue } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StoredRecord, tombstoneRecord } from '../../record.ts';
import { changeOnce, confirmed, type KeyChange, rememberedOperations } from './register-change.ts';

const actor = (n: number) => n.toString(16).padStart(32, '0');
const version = (ms: number, by = 1): Version => ({ ms, counter: 0, actor: actor(by) });
const none: ChangeCondition = { type: 'none' };
const absent: ChangeCondition = { type: 'absent' };

function value(text: string, deadline?: number): (version: Version) => StoredRecord {
  const fields = { kind: 'value', codec: 0, rawLength: text.length, contentType: 'text/plain' } as const;
  return (version) => ({
    meta: encodeRecordMeta({ ...fields, version, ...(deadline !== undefined && { deadline }) }),
    value: new TextEncoder().encode(text),
  });
}

function change(operation: Version, more: Partial<KeyChange> = {}): KeyChange {
  return { operation, condition: none, record: value('text'), nowMs: 0, ...more };
}

/** The value after the changes, made one after the other. */
function after(...changes: readonly KeyChange[]): RegisterValue | undefined {
  return changes.reduce<RegisterValue | undefined>(
    (current, one) => changeOnce(one)(current).next ?? current,
    undefined,
  );
}

const metaOf = (current: RegisterValue | undefined) => current && decodeRecordMeta(current.meta);

describe('a change of a register', () => {
  it('takes the stamp of its operation for a version, but is always above the version before', () => {
    expect(changeOnce(change(version(5)))(undefined).result).toEqual({ outcome: 'applied', version: version(5) });
    const current = after(change(version(5)));
    expect(changeOnce(change(version(7)))(current).result).toMatchObject({ version: version(7) });
    expect(changeOnce(change(version(3, 9)))(current).result).toMatchObject({
      version: { ms: 5, counter: 1, actor: actor(9) },
    });
  });

  it('is made where its condition holds, and is else a conflict that names what stood in the way', () => {
    const current = after(change(version(5)));
    const ask = (condition: ChangeCondition, ...[of]: [RegisterValue?]) =>
      changeOnce(change(version(6), { condition }))(of).result;
    expect(ask(absent).outcome).toBe('applied');
    expect(ask({ type: 'version', version: version(5) }, current).outcome).toBe('applied');
    const conflict = { outcome: 'conflict', version: version(5), current: { value: current?.value } };
    expect(ask(absent, current)).toMatchObject(conflict);
    expect(ask({ type: 'version', version: version(4) }, current)).toMatchObject(conflict);
    expect(ask({ type: 'version', version: version(4) })).toEqual({ outcome: 'conflict' });
  });

  it('finds nothing in a tombstone: an absent key has no version to match', () => {
    const deleted = after(change(version(5)), change(version(6), { record: tombstoneRecord }));
    expect(metaOf(deleted)).toEqual({ kind: 'tombstone', version: version(6) });
    const ask = (condition: ChangeCondition) => changeOnce(change(version(7), { condition }))(deleted).result;
    expect(ask({ type: 'version', version: version(6) })).toEqual({ outcome: 'conflict' });
    expect(ask(absent).outcome).toBe('applied');
  });

  it('is made once however often it is tried, whatever came after it', () => {
    const retried = change(version(5), { condition: absent });
    const current = after(retried, change(version(6)), change(version(7), { record: tombstoneRecord }));
    const again = changeOnce(retried)(current);
    expect(again).toEqual({ result: { outcome: 'applied', version: version(5) } });
  });

  it('stays a conflict once it was one, though its condition would hold by now', () => {
    const loser = change(version(6), { condition: absent });
    const current = after(change(version(5)), loser, change(version(7), { record: tombstoneRecord }));
    expect(changeOnce(loser)(current)).toEqual({ result: { outcome: 'conflict', version: version(5) } });
    const early = change(version(6), { condition: { type: 'version', version: version(9) } });
    const later = after(change(version(5)), early, change(version(9)));
    expect(changeOnce(early)(later).result).toMatchObject({ outcome: 'conflict', version: version(5) });
    expect(changeOnce(early)(after(early, change(version(9))))).toEqual({ result: { outcome: 'conflict' } });
    const stale = change(version(6), { condition: { type: 'version', version: version(4) } });
    expect(changeOnce(stale)(after(change(version(5)))).next).toBeUndefined();
  });

  it('is forgotten, never a conflict, when it is older than all that is remembered', () => {
    const many = Array.from({ length: rememberedOperations + 1 }, (_, index) => change(version(10 + index)));
    const current = after(...many);
    expect(current?.memory.recent).toHaveLength(rememberedOperations);
    const forgotten = { outcome: 'forgotten', forgotten: { ms: 10, counter: 0 } };
    expect(changeOnce(change(version(10), { condition: absent }))(current).result).toEqual(forgotten);
    expect(changeOnce(change(version(3)))(current).result).toEqual(forgotten);
    expect(changeOnce(change(version(11)))(current).result).toMatchObject({ outcome: 'applied' });
  });

  it('deletes a value whose deadline has passed, whatever it then comes to', () => {
    const current = after(change(version(5), { record: value('short', 100) }));
    const stands = { nowMs: 99 };
    const over = { nowMs: 100 };
    expect(confirmed(99)(current)).toEqual({ result: undefined });
    expect(metaOf(confirmed(100)(current).next)).toEqual({ kind: 'tombstone', version: version(5) });
    const matching: ChangeCondition = { type: 'version', version: version(5) };
    expect(changeOnce(change(version(6), { condition: matching, ...stands }))(current).result.outcome).toBe('applied');
    const refused = changeOnce(change(version(6), { condition: matching, ...over }))(current);
    expect(refused.result).toEqual({ outcome: 'conflict' });
    expect(metaOf(refused.next)?.kind).toBe('tombstone');
    expect(changeOnce(change(version(6), { condition: absent, ...over }))(current).result.outcome).toBe('applied');
  });

  it('raises the version with every change that is made, and with no other', () => {
    const any = fc.record({
      operation: fc.integer({ min: 1, max: 40 }).map((ms) => version(ms)),
      condition: fc.constantFrom(none, absent, { type: 'version', version: version(3) } as const),
      deletes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (changes) => {
        let current: RegisterValue | undefined;
        const done = new Map<number, unknown>();
        for (const { operation, condition, deletes } of changes) {
          const record = deletes ? tombstoneRecord : value('x');
          const { next, result } = changeOnce({ operation, condition, record, nowMs: 0 })(current);
          const before = metaOf(current)?.version.ms ?? 0;
          const stamp = metaOf(next ?? current)?.version;
          const isNew = result.outcome === 'applied' && !done.has(operation.ms);
          if (isNew) expect(stamp).toEqual(result.version);
          // The first conflict over nothing is remembered by a tombstone of its own.
          else expect(stamp).toEqual(metaOf(current)?.version ?? (next && operation));
          if (isNew) expect(stamp!.ms).toBeGreaterThanOrEqual(before);
          if (result.outcome === 'applied') {
            expect(done.get(operation.ms) ?? result.version).toEqual(result.version);
            done.set(operation.ms, result.version);
          } else if (result.outcome === 'conflict') expect(done.has(operation.ms)).toBe(false);
          current = next ?? current;
          expect(current?.memory.recent.length ?? 0).toBeLessThanOrEqual(rememberedOperations);
        }
      }),
    );
  });
});
