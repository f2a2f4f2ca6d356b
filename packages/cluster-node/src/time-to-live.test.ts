import { setImmediate } from 'node:timers/promises';
import { decodeFrame, decodeRecordMeta, encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';
import { maxDeadlineMs } from './time-to-live.ts';

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
beforeEach(() => start());
afterEach(() => cluster.close());

async function valueAt(member: TestMember, more: { r?: number } = {}): Promise<unknown> {
  const got = await cluster.get(member, 'key', more);
  return got.outcome === 'found' ? textOf(got.value) : got.outcome;
}

/** Puts at the replicas that are not cut off, and mends the links. */
async function putWithout(cutOff: TestMember, text: string, ttlMs?: number) {
  for (const other of cluster.members) if (other !== cutOff) cluster.cut(other, cutOff);
  const put = await cluster.put(cutOff === a ? b : a, 'key', text, { ttlMs });
  cluster.heal();
  await cluster.elapse(1000);
  return put;
}

describe('a value with a time to live', () => {
  it('lives until the deadline that its stamp gives it, and is absent under its version from then on', async () => {
    const put = await cluster.put(a, 'key', 'value', { ttlMs: 5000 });
    const { version } = put;
    const deadline = version.ms + 5000;
    expect(put).toMatchObject({ outcome: 'applied', deadline });
    expect(await cluster.get(b, 'key')).toMatchObject({ outcome: 'found', deadline, version });
    cluster.time.advance(deadline - 1 - cluster.time.wallMs());
    let answer: unknown;
    a.node?.get({ keyspace: 'default', key: bytesOf('key'), r: 1 }, (result) => (answer = result));
    expect(answer).toMatchObject({ outcome: 'found' });
    cluster.time.advance(1);
    a.node?.get({ keyspace: 'default', key: bytesOf('key'), r: 1 }, (result) => (answer = result));
    expect(answer).toMatchObject({ outcome: 'absent', version });
    for (const member of cluster.members) {
      expect(await cluster.get(member, 'key', { r: 3 })).toMatchObject({ outcome: 'absent', version });
    }
  });

  it('has the same deadline when it is tried again, however late', async () => {
    const { version } = await cluster.put(a, 'key', 'value', { ttlMs: 5000, w: 1 });
    await cluster.elapse(4000);
    await cluster.put(b, 'key', 'value', { ttlMs: 5000, version });
    expect(await cluster.get(c, 'key', { r: 3 })).toMatchObject({ deadline: version.ms + 5000 });
    await cluster.elapse(2000);
    expect(await cluster.put(c, 'key', 'value', { ttlMs: 5000, version })).toMatchObject({ outcome: 'applied' });
    expect(await valueAt(a)).toBe('absent');
  });

  it('loses its deadline when it is overwritten without one', async () => {
    await cluster.put(a, 'key', 'short', { ttlMs: 1000 });
    await cluster.put(b, 'key', 'long');
    await cluster.elapse(2000);
    expect(await cluster.get(c, 'key')).not.toHaveProperty('deadline');
    expect(await valueAt(c, { r: 3 })).toBe('long');
  });

  it('takes that of its keyspace unless it says otherwise, 0 being for ever', async () => {
    await cluster.close();
    await start({ defaultKeyspace: { ttlMs: 2000 } });
    const byDefault = await cluster.put(a, 'key', 'value');
    expect(await cluster.get(b, 'key')).toMatchObject({ deadline: byDefault.version.ms + 2000 });
    const own = await cluster.put(a, 'key', 'value', { ttlMs: 9000 });
    expect(await cluster.get(b, 'key')).toMatchObject({ deadline: own.version.ms + 9000 });
    await cluster.put(a, 'key', 'value', { ttlMs: 0 });
    expect(await cluster.get(b, 'key')).not.toHaveProperty('deadline');
  });

  it('may live until the end of the year 9999 and no longer, and is refused when it cannot be', async () => {
    await cluster.put(a, 'key', 'value', { ttlMs: 2 ** 48 - 1 });
    expect(await cluster.get(b, 'key')).toMatchObject({ outcome: 'found', deadline: maxDeadlineMs });
    for (const ttlMs of [-1, 0.5, Number.NaN, 2 ** 48]) {
      await expect(cluster.put(a, 'key', 'value', { ttlMs })).rejects.toMatchObject({ code: 'INVALID_TTL' });
    }
  });

  it('is put and got by frames too, the record meta telling the deadline, also of what is expired', async () => {
    const ask = async (message: Message): Promise<Message> => {
      const header = { operationId: 7, epoch: 1, keyspaceId: 1, deadlineMs: 1000, stamp: { ms: 0, counter: 0 } };
      const replies: Uint8Array[] = [];
      a.node?.serve(encodeFrame(header, message), (frame) => replies.push(frame));
      await cluster.elapse(200);
      return decodeFrame(replies[0]!).message;
    };
    const [key, value] = [bytesOf('key'), bytesOf('value')];
    await ask({ type: 'put', key, value, contentType: 'a/b', codec: 0, rawLength: 5, ttlMs: 1000 });
    const found = await ask({ type: 'get', key, want: 'value' });
    if (found.type !== 'get-reply' || found.found !== 'found') throw new Error('it was not found');
    const meta = decodeRecordMeta(found.meta);
    expect(meta).toMatchObject({ kind: 'value', deadline: meta.version.ms + 1000 });
    await cluster.elapse(2000);
    expect(await ask({ type: 'get', key, want: 'value' })).toMatchObject({ found: 'absent', meta: found.meta });
  });
});

describe('a value with time to live over one without, on some replicas only', () => {
  it('never lets the older one come back, read or repaired by whoever still has it', async () => {
    await cluster.put(a, 'key', 'old', { w: 3 });
    const { version } = await putWithout(c, 'short', 2000);
    await cluster.elapse(3000);
    for (const member of [c, a, b]) expect(await valueAt(member)).toBe('absent');
    await cluster.settle();
    for (const member of cluster.members) {
      expect(await cluster.get(member, 'key', { r: 1 })).toMatchObject({ outcome: 'absent', version });
    }
  });

  it('nor when those who have it dropped its bytes: the version is what is repaired', async () => {
    await cluster.put(a, 'key', 'old', { w: 3 });
    const { version } = await putWithout(c, 'short', 2000);
    await cluster.elapse(3000);
    for (const member of [a, b]) await cluster.dropExpired(member, cluster.time.wallMs());
    expect(await cluster.get(c, 'key', { r: 3 })).toMatchObject({ outcome: 'absent', version });
    await cluster.settle();
    expect(await cluster.get(c, 'key', { r: 1 })).toMatchObject({ outcome: 'absent', version });
  });

  it('is repaired by anti-entropy alone, and equal everywhere whether the bytes are there or not', async () => {
    await cluster.close();
    await start({ options: { repairIntervalMs: 1000, repairTreeLevels: 2 } });
    await cluster.put(a, 'key', 'old', { w: 3 });
    const { version } = await putWithout(c, 'short', 1500);
    await cluster.dropExpired(a, cluster.time.wallMs() + minute);
    await cluster.elapse(6000);
    expect(await cluster.get(c, 'key', { r: 1 })).toMatchObject({ outcome: 'absent', version });
    const repairs = () => cluster.members.map(({ node }) => node!.counters.exchangeRepairsSent);
    const before = repairs();
    await cluster.elapse(6000);
    expect(repairs()).toEqual(before);
  });
});

describe('with a clock that is ahead', () => {
  beforeEach(async () => {
    await cluster.close();
    await start({ options: { expiredKeptMs: 0 } });
  });

  it('a replica does not judge: what its own clock calls expired it answers nevertheless', async () => {
    c.clockAheadMs = minute;
    await cluster.put(a, 'key', 'value', { ttlMs: 10_000, w: 3 });
    const partition = a.node!.topology.partitionOf(bytesOf('key'));
    const answers: Message[] = [];
    b.intercept = (frame) => answers.push(decodeFrame(frame).message);
    const header = { operationId: 1, epoch: 1, keyspaceId: 1, deadlineMs: 1000, stamp: { ms: 0, counter: 0 } };
    for (const want of ['value', 'version'] as const) {
      c.node!.receive(b.id, encodeFrame(header, { type: 'replica-read', partition, key: bytesOf('key'), want }));
    }
    await cluster.elapse(50);
    b.intercept = undefined;
    const replies = answers.filter(({ type }) => type === 'replica-read-reply');
    expect(replies).toMatchObject([{ found: 'value', value: Buffer.from('value') }, { found: 'version' }]);
    for (const member of cluster.members) expect(await valueAt(member, { r: 3 })).toBe('value');
  });

  it('a coordinator that hears too few others to know better calls expired what its own clock does', async () => {
    const { version } = await cluster.put(a, 'key', 'value', { ttlMs: 30_000, w: 3 });
    await cluster.kill(c);
    c.clockAheadMs = minute;
    cluster.join(b, c);
    (await cluster.open(c)).start();
    await cluster.elapse(5000);
    expect(await cluster.get(c, 'key')).toMatchObject({ outcome: 'absent', version });
    expect(await valueAt(a)).toBe('value');
  });

  /** The bytes are gone at `member` although the value lives for a minute. */
  async function droppedEarlyAt(...members: TestMember[]) {
    const put = await cluster.put(a, 'key', 'value', { ttlMs: minute, w: 3 });
    for (const member of members) await cluster.dropExpired(member, cluster.time.wallMs() + 2 * minute);
    return put;
  }

  it('a replica that dropped the bytes early still holds the version, and the bytes come from another', async () => {
    const { version } = await droppedEarlyAt(a);
    for (const r of [1, 2, 3]) {
      expect(await cluster.get(a, 'key', { r })).toMatchObject({ outcome: 'found', version });
      expect(await valueAt(a, { r })).toBe('value');
    }
    await cluster.dropExpired(b, cluster.time.wallMs() + 2 * minute);
    expect(await valueAt(a, { r: 2 })).toBe('value');
    await cluster.elapse(minute);
    for (const member of cluster.members) {
      expect(await cluster.get(member, 'key')).toMatchObject({ outcome: 'absent', version });
    }
  });

  it.each([
    [0, 'absent'],
    [10 * minute, 'value'],
  ])('bytes stay %i ms longer on disk than they live, for those whose clock is behind', async (expiredKeptMs, read) => {
    await cluster.close();
    await start({ options: { expiredKeptMs, storage: { memtableBytes: 4096 } } });
    await cluster.put(a, 'key', 'value', { ttlMs: 1000, w: 3 });
    await cluster.elapse(2000);
    for (let i = 0; i < 20; i += 1) await cluster.put(a, `other ${i}`, 'x'.repeat(1000), { w: 3 });
    expect(cluster.members.map(({ node }) => node!.status().storage.flushes)).not.toContain(0);
    for (const member of cluster.members) member.clockAheadMs = -5 * minute;
    await cluster.elapse(5000);
    expect(await valueAt(b)).toBe(read);
  });

  it('the value is expired where nobody has its bytes any more', async () => {
    const { version } = await droppedEarlyAt(a, b, c);
    expect(await cluster.get(b, 'key', { r: 2 })).toMatchObject({ outcome: 'absent', version });
  });

  it('nobody says that it is gone while somebody out of reach may have it', async () => {
    await droppedEarlyAt(a, b);
    cluster.cut(a, c);
    cluster.cut(b, c);
    expect(await cluster.get(a, 'key', { r: 2 })).toMatchObject({ outcome: 'unavailable' });
    cluster.heal();
    await cluster.elapse(2000);
    expect(await valueAt(a, { r: 2 })).toBe('value');
  });

  it('a newer value that was found on the way wins', async () => {
    await droppedEarlyAt(a);
    const newer = await putWithout(a, 'newer');
    expect(await cluster.get(a, 'key', { r: 1 })).toMatchObject({ outcome: 'found', version: newer.version });
  });

  it('no repair brings a live value to others without its bytes, but whoever has them does', async () => {
    await cluster.close();
    // Without hints, which have the bytes and would be first.
    const options = { repairIntervalMs: 1000, repairTreeLevels: 2, expiredKeptMs: 0, hintBytesPerOwner: 0 };
    await start({ options });
    cluster.cut(a, c);
    cluster.cut(b, c);
    const { version } = await cluster.put(a, 'key', 'value', { ttlMs: minute });
    await cluster.dropExpired(a, cluster.time.wallMs() + 2 * minute);
    cluster.heal();
    cluster.cut(b, c);
    await cluster.elapse(5000);
    expect(await cluster.get(c, 'key', { r: 1 })).not.toHaveProperty('version');
    cluster.heal();
    await cluster.elapse(8000);
    cluster.cut(b, c);
    cluster.cut(a, c);
    await cluster.elapse(100);
    expect(await cluster.get(c, 'key', { r: 1 })).toMatchObject({ outcome: 'found', version });
  });
});
