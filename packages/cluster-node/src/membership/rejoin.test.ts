/** Parts of a cluster that started without having heard of each other find each other once they can. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestCluster } from '../testing/test-cluster.ts';

it('two halves that were started while a partition lay between them are one cluster again after it', async () => {
  const cluster = await TestCluster.start({ turn: () => setImmediate(), members: 4 });
  const statesSeen = (): string[][] =>
    cluster.members.map(({ node }) => node?.status().members.map(({ state }) => state) ?? []);
  const [near, far] = [cluster.members.slice(0, 2), cluster.members.slice(2)];
  for (const one of near) for (const other of far) cluster.cut(one, other);
  for (const { node } of cluster.members) await node?.close();
  for (const member of cluster.members) (await cluster.open(member)).start();
  await cluster.elapse(20_000);
  expect(statesSeen()[0]).toEqual(['alive', 'alive', 'down', 'down']);
  cluster.heal();
  await cluster.elapse(20_000);
  expect(new Set(statesSeen().flat())).toEqual(new Set(['alive']));
  await cluster.close();
});
