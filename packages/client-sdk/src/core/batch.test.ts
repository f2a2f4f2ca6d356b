import { encodeRecordMeta, type Message } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StandardSchema } from './standard-schema.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { settleAll } from './batch.ts';
import type { KvClient } from './client.ts';
import { KvError } from './errors.ts';

let cluster: FakeCluster;
let kv: KvClient;
beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.connect();
});

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Keys that begin with `bad` cannot be read or written, those with `gone` are absent. */
function serve(message: Message): Message | 'silence' {
  if (!('key' in message)) return 'silence';
  const key = textOf(message.key);
  const receipt = cluster.receipt(2, key.startsWith('bad') ? 1 : 2);
  if (message.type === 'get') {
    if (key.startsWith('bad')) return { type: 'read-failed', outcome: 'unavailable', receipt };
    if (key.startsWith('gone')) return { type: 'get-reply', found: 'absent', receipt };
    const version = { ms: 1, counter: 0, actor: 'a'.repeat(32) };
    const meta = encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: 1, contentType: 'text/plain' });
    return { type: 'get-reply', found: 'found', meta, value: new TextEncoder().encode(key), receipt };
  }
  if (message.type !== 'put' && message.type !== 'delete') return 'silence';
  const outcome = key.startsWith('bad') ? 'unknown' : 'applied';
  return { type: 'write-reply', outcome, version: message.version!, certain: true, receipt };
}

describe('getMany', () => {
  it('gives an outcome for each key in their order, whatever becomes of the others', async () => {
    cluster.everywhere(serve);
    const keys = ['a', 'bad', 'gone', '', 'b'];
    const outcomes = await cluster.settle(kv.keyspace().getMany(keys, { timeoutMs: 500 }));
    expect(outcomes.map((it) => (it.ok ? it.result.found : it.error.code))).toEqual([
      true,
      expect.stringMatching('TOO_FEW_REPLICAS|TIMEOUT'),
      false,
      'KEY_EMPTY',
      true,
    ]);
    expect(outcomes[4]).toMatchObject({ ok: true, result: { key: 'b', value: 'b' } });
    expect(await cluster.settle(kv.keyspace().getMany([]))).toEqual([]);
  });
});

describe('a batch', () => {
  it('does each operation by its own options, and tells what became of each with its receipt', async () => {
    cluster.everywhere(serve);
    const outcomes = await cluster.settle(
      kv.keyspace().batch(
        [
          { type: 'set', key: 'a', value: { n: 1 }, ttlMs: 5000, w: 3 },
          { type: 'get', key: 'b', r: 1 },
          { type: 'delete', key: 'c' },
          { type: 'set', key: 'bad', value: 1 },
          { type: 'set', key: 'd', value: undefined },
        ],
        { timeoutMs: 500, level: undefined },
      ),
    );
    expect(outcomes).toMatchObject([
      { ok: true, result: { type: 'set', outcome: 'applied', receipt: { needed: 2 } } },
      { ok: true, result: { type: 'get', entry: { found: true, value: 'b' } } },
      { ok: true, result: { type: 'delete', outcome: 'applied' } },
      { ok: false, error: { code: 'WRITE_UNKNOWN', outcome: 'unknown' } },
      { ok: false, error: { code: 'INVALID_VALUE' } },
    ]);
    const puts = cluster.nodes.flatMap((node) => node.got('put'));
    expect(puts.find(({ key }) => textOf(key) === 'a')).toMatchObject({ ttlMs: 5000, w: 3 });
    expect(cluster.nodes.flatMap((node) => node.got('get'))).toMatchObject([{ r: 1 }]);
  });

  it('keeps the outcomes of the others when a schema throws', async () => {
    cluster.everywhere(serve);
    const schema: StandardSchema<unknown, string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          if (value === 'b') throw new TypeError('a broken schema');
          return { value: String(value) };
        },
      },
    };
    const outcomes = await cluster.settle(kv.keyspace('default', { schema }).getMany(['a', 'b']));
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, error: { code: 'SCHEMA' } }]);
  });
});

describe('many operations of which some make no sense', () => {
  /** From JavaScript, where nobody checks. */
  const noKey = undefined as unknown as string;

  it('each have an outcome of their own, and take nothing from the others', async () => {
    cluster.everywhere(serve);
    const nonsense = null as unknown as { type: 'get'; key: string };
    const outcomes = await cluster.settle(
      kv
        .keyspace()
        .batch([
          { type: 'set', key: 'a', value: 1 },
          { type: 'set', key: noKey, value: 1 },
          nonsense,
          { type: 'set', key: 'b', value: 1, signal: 'soon' as unknown as AbortSignal },
          { type: 'get', key: 'c' },
        ]),
    );
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'KEY_INVALID', outcome: 'rejected' } },
      { ok: false, error: { code: 'DEFECT', cause: expect.any(TypeError) as TypeError } },
      { ok: false, error: { code: 'DEFECT', outcome: 'unknown' } },
      { ok: true },
    ]);
  });

  it.each([undefined, null, 7, {}])('is told of a key that is %s', async (key) => {
    cluster.everywhere(serve);
    const keys = ['a', key as string, 'b'];
    const outcomes = await cluster.settle(kv.keyspace().getMany(keys));
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, error: { code: 'KEY_INVALID' } }, { ok: true }]);
    expect(
      await cluster.failure(kv.keyspace().scanPage({ prefix: keys[1] ?? (null as unknown as string) })),
    ).toMatchObject({ code: 'KEY_INVALID' });
  });
});

describe('settleAll', () => {
  it('runs a bounded number at once, and every one', async () => {
    let [running, most] = [0, 0];
    const items = Array.from({ length: 300 }, (_, index) => index);
    const outcomes = await settleAll(items, async (item) => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (item % 3 === 0) throw new KvError('TIMEOUT', 'late');
      return item;
    });
    expect(most).toBe(64);
    expect(outcomes.map((it, index) => (it.ok ? it.result : index % 3 === 0 ? index : -1))).toEqual(items);
  });

  it('tells a defect with its cause as the outcome of what met it', async () => {
    const defect = new TypeError('a defect');
    const run = async (item: number): Promise<number> => (item === 2 ? Promise.reject(defect) : item);
    const outcomes = await settleAll([1, 2, 3], run);
    expect(outcomes).toMatchObject([{ result: 1 }, { error: { code: 'DEFECT', cause: defect } }, { result: 3 }]);
    expect(outcomes[1]).toMatchObject({ error: { message: expect.stringContaining('a defect') as string } });
  });
});
