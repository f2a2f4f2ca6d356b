/** Three members over a temporary folder, with so little memory to give away that growth shows. */
import { LocalCluster } from '@kv/local-cluster';
import { makeTemporaryFolder } from '../temporary-folder.ts';

const memoryBudgetMib = '16';

export async function startFuzzedCluster(): Promise<AsyncDisposable & { readonly cluster: LocalCluster }> {
  const folder = await makeTemporaryFolder();
  const launch = () => ({ environment: { KV_MEMORY_BUDGET: memoryBudgetMib } });
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
