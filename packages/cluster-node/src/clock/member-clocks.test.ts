/** The clocks of members that gossip: what is held against the corrected one, and what a next life knows of stamps. */
import { setImmediate } from 'node:timers/promises';
import { compareVersions, HybridLogicalClock, type Version } from '@kv/quorum';
import { decodeFrame, encodeFrame } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';

/** To within five milliseconds. */
const about = (ms: number): unknown => expect.closeTo(ms, -1);
const minute = 60_000;
const actor = '0f'.repeat(16);

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

async function start(members = 3): Promise<void> {
  cluster = await TestCluster.start({ turn: () => setImmediate(), members });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
}
beforeEach(() => start());
afterEach(() => cluster.close());

const correctionAt = ({ node }: TestMember): number => node!.status().clockCorrectionMs;
const clockEvents = ({ logged }: TestMember): string[] => logged.filter((event) => event.startsWith('clock-'));
const stampedNow = (aheadMs = 0): Version => ({ ms: cluster.time.wallMs() + aheadMs, counter: 0, actor });

/** A client as the SDK is one: stamps its writes from a clock that hears of the members'. */
class Client {
  readonly #clock = new HybridLogicalClock();

  /** By any answer of a member. */
  async hear(member: TestMember): Promise<void> {
    const header = { operationId: 1, epoch: 1, keyspaceId: 0, deadlineMs: 1000, stamp: this.#clock.latest };
    const replies: Uint8Array[] = [];
    member.node?.serve(encodeFrame(header, { type: 'topology-request' }), (reply) => replies.push(reply));
    await cluster.settle();
    this.#clock.merge(decodeFrame(replies[0]!).header.stamp);
  }

  stamp(): Version {
    return { ...this.#clock.issue(cluster.time.wallMs()), actor };
  }
}

async function restartAll(): Promise<void> {
  for (const member of cluster.members) await cluster.kill(member);
  cluster.heal();
  for (const member of cluster.members) (await cluster.open(member)).start();
  await cluster.elapse(500);
}

describe('members that gossip', () => {
  it('know how far the clocks of the others are from their own before they serve', async () => {
    c.clockAheadMs = minute;
    await restartAll();
    const near = { offsetMs: about(0), errorMs: about(2) };
    const offsets = a.node!.status().clockOffsets;
    expect(offsets.find(({ member }) => member === b.id)).toMatchObject(near);
    expect(offsets.find(({ member }) => member === c.id)).toMatchObject({
      ...near,
      offsetMs: about(minute),
    });
    expect(a.node!.ready).toBe(true);
    expect([correctionAt(a), correctionAt(b), correctionAt(c)]).toEqual([0, 0, about(-minute)]);
  });

  it('go by their own clocks while they hear too few', async () => {
    for (const other of [a, b]) cluster.cut(other, c);
    await cluster.kill(c);
    c.clockAheadMs = minute;
    (await cluster.open(c)).start();
    await cluster.elapse(5000);
    expect(correctionAt(c)).toBe(0);
    cluster.heal();
    await cluster.elapse(5000);
    expect(correctionAt(c)).toBeCloseTo(-minute, -1);
  });

  it('notice at once that their own clock was set, and soon that that of another was', async () => {
    c.clockAheadMs = -minute;
    expect(correctionAt(c)).toBeCloseTo(minute, -1);
    await cluster.elapse(3000);
    const known = a.node!.status().clockOffsets.find(({ member }) => member === c.id);
    expect(known).toMatchObject({ offsetMs: about(-minute) });
    expect([correctionAt(a), correctionAt(b)]).toEqual([0, 0]);
  });

  it('say once in the log that their own is off, and once that it is right again', async () => {
    c.clockAheadMs = minute;
    await cluster.elapse(10_000);
    c.clockAheadMs = 0;
    await cluster.elapse(10_000);
    expect([clockEvents(a), clockEvents(b)]).toEqual([[], []]);
    expect(clockEvents(c)).toEqual(['clock-off', 'clock-right']);
  });
});

describe('through a member whose clock is off', () => {
  it('stamps of clients are held against the right time', async () => {
    c.clockAheadMs = -minute;
    expect((await cluster.put(c, 'key', 'value', { version: stampedNow() })).outcome).toBe('applied');
    c.clockAheadMs = 2 * minute;
    const version = stampedNow(minute);
    await expect(cluster.put(c, 'key', 'value', { version })).rejects.toMatchObject({ code: 'STAMP_TOO_FAR_AHEAD' });
  });

  it.each([minute, -minute])('a value lives as long as through any other (%i ms)', async (aheadMs) => {
    await cluster.put(a, 'key', 'value', { ttlMs: 10_000, w: 3 });
    c.clockAheadMs = aheadMs;
    expect((await cluster.get(c, 'key')).outcome).toBe('found');
    await cluster.elapse(11_000);
    expect((await cluster.get(c, 'key')).outcome).toBe('absent');
  });
});

it('hints are kept as long as ever by a member whose clock was set a day ahead', async () => {
  await cluster.close();
  await start(4);
  const { owners, others } = cluster.placesOf('key');
  const [keeper] = others as [TestMember];
  await cluster.kill(owners[2]!);
  await cluster.elapse(20_000);
  await cluster.put(owners[0]!, 'key', 'value', { w: 3 });
  keeper.clockAheadMs = 86_400_000;
  await cluster.elapse(5000);
  expect(keeper.node!.status().hints).toMatchObject([{ owner: owners[2]!.id, count: 1 }]);
});

describe('after all members were killed, one of which had run 27 seconds ahead', () => {
  const client = { current: new Client() };
  beforeEach(async () => {
    client.current = new Client();
    b.clockAheadMs = 27_000;
    await cluster.elapse(3000);
    await client.current.hear(b);
    await cluster.elapse(2000);
  });

  it.each([
    ['that had written', true],
    ['that had only been answered', false],
  ])('a client %s is not refused', async (_, writes) => {
    if (writes) {
      const put = await cluster.put(a, 'key', 'old', { version: client.current.stamp(), w: 3 });
      expect(put.outcome).toBe('applied');
    }
    b.clockAheadMs = 0;
    await restartAll();
    for (const member of cluster.members) {
      const put = await cluster.put(member, 'key', 'new', { version: client.current.stamp(), w: 3 });
      expect(put.outcome).toBe('applied');
    }
  });

  it('a write that a member stamps is newer than what was written before', async () => {
    const { version } = await cluster.put(a, 'key', 'old', { version: client.current.stamp(), w: 3 });
    b.clockAheadMs = 0;
    await restartAll();
    const put = await cluster.put(c, 'key', 'new', { w: 3 });
    expect(put.outcome).toBe('applied');
    expect(compareVersions(put.version, version)).toBeGreaterThan(0);
  });
});

it('all clocks set back while everybody was down: who had written is not refused, and what is stamped is newer', async () => {
  const client = new Client();
  const before = await cluster.put(a, 'key', 'old', { version: client.stamp(), w: 3 });
  await cluster.elapse(500);
  for (const member of cluster.members) member.clockAheadMs = -minute;
  await restartAll();
  expect((await cluster.put(a, 'key', 'new', { version: client.stamp(), w: 3 })).outcome).toBe('applied');
  expect(compareVersions((await cluster.put(c, 'key', 'newer')).version, before.version)).toBeGreaterThan(0);
});

it('nothing is written down for the clocks while they agree, and little while one does not', async () => {
  const groups = () => cluster.members.map(({ node }) => node!.status().storage.groups);
  await cluster.elapse(5000);
  const before = groups();
  await cluster.elapse(10_000);
  expect(groups()).toEqual(before);
  b.clockAheadMs = 27_000;
  await cluster.elapse(10_000);
  for (const [index, count] of groups().entries()) {
    expect(count - before[index]!).toBeGreaterThan(0);
    expect(count - before[index]!).toBeLessThanOrEqual(8);
  }
});

it('starting again and again does not push the clock ahead', async () => {
  for (let starts = 0; starts < 10; starts += 1) {
    await cluster.put(a, 'key', 'value');
    await restartAll();
    await cluster.elapse(500);
  }
  for (const { node } of cluster.members) expect(node!.status().clockAheadMs).toBeLessThanOrEqual(3000);
});
