/** Reads that count fallbacks, and what they admit. */
import { describe, expect, it } from 'vitest';
import { type Held, type ReadEffect, ReadOperation, type ReadResult } from './read-operation.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import type { Version } from './version.ts';

const actor = '0'.repeat(32);
const v1: Version = { ms: 1, counter: 0, actor };
const v2: Version = { ms: 2, counter: 0, actor };
const nothing: Held<string> = { version: undefined };
const full = (version: Version): Held<string> => ({ version, value: `value ${version.ms}` });
const base: ReplicaPlan = {
  replicas: ['a', 'b', 'c'],
  needed: 2,
  epoch: 4,
  sloppy: true,
  fallbacks: ['x', 'y'],
};

function started(plan: Partial<ReplicaPlan> = {}): {
  operation: ReadOperation<string>;
  effects: ReadEffect<string>[];
} {
  const operation = new ReadOperation<string>({ ...base, ...plan }, 100);
  return { operation, effects: operation.start() };
}

function resultIn(effects: readonly ReadEffect<string>[]): ReadResult<string> {
  const [answer] = effects.filter((effect) => effect.type === 'answer');
  if (answer === undefined) throw new Error('no answer');
  return answer.result;
}

const askX = { type: 'fetch-hint', from: 'x' } as const;
const askY = { type: 'fetch-hint', from: 'y' } as const;

