/** A cluster of real processes over a temporary folder, gone with the block that made it. */
import { LocalCluster } from '@kv/local-cluster';
import { makeTemporaryFolder } from './temporary-folder.ts';

export interface RunningCluster extends AsyncDisposable {
  readonly cluster: LocalCluster;
  /** Base URL of a node, by its number. */
  url(node: number): string;
  /** What `connect` takes: every node. */
  readonly connection: string;
}

export async function startCluster(nodes = 3): Promise<RunningCluster> {
  const folder = await makeTemporaryFolder();
  const cluster = await LocalCluster.start({ nodes, port: 'free', data: folder.path });
  await cluster.waitReady();
  return {
    cluster,
    url: (node) => `http://${cluster.node(node).address}`,
    connection: `kv://${cluster.nodes.map(({ address }) => address).join(',')}`,
    [Symbol.asyncDispose]: async () => {
      await cluster.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
