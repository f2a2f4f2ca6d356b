import { setImmediate } from 'node:timers/promises';
import { formatVersion, type Version } from '@kv/quorum';
import { decodeFrame, encodeFrame, encodeRecordMeta, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '@kv/lsm-storage/contract';
import { StorageError } from '@kv/lsm-storage/core';
import type { GetResult, PutRequest, PutResult } from './requests.ts';
import { MemoryManifest } from './testing/memory-manifest.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const turn = () => setImmediate();
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const keyspace = 'carts';

let cluster: TestCluster;
/** The owners of `key` in the order of the preference list, and the one member that owns nothing of it. */
let a: TestMember;
let b: TestMember;
let c: TestMember;
let stranger: TestMember;

async function start(repairIntervalMs = 3_600_000): Promise<void> {
  cluster = await TestCluster.start({
    turn,
    members: 4,
    keyspaces: [{ name: keyspace, replicas: 3, conflict: 'siblings' }],
    options: { repairIntervalMs, repairTreeLevels: 2 },
  });
  await cluster.elapse(100);
  const { topology } = cluster.members[0]!.node!;
  const owners = topology.owners(topology.keyspace(keyspace)!, topology.partitionOf(bytesOf('key')));
  const named = owners.map((id) => cluster.members.find((member) => member.id === id));
  [a, b, c] = named as [TestMember, TestMember, TestMember];
  stranger = cluster.members.find(({ id }) => !owners.includes(id))!;
}

function put(at: TestMember, text: string, more: Partial<PutRequest> = {}): Promise<PutResult> {
  return cluster.put(at, 'key', text, { keyspace, ...more });
}

function remove(at: TestMember, context?: Uint8Array): Promise<PutResult> {
  return cluster.delete(at, 'key', { keyspace, context });
}

function get(at: TestMember, r?: number): Promise<GetResult> {
  return cluster.get(at, 'key', { keyspace, r });
}

function valuesOf(result: GetResult): string[] {
  if (result.outcome === 'siblings') return result.siblings.map(({ value }) => textOf(value));
  if (result.outcome === 'found') return [textOf(result.value)];
  expect(result.outcome).toBe('absent');
  return [];
}

function contextOf(result: GetResult): Uint8Array {
  const context = 'context' in result ? result.context : undefined;
  if (context === undefined) throw new Error(`a ${result.outcome} read without a context`);
  return context;
}

/** What each owner holds by itself. */
async function heldByEach(): Promise<unknown[]> {
  const held: unknown[] = [];
  for (const owner of [a, b, c]) {
    const result = await get(owner, 1);
    held.push({
      values: valuesOf(result),
      context: 'context' in result && Buffer.from(contextOf(result)).toString('hex'),
    });
  }
  return held;
}

beforeEach(() => start());
afterEach(() => cluster.close());

describe('writes that knew nothing of each other', () => {
  it('are both there, whoever coordinated them and whoever reads; a write that had read both replaces both', async () => {
    await put(a, 'empty cart');
    const context = contextOf(await get(b));
    expect(await put(a, 'milk', { context })).toMatchObject({ outcome: 'applied', siblings: 1 });
    expect(await put(stranger, 'bread', { context })).toMatchObject({ outcome: 'applied', siblings: 2 });
    for (const member of cluster.members) {
      const result = await get(member);
      expect(result.outcome).toBe('siblings');
      expect(valuesOf(result)).toEqual(['milk', 'bread']);
    }
    const both = contextOf(await get(c));
    const resolved = await put(c, 'milk, bread', { context: both });
    for (const member of cluster.members) {
      const result = await get(member);
      expect(result).toMatchObject({ outcome: 'found', version: resolved.version, contentType: 'text/plain' });
      expect(valuesOf(result)).toEqual(['milk, bread']);
    }
  });

  it('replace nothing when they had read nothing', async () => {
    const first = await put(a, 'first');
    const second = await put(stranger, 'second');
    const result = await get(b);
    expect(result.outcome === 'siblings' && result.siblings.map(({ version }) => version)).toEqual([
      first.version,
      second.version,
    ]);
  });

  it('survive a deletion that had not read them; a deletion that had read all leaves nothing but its context', async () => {
    await put(a, 'first');
    const context = contextOf(await get(a));
    await put(b, 'second');
    await remove(c, context);
    expect(valuesOf(await get(a))).toEqual(['second']);
    const deleted = await remove(stranger, contextOf(await get(b)));
    const absent = await get(b);
    expect(absent).toMatchObject({ outcome: 'absent', version: deleted.version });
    await put(a, 'third', { context: contextOf(absent) });
    expect(valuesOf(await get(c))).toEqual(['third']);
    expect(await cluster.get(a, 'other', { keyspace })).not.toHaveProperty('context');
  });

  /** T2: two coordinators whose clocks show the very same time. */
  it('with one and the same stamp are two, in the same order everywhere', async () => {
    const stamp = { ms: cluster.time.wallMs(), counter: 7 };
    await Promise.all([
      put(a, 'from a', { version: { ...stamp, actor: 'aa'.repeat(16) } }),
      put(b, 'from b', { version: { ...stamp, actor: 'bb'.repeat(16) } }),
    ]);
    const result = await get(c, 3);
    expect(valuesOf(result)).toEqual(['from a', 'from b']);
    await cluster.settle();
    const held = await heldByEach();
    expect(held).toEqual([held[0], held[0], held[0]]);
  });

  it('come together after a cut, though nobody reads: what was written on either side, and what was replaced is gone', async () => {
    await cluster.close();
    await start(1000);
    await put(a, 'before', { w: 3 });
    const context = contextOf(await get(a));
    for (const other of [a, b, stranger]) cluster.cut(c, other);
    await put(a, 'one side', { context });
    await put(stranger, 'one side, blindly');
    expect(await put(c, 'other side', { context, w: 1 })).toMatchObject({ outcome: 'applied' });
    cluster.heal();
    await cluster.elapse(8000);
    const held = await heldByEach();
    expect(held[0]).toMatchObject({ values: ['one side', 'one side, blindly', 'other side'] });
    expect(held).toEqual([held[0], held[0], held[0]]);
    expect(cluster.members.map(({ node }) => node!.counters.repairsSent)).toEqual([0, 0, 0, 0]);
    await put(b, 'reconciled', { context: contextOf(await get(b)), w: 3 });
    expect(await heldByEach()).toMatchObject(Array(3).fill({ values: ['reconciled'] }));
  });

  it('are merged by the read that meets them, which waits until N−R+1 owners hold what it returns', async () => {
    for (const other of [a, b, stranger]) cluster.cut(c, other);
    await put(c, 'at c', { w: 1 });
    await put(a, 'at a', { w: 1 });
    cluster.heal();
    await cluster.elapse(2000);
    const result = await get(c);
    expect(valuesOf(result)).toEqual(['at c', 'at a']);
    expect(result.receipt.repairs).toMatchObject({ sent: 2, acknowledged: 2 });
    await cluster.settle();
    expect(valuesOf(await get(c, 1))).toEqual(['at c', 'at a']);
  });
});

describe('a write that is tried again', () => {
  const version = (): Version => ({ ms: cluster.time.wallMs(), counter: 3, actor: 'cd'.repeat(16) });

  it('under the same id at the same owner is the same write, also after that was restarted, and once it was replaced', async () => {
    const id = version();
    await put(a, 'value', { version: id });
    expect(await put(a, 'value', { version: id })).toMatchObject({ outcome: 'applied', version: id, siblings: 1 });
    await a.node!.close();
    (await cluster.open(a)).start();
    await cluster.elapse(500);
    await put(a, 'value', { version: id });
    expect(valuesOf(await get(b))).toEqual(['value']);
    await put(b, 'newer', { context: contextOf(await get(b)), w: 3 });
    await put(a, 'value', { version: id });
    expect(valuesOf(await get(c, 3))).toEqual(['newer']);
  });

  it('at another owner shows once, while nothing replaced it', async () => {
    const id = version();
    await put(a, 'value', { version: id });
    await put(b, 'value', { version: id });
    expect(await get(c)).toMatchObject({ outcome: 'found', version: id });
    await put(c, 'newer', { context: contextOf(await get(c)) });
    expect(valuesOf(await get(a))).toEqual(['newer']);
  });

  it('after so many others that it may have been forgotten is unknown, and not made', async () => {
    const id = version();
    for (let number = 0; number < 32; number += 1) {
      const found = await get(a);
      await put(a, `value ${number}`, 'context' in found ? { context: contextOf(found) } : {});
    }
    expect(await put(a, 'late', { version: id })).toMatchObject({ outcome: 'unknown', reason: 'write-too-old' });
    expect(valuesOf(await get(b))).toEqual(['value 31']);
  });
});

describe('an owner that gives dots', () => {
  /** T14: actor amnesia. A member that lost everything must not give dots that others would take for its old ones. */
  it('refuses to start on an emptied disk; and gives none twice even where that goes unnoticed', async () => {
    for (let number = 0; number < 40; number += 1) {
      const found = await get(a);
      await put(a, 'old', { w: 3, ...('context' in found && { context: contextOf(found) }) });
    }
    await a.node!.close();
    a.disk = new CrashableFileSystem();
    a.manifest = new MemoryManifest();
    await expect(cluster.open(a)).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    // Created anew behind its own back, and started once more, so that nobody has seen its generation.
    await (await cluster.open(a, { create: true })).close();
    (await cluster.open(a)).start();
    await cluster.elapse(3500);
    for (const other of [b, c, stranger]) cluster.cut(a, other);
    let last: PutResult | undefined;
    for (let number = 0; number < 100; number += 1) {
      const found = await get(a, 1);
      const context = 'context' in found ? found.context : undefined;
      last = await put(a, `new ${number}`, { w: 1, ...(context !== undefined && { context }) });
    }
    expect(last).toMatchObject({ outcome: 'applied' });
    cluster.heal();
    await cluster.elapse(2000);
    expect(valuesOf(await get(b, 3))).toEqual(['old', 'new 99']);
  });

  /** T15: whatever has dots of its own has a name of its own. */
  it('has a name of its own in the context, the same in each of its lives', async () => {
    const actors = async (): Promise<number> => (contextOf(await get(b, 3)).length - 13) / 30;
    await put(a, 'from a');
    expect(await actors()).toBe(1);
    await put(b, 'from b');
    expect(await actors()).toBe(2);
    for (let life = 0; life < 3; life += 1) {
      await a.node!.close();
      (await cluster.open(a)).start();
      await cluster.elapse(500);
      await put(a, `life ${life}`);
    }
    expect(await actors()).toBe(2);
    expect(valuesOf(await get(c, 3))).toEqual(['from a', 'from b', 'life 0', 'life 1', 'life 2']);
  });

  it('lets in so many siblings and no more, says so, and takes the write that reconciles them', async () => {
    for (let number = 0; number < 32; number += 1) await put(a, `blind ${number}`);
    const refused = await put(a, 'one too many');
    expect(refused).toMatchObject({ outcome: 'rejected', reason: 'too-many-siblings', receipt: { got: 0 } });
    expect(await put(stranger, 'one too many')).toMatchObject({ outcome: 'rejected', reason: 'too-many-siblings' });
    const result = await get(b);
    expect(valuesOf(result)).toHaveLength(32);
    expect(await put(a, 'reconciled', { context: contextOf(result) })).toMatchObject({
      outcome: 'applied',
      siblings: 1,
    });
    expect(a.node!.counters.siblingsRefused).toBe(2);
  });

  it('lets in no more bytes than fit when what all owners let in comes together', async () => {
    const large = 'x'.repeat(700_000);
    for (const other of [a, b, c, stranger]) for (const one of [a, b, c]) cluster.cut(one, other);
    for (const owner of [a, b, c]) expect(await put(owner, large, { w: 1 })).toMatchObject({ outcome: 'applied' });
    expect(await put(a, large, { w: 1 })).toMatchObject({ outcome: 'rejected', reason: 'too-many-siblings' });
    cluster.heal();
    await cluster.elapse(2000);
    const result = await get(stranger, 3);
    expect(valuesOf(result).map(({ length }) => length)).toEqual([700_000, 700_000, 700_000]);
    expect(await put(a, 'small', { context: contextOf(result) })).toMatchObject({ outcome: 'applied', siblings: 1 });
  });
});

describe('with members out of reach', () => {
  it('another owner gives the dot when those that were asked have no room, be it the coordinator', async () => {
    const fill = (...members: TestMember[]): void => {
      for (const { disk } of members) {
        disk.observe(({ operation, path }) => {
          if (operation !== 'write' && operation !== 'create') return undefined;
          throw new StorageError('DISK_FULL', `${operation} ${path}: no space`);
        });
      }
    };
    // Stamps are reserved some seconds ahead.
    for (const { id } of [a, stranger])
      await cluster.put(cluster.members.find((member) => member.id === id)!, 'other', '');
    fill(a, b);
    expect(await put(a, 'through an owner', { w: 1 })).toMatchObject({ outcome: 'applied' });
    expect(await put(stranger, 'through a stranger', { w: 1 })).toMatchObject({ outcome: 'applied' });
    fill(c);
    const refused = await put(stranger, 'nowhere', { w: 1 });
    expect(refused).toMatchObject({ outcome: 'rejected', reason: 'refused' });
    expect(refused.receipt.replicas.map(({ reason }) => reason)).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL']);
    for (const { disk } of cluster.members) disk.observe(undefined);
    expect(valuesOf(await get(c, 1)).sort()).toEqual(['through a stranger', 'through an owner']);
  });

  it('another owner gives the dot when the nearest cannot; with too few left nothing is written', async () => {
    await a.node!.close();
    a.node = undefined;
    await cluster.elapse(120_000);
    expect(await put(stranger, 'value')).toMatchObject({ outcome: 'applied', receipt: { needed: 2, got: 2 } });
    expect(valuesOf(await get(stranger))).toEqual(['value']);
    await b.node!.close();
    b.node = undefined;
    await cluster.elapse(120_000);
    const refused = [await put(stranger, 'value'), await put(c, 'value')];
    const ending = { outcome: 'rejected', reason: 'too-few-replicas', receipt: { got: 1 } };
    expect(refused).toMatchObject([ending, ending]);
    const read = await get(stranger);
    expect(read).toMatchObject({ outcome: 'unavailable', receipt: { needed: 2, got: 1 } });
    for (const { receipt } of [...refused, read]) {
      const told = receipt.replicas.map(({ replica, answer }) => `${replica} ${answer}`);
      expect(told.sort()).toEqual([`${a.id} down`, `${b.id} down`].sort());
    }
  });

  it('says unknown, and who holds it, when too few could answer; the write is there nevertheless', async () => {
    cluster.cut(a, b);
    cluster.cut(a, c);
    const result = await put(a, 'value');
    expect(result).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas', receipt: { got: 1 } });
    expect(result.receipt.replicas.filter(({ answer }) => answer === 'applied')).toMatchObject([{ replica: a.id }]);
    cluster.heal();
    await cluster.elapse(2000);
    expect(valuesOf(await get(b, 3))).toEqual(['value']);
  });

  it('says unknown when the owner that was asked for a dot was lost, and asks no other one', async () => {
    const asked = [a, b, c].map((owner) => {
      owner.intercept = () => undefined;
      return owner;
    });
    const started = cluster.time.monotonicMs();
    const result = await put(stranger, 'value', { timeoutMs: 700 });
    expect(result).toMatchObject({ outcome: 'unknown', reason: 'deadline', receipt: { got: 0 } });
    expect(result.receipt.replicas).toHaveLength(1);
    expect(cluster.time.monotonicMs() - started).toBeLessThan(1000);
    for (const owner of asked) owner.intercept = undefined;
    for (const owner of asked) cluster.cut(stranger, owner);
    const lost = await put(stranger, 'value');
    expect(lost).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas' });
    expect(lost.receipt.replicas).toMatchObject([{ answer: 'unreachable', reason: 'LINK_LOST' }]);
  });
});

describe('what cannot be', () => {
  it('a context that is none, or of another key, is refused before anything is sent, and so is a deletion without one', async () => {
    await put(a, 'value');
    await cluster.put(a, 'other', 'value', { keyspace });
    const other = contextOf(await cluster.get(a, 'other', { keyspace }));
    for (const context of [bytesOf('nonsense'), other, new Uint8Array(0)]) {
      await expect(put(a, 'new', { context })).rejects.toMatchObject({ code: 'INVALID_CONTEXT' });
      await expect(remove(stranger, context)).rejects.toMatchObject({ code: 'INVALID_CONTEXT' });
    }
    await expect(remove(b)).rejects.toThrow('without one it would delete nothing');
    expect(valuesOf(await get(b, 3))).toEqual(['value']);
  });

  it('a context in a keyspace without siblings is refused: it would look as if it had been heeded', async () => {
    const request = { keyspace: 'default', context: bytesOf('x') };
    await expect(cluster.put(a, 'key', 'value', request)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(cluster.delete(a, 'key', request)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('a time to live is refused: siblings live until they are replaced', async () => {
    await expect(put(a, 'value', { ttlMs: 1000 })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await put(a, 'value', { ttlMs: 0 })).toMatchObject({ outcome: 'applied' });
  });

  it('a value larger than an owner lets in is refused', async () => {
    await expect(put(a, 'x'.repeat(1024 * 1024 + 1))).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' });
  });
});

describe('frames', () => {
  const header = { operationId: 7, epoch: 1, keyspaceId: 2, deadlineMs: 1000, stamp: { ms: 0, counter: 0 } };
  const key = bytesOf('key');

  async function ask(message: Message, more: Partial<typeof header> = {}): Promise<Message> {
    const replies: Uint8Array[] = [];
    a.node!.serve(encodeFrame({ ...header, ...more }, message), (frame) => replies.push(frame));
    await cluster.elapse(200);
    expect(replies).toHaveLength(1);
    return decodeFrame(replies[0]!).message;
  }

  function content(text: string): { contentType: string; codec: number; rawLength: number; value: Uint8Array } {
    return { contentType: 'text/plain', codec: 0, rawLength: text.length, value: bytesOf(text) };
  }

  it('serve a client: siblings read, written with their context, and deleted', async () => {
    expect(await ask({ type: 'get-siblings', key })).toMatchObject({ type: 'siblings', siblings: [] });
    for (const text of ['one', 'two']) {
      expect(await ask({ type: 'put-sibling', key, content: content(text) })).toMatchObject({ outcome: 'applied' });
    }
    const read = await ask({ type: 'get-siblings', key, r: 3 });
    if (read.type !== 'siblings') throw new Error(`got a ${read.type}`);
    expect(read.siblings.map(({ value }) => textOf(value))).toEqual(['one', 'two']);
    const version = { ms: cluster.time.wallMs(), counter: 9, actor: 'ef'.repeat(16) };
    expect(
      await ask({ type: 'put-sibling', key, version, context: read.context!, content: content('three') }),
    ).toMatchObject({
      type: 'write-reply',
      outcome: 'applied',
      version,
    });
    const next = await ask({ type: 'get-siblings', key });
    expect(next).toMatchObject({ siblings: [{ version, rawLength: 5 }] });
    await ask({ type: 'put-sibling', key, context: (next as { context: Uint8Array }).context });
    expect(await ask({ type: 'get-siblings', key })).toMatchObject({
      siblings: [],
      context: expect.any(Uint8Array) as Uint8Array,
    });
  });

  it('of one conflict rule are refused in a keyspace of the other', async () => {
    const refused = { type: 'error', code: 'NOT_SUPPORTED' };
    expect(await ask({ type: 'get', key, want: 'value' })).toMatchObject(refused);
    expect(await ask({ type: 'put', key, ...content('x') })).toMatchObject(refused);
    expect(await ask({ type: 'delete', key })).toMatchObject(refused);
    expect(await ask({ type: 'get-siblings', key }, { keyspaceId: 1 })).toMatchObject(refused);
    expect(await ask({ type: 'put-sibling', key }, { keyspaceId: 1 })).toMatchObject(refused);
    expect(await ask({ type: 'put-sibling', key, content: { ...content('x'), codec: 1 } })).toMatchObject(refused);
    expect(await ask({ type: 'put-sibling', key, context: bytesOf('x') })).toMatchObject({ code: 'INVALID_CONTEXT' });
  });

  it('of members that do not belong, or hold no set, are refused and change nothing', async () => {
    const refusals: string[] = [];
    b.intercept = (frame) => {
      const { message } = decodeFrame(frame);
      if (message.type === 'error') refusals.push(message.code);
    };
    const partition = a.node!.topology.partitionOf(key);
    const version = { ms: 1, counter: 0, actor: 'ab'.repeat(16) };
    const write = { type: 'sibling-write', partition, key, version, content: content('x'), w: 2 } as const;
    const value = { type: 'replica-write', partition, key, value: key } as const;
    const tombstone = encodeRecordMeta({ kind: 'tombstone', version });
    const set = encodeRecordMeta({ kind: 'sibling-set', version, digest: '0'.repeat(32), siblings: 1 });
    const bad: [Message, Partial<typeof header>][] = [
      [write, { epoch: 0 }],
      [write, { keyspaceId: 9 }],
      [{ ...write, partition: (partition + 1) % 64 }, {}],
      [write, { keyspaceId: 1 }],
      [{ ...write, w: 4 }, {}],
      [{ ...write, context: bytesOf('nonsense') }, {}],
      [{ ...value, meta: tombstone }, {}],
      [{ ...value, meta: set }, { keyspaceId: 1 }],
      [{ ...value, meta: set }, {}],
    ];
    for (const [message, more] of bad) a.node!.receive(b.id, encodeFrame({ ...header, ...more }, message));
    await cluster.elapse(100);
    expect(refusals).toEqual([
      'EPOCH_TOO_OLD',
      'UNKNOWN_KEYSPACE',
      'NOT_AN_OWNER',
      ...Array<string>(6).fill('MALFORMED'),
    ]);
    b.intercept = undefined;
    expect((await get(a, 1)).outcome).toBe('absent');
    expect(formatVersion((await put(a, 'value', { w: 3 })).version)).toMatch(/^0/);
  });
});
