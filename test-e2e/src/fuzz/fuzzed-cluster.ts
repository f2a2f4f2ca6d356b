/** Three members over a temporary folder, with so little memory to give away that growth shows. */
import { LocalCluster } from '@kv/local-cluster';
import { makeTemporaryFolder } from '../temporary-folder.ts';

const memoryBudgetMib = '16';
/** V8 collects garbage when it has to: without a bound its heap grows for longer than the short form takes, leak or none. */
const heap = '--max-old-space-size=64 --max-semi-space-size=2';

export async function startFuzzedCluster(): Promise<AsyncDisposable & { readonly cluster: LocalCluster }> {
  const folder = await makeTemporaryFolder();
  const launch = () => ({ environment: { KV_MEMORY_BUDGET: memoryBudgetMib, NODE_OPTIONS: heap } });
  const cluster = await LocalCluster.start({ nodes: 3, port: 'free', data: folder.path, launch });
  await cluster.waitReady();
  return {
    cluster,
    [Symbol.asyncDispose]: async () => {
      await cluster.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
