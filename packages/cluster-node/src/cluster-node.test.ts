import { setImmediate } from 'node:timers/promises';
import { compareStamps, HybridLogicalClock } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '@kv/lsm-storage/contract';
import { maxTimeoutMs } from './coordinator/request-checks.ts';
import { RequestError } from './errors.ts';
import { defaultOptions } from './options.ts';
import { MemoryManifest } from './testing/memory-manifest.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const turn = () => setImmediate();
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const unheard = () => undefined;

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
});
afterEach(() => cluster.close());

describe('a put and a get', () => {
  it('goes in through one member and comes back through every other, with its content type', async () => {
    const put = await cluster.put(a, 'key', 'value');
    expect(put).toMatchObject({ outcome: 'applied', certain: true, receipt: { mode: 'strict', epoch: 1, needed: 2 } });
    for (const member of cluster.members) {
      const got = await cluster.get(member, 'key');
      expect(got).toMatchObject({ outcome: 'found', contentType: 'text/plain', version: put.version });
      expect(got.outcome === 'found' && textOf(got.value)).toBe('value');
    }
  });

  it('is absent where nothing was written, and again once it is deleted, with the version of the deletion', async () => {
    expect(await cluster.get(a, 'key')).toMatchObject({ outcome: 'absent' });
    await cluster.put(a, 'key', 'value');
    const deleted = await cluster.delete(b, 'key');
    expect(await cluster.get(c, 'key')).toMatchObject({ outcome: 'absent', version: deleted.version });
  });

  it('keeps the highest version, in whatever order writes arrive, and names the winner', async () => {
    const first = await cluster.put(a, 'key', 'first');
    const second = await cluster.put(b, 'key', 'second');
    const retried = await cluster.put(c, 'key', 'first', { version: first.version });
    expect(retried).toMatchObject({ outcome: 'superseded', winner: second.version, version: first.version });
    const got = await cluster.get(a, 'key', { r: 3 });
    expect(got).toMatchObject({ version: second.version });
  });

  it('is the same write when it is tried again with the same version', async () => {
    const { version } = await cluster.put(a, 'key', 'value');
    expect(await cluster.put(b, 'key', 'value', { version })).toMatchObject({ outcome: 'applied', version });
  });
});

describe('a request that cannot be', () => {
  const refused: [string, string, object][] = [
    ['KEY_EMPTY', '', {}],
    ['KEY_TOO_LONG', 'x'.repeat(4097), {}],
    ['UNKNOWN_KEYSPACE', 'key', { keyspace: 'other' }],
    ['INVALID_QUORUM', 'key', { w: 4, r: 4 }],
    ['INVALID_QUORUM', 'key', { w: 0, r: 0 }],
  ];
  it.each(refused)('is refused with %s before anything is sent', (code, key, more) => {
    const request = { keyspace: 'default', key: bytesOf(key), value: bytesOf('x'), contentType: 'text/plain', ...more };
    const before = b.node?.counters.framesReceived;
    for (const ask of ['get', 'put', 'delete'] as const) {
      expect(() => a.node?.[ask](request, unheard, unheard)).toThrow(expect.objectContaining({ code }) as RequestError);
    }
    expect(b.node?.counters.framesReceived).toBe(before);
  });

  it('is refused for a value that is too large and a content type that is none', () => {
    const request = {
      keyspace: 'default',
      key: bytesOf('key'),
      value: new Uint8Array(1024 * 1024 + 1),
      contentType: 'a/b',
    };
    expect(() => a.node?.put(request, unheard, unheard)).toThrow(/at most 1048576 bytes, got 1048577/);
    expect(() => a.node?.put({ ...request, value: bytesOf(''), contentType: 'é' }, unheard, unheard)).toThrow(
      RequestError,
    );
  });

  it('is refused for a stamp more than 500 ms ahead of the clock', async () => {
    const version = { ms: cluster.time.wallMs() + 501, counter: 0, actor: 'ab'.repeat(16) };
    await expect(cluster.put(a, 'key', 'value', { version })).rejects.toMatchObject({ code: 'STAMP_TOO_FAR_AHEAD' });
    const allowed = await cluster.put(a, 'key', 'value', { version: { ...version, ms: version.ms - 1 } });
    expect(allowed.outcome).toBe('applied');
  });
});

