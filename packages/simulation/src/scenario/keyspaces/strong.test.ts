/** What clients do in a strong keyspace, and what is kept of it. */
import { checkTopologyConfig } from '@kv/cluster-node';
import type { Version } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import type { OperationIntent, OperationResult } from '../../cluster/client-operation.ts';
import { SeededRandom } from '../../world/seeded-random.ts';
import { Recorder } from '../recorder.ts';
import { configOf, type KeyspaceOptions, keysOf } from './keyspace-options.ts';
import { strong } from './strong.ts';

const draw = (seed: number): KeyspaceOptions => {
  return { id: 7, ...strong.draw(new SeededRandom(seed), { nodes: 3, links: 'stream' }) };
};
const drawn = Array.from({ length: 100 }, (_, seed) => draw(seed));
const versionAt = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });

describe('a strong keyspace', () => {
  it('is one that nodes accept, with few keys, so that operations meet', () => {
    for (const keyspace of drawn) {
      const members = ['1', '2', '3'].map((name) => {
        return { id: `00000000-0000-4000-8000-00000000000${name}`, name: `n${name}`, address: `n:${name}` };
      });
      const topology = { clusterId: '00000000-0000-4000-8000-000000000000', partitions: 8, members };
      expect(() => checkTopologyConfig({ ...topology, keyspaces: [configOf(keyspace)] })).not.toThrow();
      expect(keysOf(keyspace).length).toBeLessThanOrEqual(5);
    }
  });

  it('tolerates the loss of a disk only with three replicas or more', () => {
    for (const keyspace of drawn) expect(strong.toleratesLoss(keyspace)).toBe(keyspace.replicas >= 3);
  });

  it('is asked for gets, puts, deletes and compare-and-sets, without quorums', () => {
    const random = new SeededRandom(1);
    const plans = drawn.flatMap((keyspace) =>
      Array.from({ length: 20 }, (_, index) => {
        return strong.plan(random, { keyspace, key: 'strong-0', id: `c-${index}`, valueBytes: 100 });
      }),
    );
    for (const { kind, quorum, condition, value, keyspaceId } of plans) {
      expect([quorum, keyspaceId]).toEqual([undefined, 7]);
      if (kind === 'get') expect([condition, value]).toEqual([undefined, undefined]);
      expect(kind === 'put').toBe(value !== undefined);
    }
    expect(new Set(plans.map(({ kind, condition }) => `${kind} ${condition ?? ''}`)).size).toBe(7);
  });
});

describe('the recorder of a strong keyspace', () => {
  const setUp = () => {
    const keyspace = draw(1);
    const recorder = new Recorder([keyspace]);
    let count = 0;
    const record = (intent: Partial<OperationIntent>, result: OperationResult): void => {
      const whole: OperationIntent = {
        kind: 'put',
        keyspaceId: 7,
        key: 'k',
        quorum: undefined,
        stamped: true,
        ...intent,
      };
      count += 1;
      const begun = { id: `c-${count}`, client: 'c', intent: whole, startedAt: count, version: versionAt(99) };
      recorder.begin({ ...begun, final: false, duringFaults: false })(result, count + 0.5);
    };
    const seen = () => recorder.seen('c', { keyspaceId: 7, key: 'k' });
    return { keyspace, recorder, record, seen };
  };
  const value = new TextEncoder().encode('c-1|x');

  it('remembers what each client saw last: a value, or that there is none', () => {
    const { record, seen, recorder } = setUp();
    expect(seen()).toBeUndefined();
    record({ value }, { outcome: 'applied', version: versionAt(1) });
    expect(seen()).toEqual(versionAt(1));
    record({ value }, { outcome: 'unknown', version: versionAt(2) });
    record({ kind: 'get' }, { outcome: 'failed', version: undefined });
    expect(seen()).toEqual(versionAt(1));
    record({ value, condition: { type: 'absent' } }, { outcome: 'conflict', version: versionAt(3) });
    expect(seen()).toEqual(versionAt(3));
    record({ kind: 'delete' }, { outcome: 'applied', version: versionAt(4) });
    expect(seen()).toBeUndefined();
    record({ kind: 'get' }, { outcome: 'found', version: versionAt(5), value });
    expect(seen()).toEqual(versionAt(5));
    record({ kind: 'get' }, { outcome: 'absent', version: versionAt(6) });
    expect(seen()).toBeUndefined();
    expect(recorder.seen('another', { keyspaceId: 7, key: 'k' })).toBeUndefined();
  });

  it('keeps what the check for linearizability needs, and counts a conflict as an answer', () => {
    const { record, recorder } = setUp();
    record({ value }, { outcome: 'applied', version: versionAt(1) });
    record(
      { kind: 'delete', condition: { type: 'version', version: versionAt(1) } },
      { outcome: 'unknown', version: versionAt(2) },
    );
    record({ value, condition: { type: 'absent' } }, { outcome: 'conflict', version: versionAt(1) });
    record({ kind: 'get' }, { outcome: 'found', version: versionAt(1), value });
    const [history] = recorder.histories;
    expect(history?.operations).toMatchObject([
      { kind: 'put', outcome: 'applied', version: versionAt(1), value: expect.stringMatching(/^c-1\//) as string },
      { kind: 'delete', outcome: 'unknown', version: undefined, condition: { type: 'version', version: versionAt(1) } },
      { kind: 'put', outcome: 'conflict', condition: { type: 'value', value: undefined } },
      { kind: 'get', outcome: 'found', value: history?.operations[0]?.value },
    ]);
    expect(history?.operations[1]).not.toHaveProperty('quorum');
    expect(recorder.counts).toMatchObject({ operations: 4, succeeded: 3 });
    expect(strong.check(history!, [])).toEqual([]);
  });

  it('has a history judged that no register could have lived through', () => {
    const { record, recorder } = setUp();
    record({ value }, { outcome: 'applied', version: versionAt(1) });
    record({ kind: 'get' }, { outcome: 'absent', version: undefined });
    expect(strong.check(recorder.histories[0]!, [])).toMatchObject([{ check: 'linearizability', key: 'k' }]);
  });
});
