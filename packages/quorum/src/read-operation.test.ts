import { describe, expect, it } from 'vitest';
import { type Held, type ReadEffect, ReadOperation, type ReadResult } from './read-operation.ts';
import type { Version } from './version.ts';

const servers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const v1 = version(1);
const v2 = version(2);
const v3 = version(3);

function version(ms: number): Version {
  return { ms, counter: 0, actor: '0'.repeat(32) };
}

function valueOf({ ms }: Version): string {
  return `value ${ms}`;
}

/** A replica's answer with the value. */
function full(held: Version): Held<string> {
  return { version: held, value: valueOf(held) };
}

/** A replica's answer by name only. */
function named(held: Version): Held<string> {
  return { version: held };
}

const nothing: Held<string> = { version: undefined };

function startRead(n: number, r: number): ReadOperation<string> {
  const operation = new ReadOperation<string>({ replicas: servers.slice(0, n), needed: r, epoch: 4 }, 100);
  operation.start();
  return operation;
}

function fetch(from: string, want: 'value' | 'version'): ReadEffect<string> {
  return { type: 'fetch', from, want };
}

function repair(to: string, held: Version): ReadEffect<string> {
  return { type: 'repair', to, version: held, value: valueOf(held) };
}

/** The effects but the last, and the result in the last, which must be the only answer. */
function answered(effects: readonly ReadEffect<string>[]): {
  before: ReadEffect<string>[];
  result: ReadResult<string>;
} {
  const last = effects.at(-1);
  expect(last?.type).toBe('answer');
  if (last?.type !== 'answer') throw new Error('no answer');
  const before = effects.slice(0, -1);
  expect(before.some(({ type }) => type === 'answer')).toBe(false);
  return { before, result: last.result };
}

describe('a read of replicas that agree', () => {
  it('asks R owners, the nearest for the value and the others for their versions', () => {
    const operation = new ReadOperation<string>({ replicas: ['a', 'b', 'c', 'd', 'e'], needed: 3, epoch: 4 }, 100);
    expect(operation.start()).toEqual([fetch('a', 'value'), fetch('b', 'version'), fetch('c', 'version')]);
  });

  it('answers with the R-th answer and says who gave it', () => {
    const operation = startRead(3, 2);
    expect(operation.receive('b', named(v1), 102)).toEqual([]);
    const { before, result } = answered(operation.receive('a', full(v1), 107.5));
    expect(before).toEqual([]);
    expect(operation.answered).toBe(true);
    expect(result).toEqual({
      outcome: 'found',
      version: v1,
      value: 'value 1',
      receipt: {
        mode: 'strict',
        epoch: 4,
        needed: 2,
        got: 2,
        replicas: [
          { replica: 'a', role: 'primary', answer: 'held', version: v1, latencyMs: 7.5 },
          { replica: 'b', role: 'primary', answer: 'held', version: v1, latencyMs: 2 },
        ],
        repairs: { sent: 0, acknowledged: 0, needed: 2, held: 2 },
      },
    });
  });

  it('is absent when R owners hold nothing', () => {
    const operation = startRead(3, 2);
    operation.receive('a', nothing, 101);
    const { result } = answered(operation.receive('b', nothing, 102));
    expect(result.outcome).toBe('absent');
    expect(result.receipt.replicas.map(({ answer }) => answer)).toEqual(['absent', 'absent']);
  });

  it('finds an empty value: only a missing one is missing', () => {
    const operation = startRead(1, 1);
    const { result } = answered(operation.receive('a', { version: v1, value: '' }, 101));
    expect(result).toMatchObject({ outcome: 'found', value: '' });
  });
});

