import { setImmediate } from 'node:timers/promises';
import {
  decodeFrame,
  decodeRecordMeta,
  decodeScanCursor,
  encodeFrame,
  type KeyspaceChange,
  type Message,
} from '@kv/wire';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';
import type { ScanEntry, ScanRequest, ScanResult } from './scan-request.ts';

const turn = () => setImmediate();
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const minute = 60_000;

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

async function start(settings: Partial<Parameters<typeof TestCluster.start>[0]> = {}): Promise<void> {
  cluster = await TestCluster.start({ turn, ...settings });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
}
afterEach(() => cluster.close());

/** A page that must succeed. */
async function page(at: TestMember, request: Partial<ScanRequest> = {}) {
  const result = await cluster.scan(at, request);
  if (result.outcome !== 'page') throw new Error(`the page is ${result.outcome}`);
  return result;
}

/** Page after page to the end, each at the member that `at` names; between two of them something may happen. */
async function scanAll(
  at: () => TestMember,
  request: Partial<ScanRequest> = {},
  between: () => Promise<void> = async () => undefined,
): Promise<ScanEntry[]> {
  const entries: ScanEntry[] = [];
  let cursor: Uint8Array | undefined;
  do {
    const result = await page(at(), { ...request, cursor });
    entries.push(...result.entries);
    cursor = result.cursor;
    await between();
  } while (cursor !== undefined);
  return entries;
}

const keysOf = (entries: readonly ScanEntry[]): string[] => entries.map(({ key }) => textOf(key));

