/** A hint may be older than what its owners have forgotten: nothing that was deleted comes back by it. */
import { setImmediate } from 'node:timers/promises';
import type { Version } from '@kv/quorum';
import { decodeFrame, encodeFrame, encodeRecordMeta, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';

const turn = () => setImmediate();
const options = { purgeAfterMs: 20_000, purgeIntervalMs: 2000, repairIntervalMs: 100 * 3_600_000 };
const untilPurged = 60_000;

let cluster: TestCluster;
let owners: [TestMember, TestMember, TestMember];
let keeper: TestMember;
/** Of what was written before the deletion. */
let before: Version;

/** The keeper has a hint for the third owner, which is back and which it cannot reach; the key was deleted since. */
beforeEach(async () => {
  cluster = await TestCluster.start({ turn, members: 4, options });
  await cluster.elapse(1000);
  const places = cluster.placesOf('key');
  owners = places.owners as typeof owners;
  [keeper] = places.others as [TestMember];
  const [first, second, third] = owners;
  await cluster.kill(third);
  await cluster.elapse(30_000);
  ({ version: before } = await cluster.put(first, 'key', 'value', { w: 3 }));
  expect(hintsOf(keeper)).toBe(1);
  for (const other of [first, second]) cluster.join(third, other);
  (await cluster.open(third)).start();
  await cluster.elapse(15_000);
  await cluster.delete(second, 'key', { w: 3 });
});
afterEach(() => cluster.close());

const hintsOf = ({ node }: TestMember): number => node!.status().hints.reduce((sum, { count }) => sum + count, 0);
const purged = (): number => cluster.members.reduce((sum, { node }) => sum + node!.counters.deletionsPurged, 0);
const outcomes = async (): Promise<string[]> =>
  Promise.all(owners.map(async (owner) => (await cluster.get(owner, 'key', { r: 1 })).outcome));

describe('a hint from before a deletion', () => {
  it('that its keeper cannot hand over keeps the deletion from being forgotten, and is told as the reason', async () => {
    await cluster.elapse(untilPurged);
    expect([purged(), hintsOf(keeper)]).toEqual([0, 1]);
    const debts = cluster.members.flatMap(({ node }) => node!.status().purgeDebt ?? []);
    expect(debts).toMatchObject([{ member: keeper.id, reason: 'HINTS_KEPT' }]);
    cluster.heal();
    await cluster.elapse(untilPurged);
    expect([purged(), hintsOf(keeper)]).toEqual([3, 0]);
    expect(await outcomes()).toEqual(['absent', 'absent', 'absent']);
  });

  it('is refused by its owner where the deletion is forgotten already, and dropped', async () => {
    keeper.intercept = (frame, from) => {
      const { header, message } = decodeFrame(frame);
      if (message.type !== 'purge-hints') return keeper.node!.receive(from, frame);
      // As a member that was set back to an older copy of its disk would say it.
      const asker = cluster.members.find(({ id }) => id === from)!;
      asker.node!.receive(keeper.id, encodeFrame(header, { type: 'purge-reply', outcome: 'clear' }));
    };
    await cluster.elapse(untilPurged);
    expect([purged(), hintsOf(keeper)]).toEqual([3, 1]);
    cluster.heal();
    await cluster.elapse(5000);
    expect(hintsOf(keeper)).toBe(0);
    expect(keeper.node!.counters.hintsDropped).toBe(1);
    expect(owners[2].node!.counters.writesBelowWatermark).toBe(1);
    expect(await outcomes()).toEqual(['absent', 'absent', 'absent']);
  });

  it('is not taken by anybody once its range is sealed', async () => {
    cluster.heal();
    await cluster.elapse(untilPurged);
    expect(purged()).toBe(3);
    expect(await handed(before)).toMatchObject({ type: 'error', code: 'BELOW_WATERMARK' });
    expect(hintsOf(keeper)).toBe(0);
    expect(await handed({ ...before, ms: cluster.time.wallMs() })).toMatchObject({ type: 'replica-write-reply' });
  });

  /** What the keeper answers when it is handed a hint with this version for the third owner. */
  async function handed(version: Version): Promise<Message | undefined> {
    const [asker, , third] = owners;
    const key = new TextEncoder().encode('key');
    const partition = keeper.node!.topology.partitionOf(key);
    const meta = encodeRecordMeta({
      kind: 'value',
      version,
      codec: 0,
      rawLength: key.length,
      contentType: 'text/plain',
    });
    const header = { operationId: 4_000_000, keyspaceId: 1, epoch: 1, deadlineMs: 1000, stamp: { ms: 1, counter: 0 } };
    const write = { type: 'hint-write', partition, intendedOwner: third.id, key, meta, value: key } as const;
    let answer: Message | undefined;
    asker.intercept = (frame, from) => {
      const { header: got, message } = decodeFrame(frame);
      if (got.operationId === header.operationId) answer = message;
      else asker.node!.receive(from, frame);
    };
    keeper.node!.receive(asker.id, encodeFrame(header, write));
    await cluster.elapse(200);
    return answer;
  }
});