describe('a read of replicas that differ', () => {
  it('repairs who is behind, and answers when the repair is durable', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    expect(operation.receive('b', nothing, 102)).toEqual([repair('b', v2)]);
    const { result } = answered(operation.repaired('b', v2));
    expect(result).toMatchObject({ outcome: 'found', version: v2, value: 'value 2' });
    expect(result.receipt.repairs).toMatchObject({ sent: 1, acknowledged: 1 });
  });

  it('fetches a newest version known by name, once, from who holds it', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    expect(operation.receive('b', named(v2), 102)).toEqual([fetch('b', 'value')]);
    expect(operation.receive('b', named(v2), 103), 'a duplicate').toEqual([]);
    expect(operation.receive('b', full(v2), 104)).toEqual([repair('a', v2)]);
    expect(answered(operation.repaired('a', v2)).result).toMatchObject({ outcome: 'found', version: v2 });
  });

  it('waits for a value that is on its way already', () => {
    const operation = startRead(3, 2);
    operation.receive('b', named(v2), 101);
    operation.standIn();
    expect(operation.receive('c', named(v2), 102)).toEqual([]);
    expect(answered(operation.receive('a', full(v2), 103)).before).toEqual([]);
  });

  it('takes what a holder has become since: a value newer than the version it named', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    operation.receive('b', named(v2), 102);
    expect(operation.receive('b', full(v3), 103)).toEqual([repair('a', v3)]);
    expect(answered(operation.repaired('a', v3)).result).toMatchObject({ outcome: 'found', version: v3 });
  });

  it('counts a repaired replica that already holds something newer, and does not chase that', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    operation.receive('b', named(v1), 102);
    expect(answered(operation.repaired('b', v3)).result).toMatchObject({ outcome: 'found', version: v2 });
  });

  it('starts its repairs over when something newer turns up, and counts only those of the winner', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    expect(operation.receive('b', nothing, 102)).toEqual([repair('b', v2)]);
    expect(operation.standIn()).toEqual([fetch('c', 'value')]);
    expect(operation.receive('c', full(v3), 103)).toEqual([repair('a', v3), repair('b', v3)]);
    expect(operation.repaired('b', v2), 'the repair that the newer one replaced').toEqual([]);
    const { result } = answered(operation.repaired('b', v3));
    expect(result).toMatchObject({ outcome: 'found', version: v3 });
    expect(result.receipt.repairs).toMatchObject({ sent: 2, acknowledged: 1 });
  });

  it('counts a repair once, however often its acknowledgement arrives', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(v2), 101);
    operation.receive('b', named(v1), 102);
    expect(operation.receive('c', nothing, 103)).toEqual([repair('b', v2), repair('c', v2)]);
    expect(operation.repaired('b', v2)).toEqual([]);
    expect(operation.repaired('b', v2)).toEqual([]);
    const { result } = answered(operation.repaired('c', v2));
    expect(result.receipt.repairs).toMatchObject({ sent: 2, acknowledged: 2 });
  });

  /** N−R+1 holders: with 2R > N every R owners of a later read include one of them. */
  it.each([1, 2, 3, 4, 5, 6, 7].flatMap((n) => Array.from({ length: n }, (_, index) => ({ n, r: index + 1 }))))(
    'N=$n R=$r: answers with the acknowledgement that completes N−R+1 holders, at once when 2R ≤ N',
    ({ n, r }) => {
      const operation = startRead(n, r);
      const [nearest = '', ...others] = servers.slice(0, r);
      const effects = others.flatMap((replica) => operation.receive(replica, nothing, 101));
      expect(effects).toEqual([]);
      const needed = 2 * r > n ? n - r + 1 : 0;
      let batch = operation.receive(nearest, full(v2), 102);
      expect(batch.filter(({ type }) => type === 'repair')).toEqual(others.map((replica) => repair(replica, v2)));
      let holders = 1;
      for (const replica of others) {
        if (holders >= needed) break;
        expect(operation.answered).toBe(false);
        batch = operation.repaired(replica, v2);
        holders += 1;
      }
      const { result } = answered(batch);
      expect(holders).toBe(Math.max(1, needed));
      expect(result.receipt).toMatchObject({ got: r, repairs: { sent: r - 1, acknowledged: holders - 1 } });
    },
  );
});

