/** The examples of the documents that need a cluster, run against one. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { type RunningCluster, startCluster } from '../running-cluster.ts';

let running: RunningCluster;

beforeAll(async () => {
  running = await startCluster();
  process.env['KV_URL'] = running.connection;
}, 60_000);
afterAll(() => running[Symbol.asyncDispose]());

for (const document of ['README.md', 'packages/client-sdk/README.md']) {
  describe(document, async () => {
    await import(fileURLToPath(new URL(`../../../${document}`, import.meta.url)));
  });
}
