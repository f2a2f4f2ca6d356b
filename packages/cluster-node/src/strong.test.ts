import { setImmediate } from 'node:timers/promises';
import { compareVersions, type Version } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rememberedOperations } from './coordinator/strong/register-change.ts';
import type { ChangeRequest, ChangeResult, GetResult } from './requests.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const turn = () => setImmediate();
const keyspaces = [{ name: 'strong', replicas: 3, mode: 'strong' }] as const;
const inStrong = { keyspace: 'strong' };
const absent = { condition: { type: 'absent' } } as const;

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn, keyspaces });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
});
afterEach(() => cluster.close());

async function read(at: TestMember, key = 'key'): Promise<string | undefined> {
  const got = await cluster.get(at, key, inStrong);
  if (got.outcome === 'absent') return undefined;
  return got.outcome === 'found' ? new TextDecoder().decode(got.value) : got.outcome;
}

async function applied(change: Promise<ChangeResult>): Promise<Version> {
  const result = await change;
  if (result.outcome !== 'applied') throw new Error(`needed an applied change, got ${result.outcome}`);
  return result.version;
}

/** Cut off from all, without being told so. */
function isolate(member: TestMember): void {
  for (const other of cluster.members) if (other !== member) cluster.cut(member, other);
}

/** Members that get nothing but messages of these types, as from `from`, and so keep quiet else. */
function deliverOnly(from: TestMember, to: readonly TestMember[], types: readonly Message['type'][]): void {
  for (const member of to) {
    member.intercept = (frame) => {
      if (types.includes(decodeFrame(frame).message.type)) member.node?.receive(from.id, frame);
    };
  }
}

function deliverAll(): void {
  for (const member of cluster.members) member.intercept = undefined;
}

/** Asks a member beside others: time moves in `together` alone. */
function ask(at: TestMember, key: string, text: string, more: Partial<ChangeRequest> = {}): Promise<ChangeResult> {
  const to = { type: 'put', value: bytesOf(text), contentType: 'text/plain' } as const;
  const request = { ...inStrong, key: bytesOf(key), to, timeoutMs: 30_000, ...more };
  return new Promise((done, refused) => at.node?.change(request, done, refused));
}

async function together<T>(asked: readonly Promise<T>[]): Promise<T[]> {
  let settled = false;
  const all = Promise.all(asked).finally(() => (settled = true));
  for (let steps = 0; !settled && steps < 2000; steps += 1) await cluster.elapse(50);
  return all;
}

const ignore = (): void => undefined;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const stamped = (ms: number, actor = 1): Version => ({
  ms: cluster.time.wallMs() + ms,
  counter: 0,
  actor: actor.toString(16).padStart(32, '0'),
});