describe('a replica that fails', () => {
  it('is replaced by the next owner in the plan, which is asked for the value', () => {
    const operation = startRead(4, 2);
    expect(operation.fail('a', 'unreachable', 'link-lost', 101)).toEqual([fetch('c', 'value')]);
    expect(operation.fail('b', 'refused', 'overloaded', 102)).toEqual([fetch('d', 'value')]);
    operation.receive('d', full(v1), 103);
    const { result } = answered(operation.receive('c', full(v1), 104));
    expect(result.receipt.replicas).toEqual([
      { replica: 'a', role: 'primary', answer: 'unreachable', reason: 'link-lost', latencyMs: 1 },
      { replica: 'b', role: 'primary', answer: 'refused', reason: 'overloaded', latencyMs: 2 },
      { replica: 'c', role: 'primary', answer: 'held', version: v1, latencyMs: 4 },
      { replica: 'd', role: 'primary', answer: 'held', version: v1, latencyMs: 3 },
    ]);
  });

  it('makes the read unavailable as soon as fewer than R owners are left', () => {
    const operation = startRead(3, 2);
    operation.fail('a', 'unreachable', 'link-lost', 101);
    const { before, result } = answered(operation.fail('b', 'refused', 'overloaded', 102));
    expect(before).toEqual([]);
    expect(result).toMatchObject({ outcome: 'unavailable', receipt: { got: 0, needed: 2 } });
  });

  it('counts again when it answers after all', () => {
    const operation = startRead(3, 2);
    operation.fail('a', 'unreachable', 'link-lost', 101);
    operation.receive('a', full(v1), 102);
    expect(operation.fail('b', 'unreachable', 'link-lost', 103)).toEqual([]);
    expect(answered(operation.receive('c', full(v1), 104)).result.outcome).toBe('found');
  });

  it('is replaced once, though its failure is reported twice', () => {
    const operation = startRead(4, 2);
    operation.fail('a', 'unreachable', 'link-lost', 101);
    expect(operation.fail('a', 'unreachable', 'link-lost', 102)).toEqual([]);
  });

  it('while holding the value: another holder is asked', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(v1), 101);
    operation.receive('b', named(v2), 102);
    expect(operation.receive('c', named(v2), 103)).toEqual([fetch('b', 'value')]);
    expect(operation.fail('b', 'unreachable', 'link-lost', 104)).toEqual([fetch('d', 'value')]);
    expect(operation.receive('d', nothing, 105)).toEqual([fetch('c', 'value')]);
    expect(operation.receive('c', full(v2), 106)).toEqual([repair('a', v2), repair('d', v2)]);
  });

  it('after giving the newest value: the others are repaired from it, and the read ends', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    expect(operation.fail('a', 'unreachable', 'link-lost', 102)).toEqual([fetch('c', 'value')]);
    operation.receive('b', named(v1), 103);
    expect(operation.receive('c', full(v1), 104)).toEqual([repair('b', v2), repair('c', v2)]);
    expect(operation.repaired('b', v2)).toEqual([]);
    expect(answered(operation.repaired('c', v2)).result).toMatchObject({ outcome: 'found', version: v2 });
  });

  it('while being repaired: another owner stands in as holder', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    operation.receive('b', nothing, 102);
    expect(operation.repairFailed('b')).toEqual([fetch('c', 'value')]);
    expect(operation.repairFailed('b')).toEqual([]);
    expect(operation.receive('c', nothing, 104)).toEqual([repair('c', v2)]);
    const { result } = answered(operation.repaired('c', v2));
    expect(result).toMatchObject({ outcome: 'found', receipt: { repairs: { sent: 2, acknowledged: 1 } } });
    expect(result.receipt.replicas).toMatchObject([{ answer: 'held' }, { answer: 'absent' }, { answer: 'absent' }]);
  });

  it('while being repaired, with nobody to stand in: its answer counts, and a strict read says what is missing', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    operation.receive('b', nothing, 102);
    expect(operation.repairFailed('b')).toEqual([fetch('c', 'value')]);
    const { before, result } = answered(operation.fail('c', 'unreachable', 'link-lost', 103));
    expect(before).toEqual([]);
    expect(result).toMatchObject({
      outcome: 'repair-incomplete',
      receipt: { got: 2, repairs: { sent: 1, acknowledged: 0, needed: 2, held: 1 } },
    });
  });

  it('while being repaired with what turns out not to be the newest: it is repaired with that', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    operation.receive('b', nothing, 102);
    expect(operation.repairFailed('b')).toEqual([fetch('c', 'value')]);
    expect(operation.receive('c', full(v2), 103)).toEqual([repair('a', v2), repair('b', v2)]);
    expect(answered(operation.repaired('b', v2)).result).toMatchObject({ outcome: 'found', version: v2 });
  });

  it('while being repaired, but acknowledges later: it is a holder, and no failure any more', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(v2), 101);
    operation.receive('b', nothing, 102);
    operation.receive('c', nothing, 103);
    operation.repairFailed('b');
    operation.repaired('b', v2);
    operation.fail('c', 'unreachable', 'link-lost', 105);
    expect(operation.fail('d', 'unreachable', 'link-lost', 106)).toEqual([]);
    expect(operation.receive('e', nothing, 107)).toEqual([repair('e', v2)]);
    const { result } = answered(operation.repaired('e', v2));
    expect(result).toMatchObject({ outcome: 'found', receipt: { got: 3, repairs: { sent: 3, acknowledged: 2 } } });
  });

  it('and comes back without what it was sent: it is repaired again', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    operation.receive('b', nothing, 102);
    operation.fail('b', 'unreachable', 'link-lost', 103);
    expect(operation.receive('b', nothing, 104)).toEqual([repair('b', v2)]);
    expect(answered(operation.repaired('b', v2)).result.receipt.repairs).toMatchObject({ sent: 1, acknowledged: 1 });
  });
});

