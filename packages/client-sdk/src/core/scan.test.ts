import { encodeRecordMeta, encodeScanCursor, type Message, type Scan, type ScannedEntry, scanFilter } from '@kv/wire';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, FakeCluster } from '../testing/fake-cluster.ts';
import { decodeCursor, encodeCursor } from './cursor-text.ts';
import type { KvClient } from './client.ts';
import type { StandardSchema } from './standard-schema.ts';
import { decodeKey, encodeKey } from './key.ts';

let cluster: FakeCluster;
let kv: KvClient;
beforeEach(async () => {
  cluster = new FakeCluster();
  kv = await cluster.connect();
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const asked = (): Scan[] => cluster.nodes.flatMap((node) => node.got('scan'));

function entry(key: string | Uint8Array, value: string | undefined, contentType = 'text/plain', ms = 1): ScannedEntry {
  const version = { ms, counter: 0, actor: 'a'.repeat(32) };
  const rawLength = value?.length ?? 9;
  const meta = encodeRecordMeta({ kind: 'value', version, deadline: 5000, codec: 0, rawLength, contentType });
  return { key: encodeKey(key), meta, ...(value !== undefined && { value: bytesOf(value) }) };
}

/** Of a number the next one. */
const oneMore: StandardSchema<number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'no number' }] }),
  },
};

/** Keys `0` to `count - 1` in pages as they are asked for, an empty one in front of each. */
function pagesOf(count: number): Behaviour {
  return (message): Message | 'silence' => {
    if (message.type !== 'scan') return 'silence';
    const at = message.cursor === undefined ? -1 : Number(new TextDecoder().decode(message.cursor));
    const cursor = (next: number): { cursor?: Uint8Array } => (next / 2 < count ? { cursor: cursorAt(next) } : {});
    if (at % 2 !== 0) return { type: 'scan-reply', entries: [], ...cursor(at + 1) };
    const first = at / 2;
    const last = Math.min(count, first + message.limit);
    const entries = Array.from({ length: last - first }, (_, index) =>
      entry(String(first + index), `v${first + index}`),
    );
    return { type: 'scan-reply', entries, ...(last < count && { cursor: cursorAt(2 * last - 1) }) };
  };
}

/** The fake nodes read digits; a client checks a cursor before it sends it, so they are wrapped where it does. */
const cursorAt = (at: number): Uint8Array => bytesOf(String(at));

describe('a page', () => {
  it('is asked of who owns where it begins, with bounds as bytes, and gives entries with a cursor as text', async () => {
    const next = encodeScanCursor({ keyspaceId: 1, filter: 2, partition: 5, after: bytesOf('k') });
    cluster.everywhere(() => ({
      type: 'scan-reply',
      entries: [entry('a/b', '{"n":1}', 'application/json')],
      cursor: next,
    }));
    const page = await cluster.settle(
      kv.keyspace().scanPage({ prefix: 'a/', range: { gte: 'a', lt: Uint8Array.of(0xff) }, limit: 7, r: 1 }),
    );
    expect(asked()).toEqual([
      { type: 'scan', prefix: bytesOf('a/'), gte: bytesOf('a'), lt: Uint8Array.of(0xff), limit: 7, values: true, r: 1 },
    ]);
    const version = `${'1'.padStart(12, '0')}0000-${'a'.repeat(32)}`;
    const described = { version, contentType: 'application/json', length: 7, expiresAt: 5000 };
    expect(page.entries).toEqual([{ key: 'a/b', value: { n: 1 }, ...described }]);
    expect(page.cursor).toBe(Buffer.from(next).toString('base64url'));
    await cluster.settle(kv.keyspace().scanPage({ prefix: 'a/', cursor: page.cursor }));
    expect(asked().filter(({ cursor }) => cursor !== undefined)).toMatchObject([{ cursor: next }]);
    const owners = cluster.nodes.map((node) => node.got('scan').length);
    expect(owners[0]).toBe(1);
    expect(owners[5 % 3]).toBe(1);
  });

  it('gives keys that are not text as bytes, and no values where none were wanted', async () => {
    cluster.everywhere(() => ({
      type: 'scan-reply',
      entries: [entry('é', undefined), entry(Uint8Array.of(0xff), undefined)],
    }));
    const { entries, cursor } = await cluster.settle(kv.keyspace().scanPage({ values: false }));
    expect(entries.map(({ key, value, length }) => [key, value, length])).toEqual([
      ['é', undefined, 9],
      [Uint8Array.of(0xff), undefined, 9],
    ]);
    expect(cursor).toBeUndefined();
    expect(asked()).toMatchObject([{ values: false, prefix: new Uint8Array(0), limit: 100 }]);
  });

  it('passes its values through the schema, and its versions into the clock', async () => {
    const ms = Math.trunc(cluster.time.clock.wallMs()) + 400;
    cluster.everywhere(() => ({ type: 'scan-reply', entries: [entry('a', '1', 'application/json', ms)] }));
    const numbers = kv.keyspace('default', { schema: oneMore });
    expect((await cluster.settle(numbers.scanPage())).entries).toMatchObject([{ value: 2 }]);
    cluster.everywhere((message) => {
      if (message.type !== 'put') return 'silence';
      expect(message.version?.ms).toBeGreaterThanOrEqual(ms);
      return {
        type: 'write-reply',
        outcome: 'applied',
        version: message.version!,
        certain: true,
        receipt: cluster.receipt(2, 2),
      };
    });
    await cluster.settle(kv.keyspace().set('a', 2));
    cluster.everywhere(() => ({ type: 'scan-reply', entries: [entry('a', 'x')] }));
    await expect(cluster.settle(numbers.scanPage())).rejects.toMatchObject({ code: 'SCHEMA' });
  });

  it('is tried at another node where one fails, and fails with what the last one said', async () => {
    const receipt = cluster.receipt(2, 1);
    const [first, ...others] = cluster.nodes;
    first!.behaviour = () => ({ type: 'read-failed', outcome: 'unavailable', receipt });
    for (const node of others) node.behaviour = () => ({ type: 'scan-reply', entries: [] });
    expect(await cluster.settle(kv.keyspace().scanPage())).toEqual({ entries: [], cursor: undefined });
    cluster.everywhere(() => ({ type: 'read-failed', outcome: 'unavailable', receipt }));
    await expect(cluster.settle(kv.keyspace().scanPage({ timeoutMs: 500 }))).rejects.toMatchObject({ retryable: true });
  });

  it('that cannot be is refused before it is sent, or by the first node', async () => {
    const page = (options: object) => cluster.settle(kv.keyspace().scanPage(options));
    const good = Buffer.from(
      encodeScanCursor({ keyspaceId: 1, filter: scanFilter({ prefix: bytesOf('') }), partition: 1 }),
    );
    await expect(page({ limit: 0 })).rejects.toMatchObject({ code: 'INVALID_LIMIT' });
    await expect(page({ range: { gte: '' } })).rejects.toMatchObject({ code: 'KEY_EMPTY' });
    await expect(page({ prefix: 'x'.repeat(4097) })).rejects.toMatchObject({ code: 'KEY_TOO_LONG' });
    await expect(page({ cursor: Buffer.from(good.with(3, 9)).toString('base64url') })).rejects.toMatchObject({
      code: 'INVALID_CURSOR',
    });
    await expect(page({ cursor: 'ä' })).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
    await expect(page({ r: 9 })).rejects.toMatchObject({ code: 'INVALID_QUORUM' });
    expect(asked()).toEqual([]);
    cluster.everywhere(() => ({ type: 'error', code: 'INVALID_CURSOR', message: 'of another keyspace' }));
    await expect(page({ cursor: good.toString('base64url') })).rejects.toMatchObject({
      code: 'INVALID_CURSOR',
      retryable: false,
    });
    expect(asked()).toHaveLength(1);
  });
});