describe('a key of a strong keyspace', () => {
  it('has the value that was put last, through whichever member it is read', async () => {
    const put = await cluster.change(a, 'key', 'value');
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'strict', epoch: 1, needed: 2, got: 2 } });
    for (const member of cluster.members) {
      const got = await cluster.get(member, 'key', inStrong);
      expect(got).toMatchObject({ outcome: 'found', contentType: 'text/plain', receipt: { needed: 2 } });
      expect('version' in got && got.version).toEqual('version' in put && put.version);
      expect(await read(member)).toBe('value');
    }
    const deleted = await applied(cluster.change(b, 'key', undefined));
    expect(await cluster.get(c, 'key', inStrong)).toMatchObject({ outcome: 'absent', version: deleted });
    expect(cluster.members.map(({ node }) => node?.counters.readsConfirmed)).toEqual([0, 0, 0]);
  });

  it('is changed where a condition holds, and the conflict else names the version and the value in the way', async () => {
    const first = await applied(cluster.change(a, 'key', 'first', absent));
    const conflict = await cluster.change(b, 'key', 'other', absent);
    expect(conflict).toMatchObject({ outcome: 'conflict', version: first, current: { meta: { version: first } } });
    const matching = { condition: { type: 'version', version: first } } as const;
    const second = await applied(cluster.change(c, 'key', 'second', matching));
    expect(compareVersions(second, first)).toBeGreaterThan(0);
    expect(await cluster.change(a, 'key', 'third', matching)).toMatchObject({ outcome: 'conflict', version: second });
    expect(await cluster.change(a, 'key', undefined, matching)).toMatchObject({ outcome: 'conflict' });
    expect(await read(b)).toBe('second');
    await applied(cluster.change(b, 'key', undefined, { condition: { type: 'version', version: second } }));
    expect(
      await cluster.change(a, 'key', 'third', { condition: { type: 'version', version: second } }),
    ).not.toHaveProperty('version');
    await applied(cluster.change(c, 'key', 'again', absent));
  });

  it('has versions that rise with every change, also when a clock is behind', async () => {
    const first = await applied(cluster.change(a, 'key', 'first', { operation: stamped(400) }));
    const second = await applied(cluster.change(b, 'key', 'second', { operation: stamped(-5000, 2) }));
    expect(compareVersions(second, first)).toBeGreaterThan(0);
    const third = await applied(cluster.change(c, 'key', 'third'));
    expect(compareVersions(third, second)).toBeGreaterThan(0);
    expect(await read(a)).toBe('third');
  });

  it('is a tombstone from its deadline on, and whoever finds it first makes that so for all', async () => {
    const to = {
      type: 'put',
      value: new TextEncoder().encode('short'),
      contentType: 'text/plain',
      ttlMs: 1000,
    } as const;
    const version = await applied(cluster.change(a, 'key', undefined, { to }));
    expect(await read(b)).toBe('short');
    await cluster.elapse(1200);
    expect(await cluster.get(b, 'key', inStrong)).toMatchObject({ outcome: 'absent', version });
    // A coordinator whose clock is behind does not bring it back.
    cluster.time.wallOffsetMs -= 5000;
    expect(await cluster.get(c, 'key', inStrong)).toMatchObject({ outcome: 'absent', version });
    await applied(cluster.change(c, 'key', 'again', absent));
  });
});

describe('a change that is tried again', () => {
  it('is the same change, through whichever member, whatever came after it (T6)', async () => {
    const operation = stamped(0);
    const version = await applied(cluster.change(a, 'key', 'first', { operation, ...absent }));
    await applied(cluster.change(b, 'key', 'second'));
    for (const member of cluster.members) {
      const again = await cluster.change(member, 'key', 'first', { operation, ...absent });
      expect(again).toMatchObject({ outcome: 'applied', version });
    }
    expect(await read(c)).toBe('second');
  });

  it('is made once when the first try, answered by nobody, was accepted by one owner only', async () => {
    const operation = stamped(0);
    deliverOnly(a, [b, c], ['prepare']);
    const asked = cluster.change(a, 'key', 'first', { operation, timeoutMs: 500 });
    // Replies of the two come from nodes that get nothing else: only the accepts are lost.
    expect(await asked).toMatchObject({ outcome: 'unknown', reason: 'deadline' });
    deliverAll();
    const version = await applied(cluster.change(b, 'key', 'first', { operation }));
    await applied(cluster.change(c, 'key', 'second'));
    expect(await applied(cluster.change(a, 'key', 'first', { operation }))).toEqual(version);
    expect(await read(a)).toBe('second');
  });

  it('is unknown, not a conflict, once so many came after it that it is forgotten', async () => {
    const operation = stamped(0);
    await applied(cluster.change(a, 'key', 'first', { operation }));
    for (let count = 0; count <= rememberedOperations; count += 1) await applied(cluster.change(b, 'key', `${count}`));
    const again = await cluster.change(c, 'key', 'first', { operation, ...absent });
    expect(again).toMatchObject({ outcome: 'unknown', reason: 'forgotten' });
    // What a member stamps itself is nobody's second try: it is stamped anew, behind what was forgotten.
    cluster.time.wallOffsetMs -= 60_000;
    await c.node?.close();
    (await cluster.open(c)).start();
    await cluster.elapse(3500);
    expect(await applied(cluster.change(c, 'key', 'last'))).toBeDefined();
  });
});

