/** Real processes that are killed, come back, or must not come back. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@kv/client-sdk';
import { openLocalNode } from '@kv/local-cluster';
import { expect, it } from 'vitest';
import { startCluster } from '../running-cluster.ts';

it('goes on with one of three killed, and serves what the killed one held once it is back', {
  timeout: 60_000,
}, async () => {
  await using running = await startCluster();
  const { cluster } = running;
  await using kv = await connect(running.connection);
  const keyspace = kv.keyspace<string>('default');
  await keyspace.set('before', 'the kill', { w: 3 });
  cluster.node(2).kill('SIGKILL');
  await cluster.node(2).exited;
  await keyspace.set('during', 'the absence');
  expect(await keyspace.get('before')).toBe('the kill');
  expect(await keyspace.get('during')).toBe('the absence');
  await cluster.node(2).restart();
  await cluster.waitReady();
  const entry = await keyspace.getEntry('before', { r: 3 });
  expect(entry).toMatchObject({ found: true, value: 'the kill' });
  expect(entry.receipt.replicas.map(({ answer }) => answer)).toEqual(['held', 'held', 'held']);
});

it('has every acknowledged write after all three were killed', { timeout: 60_000 }, async () => {
  await using running = await startCluster();
  const { cluster } = running;
  await using kv = await connect(running.connection);
  const keyspace = kv.keyspace<{ n: number }>('default');
  await Promise.all(Array.from({ length: 200 }, (_, n) => keyspace.set(`key-${n}`, { n })));
  for (const node of cluster.nodes) node.kill('SIGKILL');
  await Promise.all(cluster.nodes.map(({ exited }) => exited));
  await Promise.all(cluster.nodes.map((node) => node.restart()));
  await cluster.waitReady();
  for (let n = 0; n < 200; n += 1) expect(await keyspace.get(`key-${n}`)).toEqual({ n });
});

it('refuses to start a member whose folder was emptied, and says why', { timeout: 60_000 }, async () => {
  await using running = await startCluster();
  const { cluster } = running;
  await cluster.node(3).stop();
  await rm(join(cluster.data, 'node-3'), { recursive: true });
  await expect(openLocalNode({ data: cluster.data, number: 3 }).start()).rejects.toThrow(/would have forgotten/);
});

it('stops a member whose folder was rolled back behind what the others saw of it', { timeout: 60_000 }, async () => {
  await using running = await startCluster();
  const { cluster } = running;
  const folder = join(cluster.data, 'node-3');
  const backup = join(cluster.data, 'backup');
  await cluster.node(3).stop();
  await cp(folder, backup, { recursive: true });
  for (let start = 0; start < 2; start += 1) await cluster.node(3).restart();
  await cluster.waitReady();
  await cluster.node(3).stop();
  await rm(folder, { recursive: true });
  await cp(backup, folder, { recursive: true });
  const node = openLocalNode({ data: cluster.data, number: 3 });
  await node.start().catch(() => undefined);
  expect(await node.exited).toMatchObject({ code: 1 });
});