describe('a scan', () => {
  it('gives each key once with its value, in the order of partitions and of keys within each', async () => {
    await start();
    const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
    const versions = new Map<string, unknown>();
    for (const key of keys) versions.set(key, (await cluster.put(a, key, `value of ${key}`)).version);
    const entries = await scanAll(() => b);
    expect(keysOf(entries).sort()).toEqual([...keys].sort());
    for (const { key, version, value, contentType, length } of entries) {
      expect(textOf(value!)).toBe(`value of ${textOf(key)}`);
      expect(version).toEqual(versions.get(textOf(key)));
      expect([contentType, length]).toEqual(['text/plain', value!.length]);
    }
    const places = entries.map(({ key }) => [a.node!.topology.partitionOf(key), textOf(key)] as const);
    expect(places).toEqual([...places].sort(([p, x], [q, y]) => p - q || (x < y ? -1 : 1)));
  });

  it('gives all that begin with a prefix that came over a socket, and nothing else', async () => {
    await start();
    const keys = Array.from({ length: 60 }, (_, i) => `user:${i}`);
    for (const key of [...keys, 'usfr:1', 'user9', 'vser:1']) await cluster.put(a, key, key);
    expect(keysOf(await scanAll(() => c, { prefix: Buffer.from('user:') })).sort()).toEqual([...keys].sort());
  });

  it('leaves out what was deleted or has expired, and tells deadlines, with values and without', async () => {
    await start();
    for (const key of ['stays', 'deleted', 'expired', 'mortal']) await cluster.put(a, key, 'value');
    await cluster.delete(b, 'deleted');
    await cluster.put(c, 'expired', 'value', { ttlMs: 100 });
    const { version } = await cluster.put(c, 'mortal', 'value', { ttlMs: minute });
    await cluster.elapse(500);
    for (const values of [true, false]) {
      const entries = await scanAll(() => a, { values });
      expect(keysOf(entries).sort()).toEqual(['mortal', 'stays']);
      const mortal = entries.find(({ key }) => textOf(key) === 'mortal');
      expect(mortal).toMatchObject({ version, deadline: version.ms + minute, length: 5 });
      expect(mortal?.value).toEqual(values ? bytesOf('value') : undefined);
    }
  });

  it('is narrowed by a prefix and a range, and of one partition and in order where the prefix holds a hash tag', async () => {
    await start();
    const keys = ['a', 'ab', 'abc', 'b', 'ba', '{user:1}', '{user:1}/a', '{user:1}/b', '{user:1}/c', '{user:2}/a', '{'];
    for (const key of keys) await cluster.put(a, key, 'x');
    const found = async (request: Partial<ScanRequest>) => keysOf(await scanAll(() => a, request));
    expect((await found({ prefix: bytesOf('ab') })).sort()).toEqual(['ab', 'abc']);
    expect((await found({ gte: bytesOf('ab'), lt: bytesOf('b') })).sort()).toEqual(['ab', 'abc']);
    expect((await found({ prefix: bytesOf('b'), gte: bytesOf('b\0') })).sort()).toEqual(['ba']);
    expect(await found({ gte: bytesOf('x'), lt: bytesOf('b') })).toEqual([]);
    const before = a.node!.counters.replicaScans + b.node!.counters.replicaScans + c.node!.counters.replicaScans;
    expect(await found({ prefix: bytesOf('{user:1}/') })).toEqual(['{user:1}/a', '{user:1}/b', '{user:1}/c']);
    const after = a.node!.counters.replicaScans + b.node!.counters.replicaScans + c.node!.counters.replicaScans;
    expect(after - before).toBe(2);
    expect((await found({ prefix: bytesOf('{') })).sort()).toEqual(keys.filter((key) => key.startsWith('{')).sort());
  });

  it('takes any bytes for a key, up to 4096 of them', async () => {
    await start();
    const keys = ['/', '%', '..', 'é', '\0', '\0\0', '\u{10ffff}', 'x'.repeat(4096)];
    for (const key of keys) await cluster.put(a, key, 'x');
    expect(keysOf(await scanAll(() => b, { limit: 1 })).sort()).toEqual([...keys].sort());
    const long = 'x'.repeat(4096);
    expect(keysOf(await scanAll(() => b, { prefix: bytesOf(long) }))).toEqual([long]);
    const { cursor } = await page(b, { prefix: bytesOf(long), limit: 1 });
    if (cursor !== undefined) expect(decodeScanCursor(cursor).partition).toBeLessThan(64);
  });

  it('ends a page by its number of entries, its bytes and its time, and goes on there', async () => {
    await start({ options: { scanPageBytes: 2500 } });
    for (let i = 0; i < 12; i += 1) await cluster.put(a, `{tag}${i}`, 'x'.repeat(1000));
    const prefix = bytesOf('{tag}');
    expect((await page(a, { prefix, limit: 2 })).entries).toHaveLength(2);
    expect((await page(a, { prefix })).entries).toHaveLength(3);
    expect(await scanAll(() => a, { prefix })).toHaveLength(12);
    const pages: number[] = [];
    let cursor: Uint8Array | undefined;
    do {
      const next = await page(a, { cursor, timeoutMs: 400 });
      pages.push(next.entries.length);
      cursor = next.cursor;
    } while (cursor !== undefined);
    expect(pages.length).toBeGreaterThan(5);
    expect(pages).toContain(0);
    expect(pages.reduce((sum, entries) => sum + entries, 0)).toBe(12);
  });
});