describe('with owners out of reach', () => {
  it('goes on with a majority, and the member that was away answers nothing old (both minorities)', async () => {
    await applied(cluster.change(a, 'key', 'old'));
    isolate(c);
    await applied(cluster.change(a, 'key', 'new'));
    expect(await read(c)).toBe('unavailable');
    const lonely = await cluster.change(c, 'key', 'lost');
    expect(lonely).toMatchObject({ outcome: 'unavailable', reason: 'too-few-replicas' });
    cluster.heal();
    await cluster.elapse(2000);
    expect(await read(c)).toBe('new');
    isolate(a);
    await applied(cluster.change(c, 'key', 'newer'));
    expect(await read(a)).toBe('unavailable');
    cluster.heal();
    expect(await read(a)).toBe('newer');
  });

  it('is refused before anything is sent once too few are believed to be up', async () => {
    isolate(a);
    await cluster.elapse(120_000);
    const before = a.node?.counters.acceptorPrepares;
    expect(await cluster.change(a, 'key', 'value')).toMatchObject({
      outcome: 'unavailable',
      receipt: { needed: 2, got: 1 },
    });
    const { outcome, receipt } = await cluster.get(a, 'key', inStrong);
    expect(outcome).toBe('unavailable');
    expect(receipt.replicas.map(({ answer }) => answer)).toEqual(['down', 'down']);
    expect(a.node?.counters.acceptorPrepares).toBe(before);
  });

  it('is unknown when time runs out after owners were asked to accept, and unavailable before', async () => {
    for (const member of [b, c]) member.intercept = () => undefined;
    const silent = await cluster.change(a, 'key', 'value', { timeoutMs: 500 });
    expect(silent).toMatchObject({ outcome: 'unavailable', reason: 'deadline' });
    expect(await cluster.get(a, 'key', { ...inStrong, timeoutMs: 500 })).toMatchObject({ outcome: 'timed-out' });
    deliverOnly(a, [b, c], ['prepare']);
    const proposed = await cluster.change(a, 'key', 'value', { timeoutMs: 500 });
    expect(proposed).toMatchObject({ outcome: 'unknown', reason: 'deadline' });
    const answers = proposed.receipt.replicas.map(({ answer }) => answer).sort();
    expect(answers).toEqual(['applied', 'pending', 'pending']);
  });

  it('keeps what it acknowledged through the restart of all', async () => {
    const version = await applied(cluster.change(a, 'key', 'value'));
    for (const member of cluster.members) await member.node?.close();
    for (const member of cluster.members) (await cluster.open(member)).start();
    await cluster.elapse(3500);
    expect(await cluster.get(b, 'key', inStrong)).toMatchObject({ outcome: 'found', version });
    expect(await applied(cluster.change(c, 'key', 'next', { condition: { type: 'version', version } }))).toBeDefined();
  });
});

describe('a proposal that was abandoned half-way (T16)', () => {
  it('is finished by the read that sees it, and every later read returns it', async () => {
    await applied(cluster.change(a, 'key', 'old'));
    deliverOnly(a, [b, c], ['prepare']);
    await cluster.change(a, 'key', 'half', { timeoutMs: 500 });
    deliverAll();
    // Only `a` accepted it: the two others agree, and without `a` nobody knows of it.
    expect(await read(b)).toBe('old');
    isolate(c);
    expect(await read(b)).toBe('half');
    expect(b.node?.counters.readsConfirmed).toBe(1);
    for (const away of cluster.members) {
      cluster.heal();
      await cluster.elapse(2000);
      isolate(away);
      for (const member of cluster.members) if (member !== away) expect(await read(member)).toBe('half');
    }
  });
});

describe('an owner that keeps silent where the two others do not agree', () => {
  it.each([
    ['is not waited for, once it is slow', 0],
    ['is not waited for at all, once it is known to be down', 60_000],
  ])('%s', async (_, silentMs) => {
    await applied(cluster.change(a, 'key', 'old'));
    deliverOnly(a, [b, c], ['prepare']);
    await cluster.change(a, 'key', 'half', { timeoutMs: 500 });
    deliverAll();
    c.intercept = () => undefined;
    await cluster.elapse(silentMs);
    const before = cluster.time.monotonicMs();
    expect(await read(b)).toBe('half');
    expect(cluster.time.monotonicMs() - before).toBeLessThan(1000);
  });
});