describe('with members out of reach', () => {
  it('goes on while W and R can be met, and repairs who was away before it answers', async () => {
    await cluster.put(a, 'key', 'old');
    cluster.cut(a, c);
    cluster.cut(b, c);
    const put = await cluster.put(a, 'key', 'new');
    expect(put).toMatchObject({ outcome: 'applied' });
    cluster.heal();
    const got = await cluster.get(c, 'key', { r: 3 });
    expect(got).toMatchObject({ outcome: 'found', version: put.version, receipt: { repairs: { sent: 1 } } });
    await cluster.settle();
    expect(await cluster.get(c, 'key', { r: 1 })).toMatchObject({ version: put.version });
  });

  it('says unknown, and who holds it, when a write was sent and too few could answer', async () => {
    cluster.cut(a, b);
    cluster.cut(a, c);
    const put = await cluster.put(a, 'key', 'value');
    expect(put).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas', receipt: { needed: 2, got: 1 } });
    expect(put.receipt.replicas.filter(({ answer }) => answer === 'applied')).toMatchObject([{ replica: a.id }]);
  });

  it('rejects a write without sending it once the others are known to be down', async () => {
    cluster.cut(a, b);
    cluster.cut(a, c);
    await cluster.elapse(120_000);
    expect(a.node?.status().members.map(({ state }) => state)).toEqual(['alive', 'down', 'down']);
    expect(await cluster.put(a, 'key', 'value')).toMatchObject({ outcome: 'rejected', reason: 'too-few-replicas' });
    expect(await cluster.get(a, 'key')).toMatchObject({ outcome: 'unavailable' });
    expect(await cluster.get(a, 'key', { r: 1 })).toMatchObject({ outcome: 'absent' });
  });

  it('answers by the deadline when the others are silent', async () => {
    // Silent, not lost: nobody tells the coordinator that the links are gone.
    for (const member of [b, c]) member.node = undefined;
    const started = cluster.time.monotonicMs();
    expect(await cluster.put(a, 'key', 'value', { timeoutMs: 700 })).toMatchObject({
      outcome: 'unknown',
      reason: 'deadline',
    });
    expect(await cluster.get(a, 'key', { timeoutMs: 700 })).toMatchObject({ outcome: 'timed-out' });
    expect(cluster.time.monotonicMs() - started).toBeLessThan(2000);
  });
});

describe('a request of whatever time', () => {
  it('is worked on for a minute at the most: what was acknowledged to it may be lost and healed after that', async () => {
    for (const member of [b, c]) member.node = undefined;
    const outcomes: string[] = [];
    const [keyspace, key] = ['default', new TextEncoder().encode('key')];
    const put = { keyspace, key, value: key, contentType: 'text/plain', timeoutMs: 3_600_000 };
    a.node?.put(
      put,
      ({ outcome }) => outcomes.push(outcome),
      ({ code }) => outcomes.push(code),
    );
    await cluster.elapse(maxTimeoutMs - 1000);
    expect(outcomes).toEqual([]);
    await cluster.elapse(1100);
    expect(outcomes).toEqual(['unknown']);
    expect(defaultOptions.healAfterMs).toBeGreaterThan(maxTimeoutMs);
  });
});