describe('a sloppy read', () => {
  it('asks no fallback while enough owners are up', () => {
    const { operation, effects } = started({ down: ['b'] });
    expect(effects).toEqual([
      { type: 'fetch', from: 'a', want: 'value' },
      { type: 'fetch', from: 'c', want: 'version' },
    ]);
    operation.receive('a', full(v1), 101);
    const result = resultIn(operation.receive('c', { version: v1 }, 102));
    expect(result.receipt).toMatchObject({ mode: 'strict', got: 2, repairs: { needed: 2, held: 2 } });
  });

  it('counts fallbacks in the place of owners that are down, repairs whom it can and admits what is not held', () => {
    const { operation, effects } = started({ down: ['b', 'c'] });
    expect(effects).toEqual([{ type: 'fetch', from: 'a', want: 'value' }, askX]);
    operation.receive('a', full(v1), 101);
    const answer = operation.receiveHint('x', full(v2), 102);
    expect(answer[0]).toEqual({ type: 'repair', to: 'a', version: v2, value: 'value 2' });
    expect(resultIn(answer)).toMatchObject({
      outcome: 'found',
      version: v2,
      value: 'value 2',
      receipt: { mode: 'sloppy', got: 2, repairs: { sent: 1, acknowledged: 0, needed: 2, held: 0 } },
    });
    expect(resultIn(answer).receipt.replicas.at(-1)).toEqual({
      replica: 'x',
      role: 'fallback',
      answer: 'held',
      version: v2,
      latencyMs: 2,
    });
  });

  it('waits for repairs where enough owners can hold the answer', () => {
    const { operation } = started({ down: ['c'], needed: 3 });
    operation.receive('a', full(v1), 101);
    operation.receive('b', { version: v1 }, 102);
    const repairs = operation.receiveHint('x', full(v2), 103);
    expect(repairs.map(({ type }) => type)).toEqual(['repair', 'repair']);
    expect(resultIn(operation.repaired('b', v2)).receipt.repairs).toEqual({
      sent: 2,
      acknowledged: 1,
      needed: 1,
      held: 1,
    });
  });

  it('goes from owners that fail to the next owner, then to fallbacks, then to an owner believed down', () => {
    const { operation } = started({ down: ['c'] });
    expect(operation.fail('a', 'unreachable', 'link-lost', 101)).toEqual([askX]);
    expect(operation.hintFailed('x', 'refused', 'not-ready', 102)).toEqual([askY]);
    expect(operation.hintFailed('y', 'unreachable', 'link-lost', 103)).toEqual([
      { type: 'fetch', from: 'c', want: 'value' },
    ]);
    operation.receive('b', nothing, 104);
    expect(resultIn(operation.receive('c', nothing, 105))).toMatchObject({
      outcome: 'absent',
      receipt: { mode: 'strict', got: 2 },
    });
  });

  it('turns to fallbacks when owners are late, and waits for none of the late to hold the answer', () => {
    const { operation } = started();
    operation.receive('b', full(v1), 101);
    expect(operation.standIn()).toEqual([{ type: 'fetch', from: 'c', want: 'value' }]);
    expect(operation.late()).toEqual([askX]);
    const result = resultIn(operation.receiveHint('x', nothing, 700));
    expect(result).toMatchObject({
      outcome: 'found',
      version: v1,
      receipt: { mode: 'sloppy', repairs: { needed: 2, held: 1 } },
    });
  });

  it('answers with what it has by the deadline where a strict one is incomplete', () => {
    for (const sloppy of [true, false]) {
      const { operation } = started({ sloppy });
      operation.receive('a', full(v2), 101);
      operation.receive('b', { version: v1 }, 102);
      const { outcome, receipt } = resultIn(operation.expire());
      expect(outcome).toBe(sloppy ? 'found' : 'repair-incomplete');
      expect(receipt).toMatchObject({ mode: 'strict', repairs: { sent: 1, acknowledged: 0, needed: 2, held: 1 } });
    }
  });

  it('is unavailable when owners and fallbacks together are too few', () => {
    expect(resultIn(started({ down: ['a', 'b', 'c'], fallbacks: ['x'] }).effects)).toMatchObject({
      outcome: 'unavailable',
      receipt: { needed: 2, got: 1 },
    });
    const { operation } = started({ down: ['b', 'c'], fallbacks: ['x'] });
    operation.fail('a', 'unreachable', 'link-lost', 101);
    operation.fail('b', 'unreachable', 'link-lost', 102);
    expect(resultIn(operation.fail('c', 'unreachable', 'link-lost', 103)).outcome).toBe('unavailable');
  });

  it('answers at once where an owner that answered cannot be repaired and nobody is left to hold it, and admits that', () => {
    const { operation } = started({ down: ['c'], fallbacks: [] });
    operation.receive('a', full(v2), 101);
    operation.receive('b', full(v1), 102);
    const result = resultIn(operation.repairFailed('b'));
    expect(result).toMatchObject({
      outcome: 'found',
      version: v2,
      receipt: { mode: 'strict', got: 2, repairs: { sent: 1, acknowledged: 0, needed: 2, held: 1 } },
    });
    expect(result.receipt.replicas).toMatchObject([
      { answer: 'held' },
      { answer: 'held', version: v1 },
      { answer: 'pending' },
    ]);
  });

  it('counts each fallback once and ignores those that were not asked', () => {
    const { operation } = started({ down: ['b', 'c'], needed: 3 });
    operation.receiveHint('x', full(v1), 101);
    expect(operation.receiveHint('x', full(v1), 102)).toEqual([]);
    expect(operation.receiveHint('stranger', full(v2), 103)).toEqual([]);
    expect(operation.hintFailed('stranger', 'refused', 'no', 103)).toEqual([]);
    operation.receiveHint('y', nothing, 104);
    operation.receive('a', nothing, 105);
    expect(resultIn(operation.repaired('a', v1))).toMatchObject({ outcome: 'found', receipt: { got: 3 } });
  });
});

describe('a strict read', () => {
  it('never asks a fallback', () => {
    const { operation } = started({ sloppy: false, down: ['c'] });
    expect(operation.late()).toEqual([]);
    expect(operation.fail('a', 'unreachable', 'link-lost', 101)).toEqual([{ type: 'fetch', from: 'c', want: 'value' }]);
    expect(resultIn(operation.fail('c', 'unreachable', 'link-lost', 102)).outcome).toBe('unavailable');
  });
});
