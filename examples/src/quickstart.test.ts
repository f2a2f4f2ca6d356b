/** The program as a user runs it, against a cluster of real processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { LocalCluster } from '@kv/local-cluster';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'kv-examples-'));
let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nodes: 3, port: 'free', data: folder });
  await cluster.waitReady();
  process.env['KV_URL'] = `kv://${cluster.nodes.map(({ address }) => address).join(',')}`;
}, 60_000);
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('writes, reads, deletes, and says so', async () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void lines.push(format(...words)));
  await import('./quickstart.ts');
  expect(lines).toEqual([
    expect.stringMatching(/^applied on [23] servers or more$/),
    expect.stringMatching(/^Ada is 36 at version [0-9a-f]{16}-[0-9a-f]{32}$/),
    'and now undefined',
  ]);
});