describe('with replicas that differ', () => {
  it('gives the newest version of each key, fetched from whoever has it', async () => {
    await start({ options: { repairIntervalMs: 24 * 60 * minute } });
    const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);
    for (const key of keys.slice(0, 8)) await cluster.put(a, key, 'old', { w: 3 });
    cluster.cut(a, c);
    cluster.cut(b, c);
    for (const key of keys.slice(4)) await cluster.put(a, key, 'new');
    for (const key of keys.slice(0, 2)) await cluster.delete(b, key);
    cluster.heal();
    await cluster.elapse(1000);
    for (const member of [a, b, c]) {
      const entries = await scanAll(() => member);
      const found = Object.fromEntries(entries.map(({ key, value }) => [textOf(key), textOf(value!)]));
      const expected = keys.slice(2).map((key, i) => [key, i < 2 ? 'old' : 'new']);
      expect(found).toEqual(Object.fromEntries(expected));
      expect(keysOf(await scanAll(() => member, { values: false })).sort()).toEqual(keys.slice(2).sort());
    }
  });

  it('never takes a live value for gone because a replica dropped its bytes early', async () => {
    await start({ options: { repairIntervalMs: 24 * 60 * minute, expiredKeptMs: 0 } });
    await cluster.put(a, 'key', 'value', { ttlMs: minute, w: 3 });
    await cluster.dropExpired(a, cluster.time.wallMs() + 2 * minute);
    const entries = await scanAll(() => a);
    expect(entries.map(({ value }) => textOf(value!))).toEqual(['value']);
  });

  it('asks another owner where one is cut off, and fails as a read does where too few are left', async () => {
    await start();
    for (let i = 0; i < 10; i += 1) await cluster.put(a, `key ${i}`, 'x', { w: 3 });
    cluster.cut(a, c);
    expect(await scanAll(() => a)).toHaveLength(10);
    cluster.cut(a, b);
    const failed = await cluster.scan(a);
    expect(failed).toMatchObject({ outcome: 'unavailable', receipt: { needed: 2 } });
    expect(await scanAll(() => a, { r: 1 })).toHaveLength(10);
    expect(a.node!.counters.scanPagesFailed).toBe(1);
    cluster.heal();
  });

  it('is refused at once where too few owners are up: the receipt tells how many are, and who is not', async () => {
    await start();
    await cluster.kill(b);
    await cluster.elapse(2 * minute);
    const failed = await cluster.scan(a, { r: 3, prefix: bytesOf('{tag}') });
    const replicas = [{ replica: b.id, role: 'primary', answer: 'down' }];
    expect(failed).toMatchObject({ outcome: 'unavailable', receipt: { needed: 3, got: 2, replicas } });
  });

  it('answers by the deadline when the others are silent', async () => {
    await start();
    const others = [b, c].map((member) => ({ member, node: member.node }));
    for (const { member } of others) member.node = undefined;
    expect(await cluster.scan(a, { timeoutMs: 700 })).toMatchObject({ outcome: 'timed-out' });
    for (const { member, node } of others) member.node = node;
  });

  it('does not believe an owner that answers what was not asked', async () => {
    await start();
    for (let i = 0; i < 10; i += 1) await cluster.put(a, `key ${i}`, 'x', { w: 3 });
    const [key, other] = [bytesOf('zzz'), bytesOf('key')];
    const answers: Message[] = [
      { type: 'replica-scan-reply', entries: [{ key, meta: key }], truncated: false },
      { type: 'replica-scan-reply', entries: [], truncated: true },
      { type: 'replica-scan-reply', entries: [{ key: other, meta: key }], truncated: false },
      { type: 'replica-read-reply', found: 'absent' },
    ];
    for (const message of answers) {
      b.intercept = (frame) => {
        const { header, message: asked } = decodeFrame(frame);
        if (asked.type !== 'replica-scan') return b.node!.receive(a.id, frame);
        const stamp = { ms: 1, counter: 0 };
        const reply = { ...header, deadlineMs: 0, stamp };
        return a.node!.receive(b.id, encodeFrame(reply, message));
      };
      expect(await scanAll(() => a, { prefix: bytesOf('key') })).toHaveLength(10);
    }
    b.intercept = undefined;
  });
});

describe('a cursor', () => {
  it('is good at any member and after its restart, for its keyspace and its bounds alone', async () => {
    await start({ keyspaces: [{ name: 'other', replicas: 3 }] });
    for (let i = 0; i < 9; i += 1) await cluster.put(a, `key ${i}`, 'x');
    const prefix = bytesOf('key');
    const first = await page(a, { prefix, limit: 4 });
    await a.node!.close();
    (await cluster.open(a)).start();
    await cluster.elapse(500);
    const cursor = first.cursor!;
    const rest = await Promise.all([page(a, { prefix, cursor }), page(b, { prefix, cursor, values: false })]);
    for (const { entries } of rest) expect(entries.length).toBeGreaterThan(0);
    const refused = (request: Partial<ScanRequest>) =>
      expect(cluster.scan(a, request)).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
    await refused({ prefix: bytesOf('ke'), cursor });
    await refused({ prefix, gte: bytesOf('key'), cursor });
    await refused({ prefix, cursor, keyspace: 'other' });
    await refused({ prefix, cursor: cursor.with(5, cursor[5]! ^ 1) });
    await refused({ prefix, cursor: cursor.subarray(1) });
    await refused({ prefix, cursor: new Uint8Array(0) });
  });
});

