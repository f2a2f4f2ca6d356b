import { encodeRecordMeta } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { aVersion, found } from '../testing/fake-answers.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import type { Keyspace } from './keyspace.ts';

let cluster: FakeCluster;
let values: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  const kv = await cluster.connect();
  values = kv.keyspace();
});

describe('a read', () => {
  it('is undefined where there is nothing, and an entry says what a tombstone remembers', async () => {
    expect(await cluster.settle(values.get('a'))).toBeUndefined();
    const meta = encodeRecordMeta({ kind: 'tombstone', version: aVersion });
    cluster.everywhere(() => ({ type: 'get-reply', found: 'absent', meta, receipt: cluster.receipt(2, 2) }));
    expect(await cluster.settle(values.getEntry('a'))).toMatchObject({
      found: false,
      key: 'a',
      version: `0000000000010000-${'a'.repeat(32)}`,
    });
  });

  it('gives the value with its version, its content type and the receipt', async () => {
    cluster.everywhere(found(cluster, 'application/json', new TextEncoder().encode('{"a":[1]}')));
    expect(await cluster.settle(values.getEntry('a'))).toMatchObject({
      found: true,
      value: { a: [1] },
      contentType: 'application/json',
      version: `0000000000010000-${'a'.repeat(32)}`,
      receipt: { needed: 2, got: 2 },
    });
  });

  it('goes to another node when one breaks, refuses or cannot', async () => {
    cluster.node(0).behaviour = () => 'break';
    cluster.node(1).behaviour = () => ({ type: 'read-failed', outcome: 'unavailable', receipt: cluster.receipt(2, 1) });
    cluster.node(2).behaviour = found(cluster, 'text/plain', new TextEncoder().encode('x'));
    expect(await cluster.settle(values.get('a'))).toBe('x');
  });

  it.each([
    ['unavailable', 'TOO_FEW_REPLICAS'],
    ['repair-incomplete', 'REPAIR_INCOMPLETE'],
    ['timed-out', 'TIMEOUT'],
  ] as const)('that ends everywhere in %s fails with %s', async (outcome, code) => {
    cluster.everywhere(() => ({ type: 'read-failed', outcome, receipt: cluster.receipt(2, 1) }));
    const error = await cluster.failure(values.get('a'));
    expect(error).toMatchObject({ code, outcome: undefined, retryable: true, receipt: { needed: 2, got: 1 } });
    expect(error.message).toMatch(/needed 2 .* got 1/);
  });

  it('times out', async () => {
    cluster.everywhere(() => 'silence');
    expect(await cluster.failure(values.get('a', { timeoutMs: 300 }))).toMatchObject({
      code: 'TIMEOUT',
      outcome: undefined,
    });
  });

  it('keeps the bytes of what it cannot decode', async () => {
    const bytes = new TextEncoder().encode('{');
    cluster.everywhere(found(cluster, 'application/json', bytes));
    const error = await cluster.failure(values.get('a'));
    expect(error).toMatchObject({ code: 'UNDECODABLE_VALUE', retryable: false });
    expect(error.raw).toEqual(bytes);
  });
});