describe('a scan', () => {
  /** Cursors that a client takes for real, around the fake nodes' digits. */
  const wrapped =
    (behaviour: Behaviour): Behaviour =>
    (message, node) => {
      const after =
        message.type === 'scan' && message.cursor !== undefined ? message.cursor.subarray(14, -4) : undefined;
      const reply = behaviour(after === undefined ? message : ({ ...message, cursor: after } as Message), node);
      if (typeof reply === 'string' || reply.type !== 'scan-reply' || reply.cursor === undefined) return reply;
      return { ...reply, cursor: encodeScanCursor({ keyspaceId: 1, filter: 0, partition: 0, after: reply.cursor }) };
    };

  async function collect(
    options: Parameters<ReturnType<KvClient['keyspace']>['scan']>[0],
    most = Infinity,
  ): Promise<unknown[]> {
    const run = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { key, value } of kv.keyspace().scan(options)) {
        found.push(`${String(key)}=${String(value)}`);
        if (found.length >= most) break;
      }
      return found;
    };
    return cluster.settle(run());
  }

  it('goes through all pages, empty ones too, and ends', async () => {
    cluster.everywhere(wrapped(pagesOf(7)));
    expect(await collect({ pageSize: 3 })).toEqual(Array.from({ length: 7 }, (_, n) => `${n}=v${n}`));
  });

  it('ends at its limit without asking for more than that, and when the loop is left', async () => {
    cluster.everywhere(wrapped(pagesOf(50)));
    expect(await collect({ pageSize: 3, limit: 4 })).toHaveLength(4);
    expect(asked().map(({ limit }) => limit)).toEqual([3, 3, 1, 1]);
    expect(await collect({ limit: 0 })).toEqual([]);
    const before = asked().length;
    expect(await collect({ pageSize: 10 }, 2)).toHaveLength(2);
    expect(asked().length - before).toBe(2);
  });
});

describe('cursors and keys as text', () => {
  it('come back as they were, cursors in base64url as everybody writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        expect(encodeCursor(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(decodeCursor(encodeCursor(bytes))).toEqual(bytes);
        expect(encodeKey(decodeKey(bytes))).toEqual(bytes);
      }),
    );
    for (const text of ['', 'A', 'AB=', 'AB', 'a b', 'é', 'AAB']) {
      const isOne = Buffer.from(text, 'base64url').toString('base64url') === text && text !== '';
      if (!isOne) expect(() => decodeCursor(text)).toThrow('as it was given');
    }
    expect(decodeKey(bytesOf('\uFEFFa'))).toBe('\uFEFFa');
  });
});