describe('a member that starts', () => {
  it('serves what it held before, with a higher generation and later stamps, even with its clock set back', async () => {
    const first = await cluster.put(a, 'key', 'value', { w: 3 });
    await a.node?.close();
    cluster.time.wallOffsetMs -= 3_600_000;
    const node = await cluster.open(a);
    node.start();
    await cluster.elapse(100);
    expect(node.status()).toMatchObject({ generation: 2, ready: true });
    const second = await cluster.put(a, 'other', 'value');
    expect(second.version.ms).toBeGreaterThanOrEqual(first.version.ms);
    expect(await cluster.get(a, 'key', { r: 1 })).toMatchObject({ outcome: 'found', version: first.version });
  });

  it('does not serve before it has heard from the others, or waited for them in vain', async () => {
    await a.node?.close();
    const others = [b, c].map((member) => ({ member, node: member.node }));
    for (const { member } of others) member.node = undefined;
    const node = await cluster.open(a);
    node.start();
    await cluster.elapse(1000);
    for (const other of others) other.member.node = other.node;
    expect(node.ready).toBe(false);
    await expect(cluster.get(a, 'key')).rejects.toMatchObject({ code: 'NOT_READY' });
    await cluster.elapse(2500);
    expect(node.ready).toBe(true);
    await expect(cluster.get(a, 'key')).resolves.toMatchObject({ outcome: 'absent' });
  });

  it('does not start on an emptied folder, nor on one of which only the identity is left', async () => {
    await a.node?.close();
    const identity = a.disk.contents('identity.json');
    a.disk = new CrashableFileSystem();
    a.manifest = new MemoryManifest();
    await expect(cluster.open(a)).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    a.disk.place('identity.json', identity);
    await expect(cluster.open(a)).rejects.toMatchObject({ code: 'STORAGE_MISSING' });
  });

  it('does not start on the folder of another member', async () => {
    await a.node?.close();
    await expect(cluster.open(a, { nodeId: b.id })).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    await expect(cluster.open(a, { nodeId: cluster.topology.clusterId })).rejects.toMatchObject({
      code: 'NOT_A_MEMBER',
    });
  });

  it('stops when the others have seen a later generation of it', async () => {
    await c.node?.close();
    for (let life = 0; life < 3; life += 1) {
      const node = await cluster.open(c);
      node.start();
      await cluster.elapse(2000);
      await node.close();
    }
    c.disk = new CrashableFileSystem();
    c.manifest = new MemoryManifest();
    const node = await cluster.open(c, { create: true });
    node.start();
    await cluster.elapse(1000);
    expect(c.fatal).toMatchObject({ code: 'GENERATION_BEHIND' });
    expect(node.ready).toBe(false);
  });
});