describe('a slow replica', () => {
  it('is helped out by one more owner at a time, for its part', () => {
    const operation = startRead(4, 2);
    expect(operation.standIn()).toEqual([fetch('c', 'value')]);
    expect(operation.standIn()).toEqual([fetch('d', 'value')]);
    expect(operation.standIn()).toEqual([]);
    operation.receive('d', full(v1), 101);
    expect(answered(operation.receive('c', full(v1), 102)).result.receipt.replicas).toHaveLength(4);
  });

  it('with the value: another holder is asked when no owner is left to ask', () => {
    const operation = startRead(3, 3);
    operation.receive('a', full(v1), 101);
    operation.receive('b', named(v2), 102);
    expect(operation.receive('c', named(v2), 103)).toEqual([fetch('b', 'value')]);
    expect(operation.standIn()).toEqual([fetch('c', 'value')]);
    expect(operation.standIn()).toEqual([]);
    expect(answered(operation.receive('c', full(v2), 104)).before).toEqual([repair('a', v2)]);
  });
});

describe('the deadline', () => {
  it('is timed-out while fewer than R answered', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v2), 101);
    expect(answered(operation.expire()).result).toMatchObject({ outcome: 'timed-out', receipt: { got: 1 } });
  });

  it('is timed-out when the newest value did not come: nothing was left to repair with', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    operation.receive('b', named(v2), 102);
    expect(answered(operation.expire()).result).toMatchObject({ outcome: 'timed-out', receipt: { got: 2 } });
  });

  it('is repair-incomplete when repairs were sent and too few of them acknowledged', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(v2), 101);
    operation.receive('b', nothing, 102);
    operation.receive('c', nothing, 103);
    operation.repaired('b', v2);
    const { result } = answered(operation.expire());
    expect(result).toMatchObject({ outcome: 'repair-incomplete', receipt: { repairs: { sent: 2, acknowledged: 1 } } });
  });
});

describe('what must not change anything', () => {
  it('a delayed duplicate of what a replica held before its repair', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(v2), 101);
    operation.receive('b', named(v1), 102);
    operation.receive('c', nothing, 103);
    operation.repaired('b', v2);
    expect(operation.receive('b', named(v1), 110)).toEqual([]);
    expect(operation.receive('b', nothing, 111)).toEqual([]);
    const { result } = answered(operation.repaired('c', v2));
    expect(result.receipt.replicas[1]).toMatchObject({ replica: 'b', answer: 'held', version: v1, latencyMs: 2 });
  });

  it('a duplicate that would move a latency', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    operation.receive('a', full(v1), 150);
    const { result } = answered(operation.receive('b', named(v1), 160));
    expect(result.receipt.replicas.map(({ latencyMs }) => latencyMs)).toEqual([1, 60]);
  });

  it('a server that is no owner, and a repair that was never sent', () => {
    const operation = startRead(3, 2);
    expect(operation.receive('stranger', full(v3), 101)).toEqual([]);
    expect(operation.repaired('stranger', v3)).toEqual([]);
    expect(operation.fail('stranger', 'unreachable', 'link-lost', 101)).toEqual([]);
    expect(operation.fail('another', 'unreachable', 'link-lost', 101)).toEqual([]);
    operation.receive('a', full(v1), 102);
    expect(operation.repaired('b', v1)).toEqual([]);
    expect(answered(operation.receive('b', named(v1), 103)).result).toMatchObject({ outcome: 'found', version: v1 });
  });

  it('anything after the answer', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(v1), 101);
    answered(operation.receive('b', named(v1), 102));
    expect([
      ...operation.receive('c', full(v3), 103),
      ...operation.repaired('a', v3),
      ...operation.fail('a', 'unreachable', 'link-lost', 104),
      ...operation.standIn(),
      ...operation.expire(),
      ...operation.late(),
      ...operation.start(),
    ]).toEqual([]);
  });

  it('anything once too few are up, and asks nobody', () => {
    const plan = { replicas: ['a', 'b', 'c'], needed: 2, epoch: 4, down: ['b', 'c'] };
    const operation = new ReadOperation<string>(plan, 100);
    const { result } = answered(operation.start());
    expect(result).toMatchObject({ outcome: 'unavailable', receipt: { needed: 2, got: 1 } });
    expect(result.receipt.replicas.map(({ replica, answer }) => `${replica} ${answer}`)).toEqual(['b down', 'c down']);
    expect([...operation.start(), ...operation.expire()]).toEqual([]);
  });
});
