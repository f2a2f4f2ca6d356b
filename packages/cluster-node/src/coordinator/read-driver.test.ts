import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';

const turn = () => setImmediate();
let cluster: TestCluster;
afterEach(() => cluster.close());

async function start(options: object = {}): Promise<[TestMember, TestMember, TestMember]> {
  cluster = await TestCluster.start({ turn, options });
  await cluster.elapse(1000);
  await cluster.put(cluster.members[0]!, 'key', 'value', { w: 3 });
  return cluster.members as unknown as [TestMember, TestMember, TestMember];
}

/** Who was asked to read, in the order of the receipt. */
async function asked(at: TestMember): Promise<string[]> {
  const got = await cluster.get(at, 'key');
  expect(got.outcome).toBe('found');
  return got.receipt.replicas.map(({ replica }) => replica);
}

describe('a read', () => {
  it('turns to another owner when one is slow, and the next reads ask that one first', async () => {
    const [a, b, c] = await start();
    const first = await asked(a);
    const slow = first[1] === b.id ? b : c;
    const other = slow === b ? c : b;
    slow.intercept = () => undefined;
    expect(await asked(a)).toEqual(expect.arrayContaining([a.id, other.id, slow.id]));
    expect(a.node!.counters.standIns).toBe(1);
    for (let i = 0; i < 5; i += 1) expect(await asked(a)).toEqual([a.id, other.id].sort((x) => (x === a.id ? -1 : 1)));
    expect(a.node!.counters.standIns).toBe(1);
  });

  it('does not turn to others more often than its share, and says so', async () => {
    const [a, b, c] = await start({ standInShare: 0 });
    // Both are slow, so that every read would have asked one more.
    for (const member of [b, c]) {
      member.intercept = (frame) => {
        cluster.time.set(400, () => {
          const intercept = member.intercept;
          member.intercept = undefined;
          member.node?.receive(a.id, frame);
          member.intercept = intercept;
        });
      };
    }
    for (let i = 0; i < 14; i += 1) await cluster.get(a, 'key', { timeoutMs: 2000 });
    expect(a.node!.counters.standIns).toBeLessThanOrEqual(10);
    expect(a.node!.counters.standInsRefused).toBeGreaterThan(0);
  });
});