describe('while the topology changes', () => {
  async function change(asked: KeyspaceChange): Promise<void> {
    const answers: unknown[] = [];
    b.node!.changeKeyspace({ change: asked, timeoutMs: 2000 }, (result) => answers.push(result.outcome));
    for (let waited = 0; answers.length === 0 && waited < 4000; waited += 50) await cluster.elapse(50);
    expect(answers).toEqual(['changed']);
  }

  it('a page that was begun before a change of its keyspace goes on after it', async () => {
    await start({ options: { scanPageMs: minute } });
    for (let i = 0; i < 20; i += 1) await cluster.put(a, `key ${i}`, 'x');
    const results: ScanResult[] = [];
    a.node!.scan({ keyspace: 'default', timeoutMs: minute }, (result) => results.push(result));
    await cluster.elapse(500);
    await change({ kind: 'alter', name: 'default', settings: { ttlMs: minute } });
    for (let waited = 0; results.length === 0 && waited < minute; waited += 1000) await cluster.elapse(1000);
    const [result] = results;
    if (result?.outcome !== 'page') throw new Error(`the page is ${result?.outcome}`);
    expect(result.entries).toHaveLength(20);
    expect(result).not.toHaveProperty('cursor');
    expect(cluster.members.map(({ node }) => node!.topology.epoch)).toEqual([2, 2, 2]);
  });

  it('a page ends where its keyspace is dropped, and there is no next one', async () => {
    await start({ options: { scanPageMs: minute }, keyspaces: [{ name: 'other', replicas: 3 }] });
    const results: ScanResult[] = [];
    a.node!.scan({ keyspace: 'other', timeoutMs: minute }, (result) => results.push(result));
    await cluster.elapse(500);
    await change({ kind: 'drop', name: 'other' });
    for (let waited = 0; results.length === 0 && waited < minute; waited += 1000) await cluster.elapse(1000);
    const [result] = results;
    if (result?.outcome !== 'page') throw new Error(`the page is ${result?.outcome}`);
    const next = cluster.scan(a, { keyspace: 'other', cursor: result.cursor });
    await expect(next).rejects.toMatchObject({ code: 'UNKNOWN_KEYSPACE' });
  });
});

describe('a scan that cannot be', () => {
  it('is refused before anything is sent', async () => {
    await start({
      keyspaces: [
        { name: 'strong', replicas: 3, mode: 'strong' },
        { name: 'siblings', replicas: 3, conflict: 'siblings' },
      ],
    });
    const refused = (code: string, request: Partial<ScanRequest>) =>
      expect(cluster.scan(a, request)).rejects.toMatchObject({ code });
    await refused('UNKNOWN_KEYSPACE', { keyspace: 'none' });
    await refused('NOT_SUPPORTED', { keyspace: 'strong' });
    await refused('NOT_SUPPORTED', { keyspace: 'siblings' });
    await refused('INVALID_LIMIT', { limit: 0 });
    await refused('INVALID_LIMIT', { limit: 1025 });
    await refused('INVALID_LIMIT', { limit: 1.5 });
    await refused('INVALID_QUORUM', { r: 4 });
    await refused('KEY_EMPTY', { gte: new Uint8Array(0) });
    await refused('KEY_TOO_LONG', { lt: new Uint8Array(4097) });
    await refused('KEY_TOO_LONG', { prefix: new Uint8Array(4097) });
  });

  it('is refused by a replica that has no part in it', async () => {
    await start();
    const refusals: unknown[] = [];
    b.intercept = (frame) => refusals.push(decodeFrame(frame).message);
    const header = { operationId: 7, epoch: 1, keyspaceId: 1, deadlineMs: 1000, stamp: { ms: 0, counter: 0 } };
    const scan = {
      type: 'replica-scan',
      partition: 0,
      prefix: new Uint8Array(0),
      limit: 1,
      maxBytes: 1,
      want: 'value',
    } as const;
    a.node!.receive(b.id, encodeFrame({ ...header, epoch: 0 }, scan));
    a.node!.receive(b.id, encodeFrame({ ...header, keyspaceId: 4 }, scan));
    a.node!.receive(b.id, encodeFrame(header, { ...scan, partition: 64 }));
    await cluster.elapse(50);
    const codes = refusals.map((message) => (message as { code?: string }).code).filter((code) => code !== undefined);
    expect(codes).toEqual(['EPOCH_TOO_OLD', 'UNKNOWN_KEYSPACE', 'NOT_AN_OWNER']);
    b.intercept = undefined;
  });
});