describe('frames', () => {
  const header = { operationId: 7, epoch: 1, keyspaceId: 1, deadlineMs: 1000, stamp: { ms: 0, counter: 0 } };

  async function ask(message: Message, more: Partial<typeof header> = {}): Promise<Message> {
    const replies: Uint8Array[] = [];
    a.node?.serve(encodeFrame({ ...header, ...more }, message), (frame) => replies.push(frame));
    await cluster.elapse(200);
    expect(replies).toHaveLength(1);
    const reply = decodeFrame(replies[0]!);
    expect(reply.header.operationId).toBe(7);
    return reply.message;
  }

  it('serve a client: topology, put, get and delete', async () => {
    const topology = await ask({ type: 'topology-request' });
    expect(topology).toMatchObject({
      type: 'topology',
      epoch: 1,
      keyspaces: [{ id: 1, name: 'default', replicas: 3, mode: 'eventual', conflict: 'last-write-wins', since: 1 }],
    });
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: 'ab'.repeat(16) };
    const [key, value] = [bytesOf('key'), bytesOf('value')];
    const put = { type: 'put', key, value, contentType: 'text/plain', codec: 0, rawLength: 5, version } as const;
    expect(await ask(put)).toMatchObject({ type: 'write-reply', outcome: 'applied', version });
    expect(await ask({ type: 'get', key, want: 'value' })).toMatchObject({ type: 'get-reply', found: 'found', value });
    expect(await ask({ type: 'delete', key })).toMatchObject({ type: 'write-reply', outcome: 'applied' });
    expect(await ask({ type: 'get', key, want: 'value' })).toMatchObject({ type: 'get-reply', found: 'absent' });
  });

  it('refuse a client what only members may ask, unknown keyspaces and compressed values', async () => {
    const key = bytesOf('key');
    const put = { type: 'put', key, value: key, contentType: 'a/b', codec: 1, rawLength: 9 } as const;
    expect(await ask({ type: 'replica-read', partition: 0, key, want: 'value' })).toMatchObject({
      code: 'NOT_SUPPORTED',
    });
    expect(await ask({ type: 'get', key, want: 'value' }, { keyspaceId: 9 })).toMatchObject({
      code: 'UNKNOWN_KEYSPACE',
    });
    expect(await ask(put)).toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('change nothing when they are malformed', () => {
    a.node?.receive(b.id, Uint8Array.of(0, 0, 0, 1, 99));
    expect(a.node?.counters.framesRefused).toBe(1);
    expect(() => a.node?.serve(Uint8Array.of(1, 2, 3), () => undefined)).toThrow();
  });

  it('of an epoch before the last change, to who owns nothing of it, or with a damaged record are refused', async () => {
    const refusals: unknown[] = [];
    const key = bytesOf('key');
    const partition = a.node?.topology.partitionOf(key) ?? 0;
    const write = { type: 'replica-write', partition, key, meta: bytesOf('not a meta'), value: key } as const;
    b.intercept = (frame) => refusals.push(decodeFrame(frame).message);
    a.node?.receive(b.id, encodeFrame({ ...header, epoch: 0 }, write));
    a.node?.receive(b.id, encodeFrame({ ...header, keyspaceId: 4 }, write));
    a.node?.receive(b.id, encodeFrame(header, { ...write, partition: (partition + 1) % 64 }));
    a.node?.receive(b.id, encodeFrame(header, write));
    await cluster.elapse(50);
    const codes = refusals.map((message) => (message as { code?: string }).code).filter((code) => code !== undefined);
    expect(codes).toEqual(['EPOCH_TOO_OLD', 'UNKNOWN_KEYSPACE', 'NOT_AN_OWNER', 'MALFORMED']);
  });

  it('of an epoch not heard of wait until their sender tells it, and are refused if he does not', async () => {
    const answers: { code?: string; type: string }[] = [];
    const key = bytesOf('key');
    const partition = a.node?.topology.partitionOf(key) ?? 0;
    const read = { type: 'replica-read', partition, key, want: 'version' } as const;
    b.intercept = (frame) => answers.push(decodeFrame(frame).message);
    a.node?.receive(b.id, encodeFrame({ ...header, epoch: 2 }, read));
    await cluster.elapse(1000);
    const asked = answers.filter(({ type }) => type === 'topology-request' || type === 'replica-read-reply');
    expect(asked).toMatchObject([{ type: 'topology-request' }]);
    expect(answers.some(({ type }) => type === 'error')).toBe(false);
    await cluster.elapse(2000);
    expect(answers.find(({ type }) => type === 'error')?.code).toBe('EPOCH_AHEAD');
  });

  it('carry the clock of their sender', async () => {
    const ahead = { ms: cluster.time.wallMs() + 10_000, counter: 3 };
    a.node?.receive(b.id, encodeFrame({ ...header, stamp: ahead }, { type: 'topology-request' }));
    const { version } = await cluster.put(a, 'key', 'value');
    expect(new HybridLogicalClock(ahead).issue(0)).toMatchObject({ ms: version.ms });
  });

  it('are never stamped before a version inside them, even after a restart with the clock set back', async () => {
    const ahead = { ms: cluster.time.wallMs() + 60_000, counter: 3 };
    a.node?.receive(c.id, encodeFrame({ ...header, stamp: ahead }, { type: 'topology-request' }));
    const { version } = await cluster.put(a, 'key', 'value', { w: 3 });
    await b.node?.close();
    const node = await cluster.open(b);
    cluster.cut(a, b);
    cluster.cut(b, c);
    node.start();
    await cluster.elapse(100);
    const replies: Uint8Array[] = [];
    node.serve(encodeFrame(header, { type: 'get', key: bytesOf('key'), r: 1, want: 'version' }), (reply) =>
      replies.push(reply),
    );
    await cluster.elapse(100);
    expect(decodeFrame(replies[0]!)).toMatchObject({ message: { type: 'get-reply', found: 'found' } });
    expect(compareStamps(decodeFrame(replies[0]!).header.stamp, version)).toBeGreaterThanOrEqual(0);
  });
});
