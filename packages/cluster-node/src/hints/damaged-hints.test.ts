/** What becomes of the hints of a member whose disk rots. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { TestCluster } from '../testing/test-cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

it('hints behind a damaged block are counted', async () => {
  const options = { storage: { memtableBytes: 8192, blockBytes: 256, cacheBytes: 0, scaling: 8 } };
  cluster = await TestCluster.start({ turn: () => setImmediate(), members: 4, options });
  await cluster.elapse(100);
  const away = cluster.members[3]!;
  await cluster.kill(away);
  await cluster.elapse(20_000);
  for (let number = 0; number < 60; number += 1) {
    await cluster.put(cluster.members[0]!, `key ${number}`, `value ${number} `.repeat(40), { w: 3 });
  }
  await cluster.elapse(1000);
  const [keeper] = cluster.members as [(typeof cluster.members)[0]];
  const kept = keeper.node!.status().hints[0]!.count;
  await keeper.node!.close();
  await (await cluster.open(keeper)).close();
  const losses: number[] = [];
  for (const name of (await keeper.disk.list('')).filter((path) => path.endsWith('.run'))) {
    const whole = keeper.disk.contents(name).slice();
    for (let at = 60; at < whole.length; at += 1500) {
      keeper.disk.place(name, whole.with(at, whole[at]! ^ 4));
      const node = await cluster.open(keeper).catch(() => undefined);
      if (node === undefined) continue;
      const left = node.status().hints[0]?.count ?? 0;
      losses.push(kept - left);
      await node.close();
    }
    keeper.disk.place(name, whole);
  }
  await cluster.open(keeper);
  expect(Math.max(...losses), 'those in the damaged block itself').toBeGreaterThan(0);
  expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeLessThan(kept / 4);
});