describe('frames of clients', () => {
  it('are served a page, and told when it fails', async () => {
    await start();
    await cluster.put(a, '{t}a', 'value', { ttlMs: minute });
    const ask = async (message: Message): Promise<Message> => {
      const replies: Uint8Array[] = [];
      const header = { operationId: 7, epoch: 1, keyspaceId: 1, deadlineMs: 3000, stamp: { ms: 0, counter: 0 } };
      a.node!.serve(encodeFrame(header, message), (frame) => replies.push(frame));
      await cluster.elapse(3500);
      expect(replies).toHaveLength(1);
      return decodeFrame(replies[0]!).message;
    };
    const scan = { type: 'scan', prefix: bytesOf('{t}'), limit: 10, values: true } as const;
    const reply = await ask(scan);
    if (reply.type !== 'scan-reply') throw new Error(`got ${reply.type}`);
    expect(reply).not.toHaveProperty('cursor');
    const [entry] = reply.entries;
    expect(entry).toMatchObject({ key: bytesOf('{t}a'), value: bytesOf('value') });
    expect(decodeRecordMeta(entry!.meta)).toMatchObject({ kind: 'value', codec: 0, rawLength: 5 });
    expect(await ask({ ...scan, limit: 0 })).toMatchObject({ type: 'error', code: 'INVALID_LIMIT' });
    cluster.cut(a, b);
    cluster.cut(a, c);
    expect(await ask(scan)).toMatchObject({ type: 'read-failed', outcome: 'unavailable' });
  });
});

describe('while writers go on', () => {
  const write = fc.record({
    at: fc.nat({ max: 2 }),
    key: fc.nat({ max: 29 }),
    deletes: fc.boolean(),
    w: fc.constantFrom(2, 3),
  });
  const run = fc.record({
    /** Of each page: who coordinates it, its limit, and what happens after it. */
    pages: fc.array(
      fc.record({
        at: fc.nat({ max: 2 }),
        limit: fc.integer({ min: 1, max: 7 }),
        writes: fc.array(write, { maxLength: 3 }),
        restarts: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    answerBytes: fc.constantFrom(1, 60, 300, 100_000),
    pageBytes: fc.constantFrom(1, 100, 100_000),
    prefixed: fc.boolean(),
  });

  it('every key that is there all the time comes exactly once, and no key twice', async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(run, async ({ pages, answerBytes, pageBytes, prefixed }) => {
        await cluster.close();
        const options = { scanAnswerBytes: answerBytes, scanPageBytes: pageBytes, scanPageMs: minute };
        await start({ options: { ...options, requestTimeoutMs: 2 * minute } });
        const keyOf = (n: number): string => (prefixed ? `{t}${n}` : `key ${n}`);
        for (let n = 0; n < 30; n += 2) await cluster.put(a, keyOf(n), `first ${n}`);
        const [always, ever] = [new Set<number>(), new Set<number>()];
        for (let n = 0; n < 30; n += 2) {
          always.add(n);
          ever.add(n);
        }
        let step = 0;
        const current = () => pages[step % pages.length]!;
        const members = [a, b, c];
        const prefix = prefixed ? bytesOf('{t}') : undefined;
        const entries: ScanEntry[] = [];
        let cursor: Uint8Array | undefined;
        do {
          const { at, limit, writes, restarts } = current();
          const next = await page(members[at]!, { prefix, limit, cursor });
          entries.push(...next.entries);
          cursor = next.cursor;
          if (step < pages.length) {
            for (const { at: coordinator, key, deletes, w } of writes) {
              if (deletes) {
                await cluster.delete(members[coordinator]!, keyOf(key), { w });
                always.delete(key);
              } else {
                await cluster.put(members[coordinator]!, keyOf(key), `later ${step}`, { w });
                ever.add(key);
              }
            }
            if (restarts) {
              await members[at]!.node!.close();
              (await cluster.open(members[at]!)).start();
              await cluster.elapse(300);
            }
          }
          step += 1;
        } while (cursor !== undefined);
        const found = keysOf(entries);
        expect(new Set(found).size).toBe(found.length);
        expect(found).toEqual(expect.arrayContaining([...always].map(keyOf)));
        expect([...ever].map(keyOf)).toEqual(expect.arrayContaining(found));
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