describe('members that all want the same key', () => {
  it('each win once: of eight clients that create it one does, and a counter by compare-and-set misses none (T18)', async () => {
    const members = [a, b, c, a, b, c, a, b];
    const created = await together(members.map((at, i) => ask(at, 'lock', `client ${i}`, absent)));
    expect(created.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1);
    expect(created.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(7);
    await applied(cluster.change(a, 'counter', '0'));
    const versions = new Set<string>();
    const add = async (at: TestMember): Promise<void> => {
      for (;;) {
        const got = await new Promise<GetResult>((done) =>
          at.node?.get({ ...inStrong, key: bytesOf('counter') }, done),
        );
        if (got.outcome !== 'found') throw new Error(got.outcome);
        const next = `${Number(new TextDecoder().decode(got.value)) + 1}`;
        const condition = { type: 'version', version: got.version } as const;
        const { outcome } = await ask(at, 'counter', next, { condition });
        if (outcome === 'conflict') continue;
        expect(outcome).toBe('applied');
        expect(versions.has(JSON.stringify(got.version))).toBe(false);
        versions.add(JSON.stringify(got.version));
        return;
      }
    };
    await together(members.flatMap((at) => [add(at), add(at)]));
    expect(await read(b, 'counter')).toBe('16');
  });

  it('wait for their turn at one member, and are refused as busy where too many do', async () => {
    const changes = Array.from({ length: 140 }, (_, i) => ask(a, 'key', `${i}`, { timeoutMs: 60_000 }));
    const outcomes = (await together(changes)).map((result) =>
      result.outcome === 'unavailable' ? result.reason : result.outcome,
    );
    expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(129);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(11);
    expect(await read(b)).toBe('128');
  });
});

describe('what is never mixed (T17)', () => {
  const place = { partition: 0, key: Uint8Array.of(1) };
  const write: ChangeRequest = { keyspace: 'default', key: place.key, to: { type: 'delete' } };

  it('is refused by the coordinator, by name', () => {
    const value = { value: new Uint8Array(0), contentType: 'text/plain' };
    const refused = expect.objectContaining({ code: 'NOT_SUPPORTED' }) as Error;
    expect(() => a.node?.change(write, ignore, ignore)).toThrow(/default is eventual/);
    expect(() => a.node?.put({ ...inStrong, ...place, ...value }, ignore, ignore)).toThrow(refused);
    expect(() => a.node?.delete({ ...inStrong, ...place }, ignore, ignore)).toThrow(refused);
    expect(() => a.node?.get({ ...inStrong, ...place, r: 1 }, () => undefined)).toThrow(/strong is strong.*got r=1/);
    expect(() => a.node?.get({ ...inStrong, ...place, level: 'one' }, () => undefined)).toThrow(/got level=one/);
    expect(() => a.node?.change({ ...write, ...inStrong, level: 'all' }, ignore, ignore)).toThrow(refused);
  });

  it('is refused by every replica', async () => {
    const { key } = place;
    const partition = a.node?.topology.partitionOf(key) ?? 0;
    const ballot = { counter: 1, proposer: 'x' };
    const meta = new Uint8Array(26).fill(1, 0, 1).fill(2, 1, 2);
    const value = { meta, value: new Uint8Array(0), memory: { recent: [], forgotten: undefined } };
    const messages: [number, Message][] = [
      [2, { type: 'replica-write', partition, key, meta, value: new Uint8Array(0) }],
      [2, { type: 'replica-read', partition, key, want: 'value' }],
      [1, { type: 'prepare', partition, key, ballot }],
      [1, { type: 'accept', partition, key, ballot, value }],
      [1, { type: 'register-query', partition, key, want: 'value' }],
    ];
    const codes: string[] = [];
    b.intercept = (frame) => {
      const { message } = decodeFrame(frame);
      if (message.type === 'error') codes.push(message.code);
    };
    for (const [keyspaceId, message] of messages) {
      const header = { operationId: 1, keyspaceId, deadlineMs: 100, epoch: 1, stamp: { ms: 0, counter: 0 } };
      a.node?.receive(b.id, encodeFrame(header, message));
    }
    await cluster.elapse(100);
    expect(codes).toEqual(messages.map(() => 'WRONG_MODE'));
  });
});
