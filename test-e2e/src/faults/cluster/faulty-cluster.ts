/** A cluster of real processes in a world where everything can break: network, clocks, disks, the processes themselves. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LaunchedNode, LocalCluster } from '@kv/local-cluster';
import { FaultyNetwork } from '../network/faulty-network.ts';
import type { Links } from '../network/links.ts';
import { FakedClock, whyNoFakedClock } from './faked-clock.ts';
import { FaultyNode, type FaultyNodeParts } from './faulty-node.ts';
import { SmallDisk, whyNoSmallDisk } from './small-disk.ts';

export interface FaultyClusterOptions {
  readonly nodes: number;
  /** The data folder. */
  readonly data: string;
  /** Of the last member's disk; the others have this machine's. */
  readonly diskBytes: number;
}

/** Small, so that flushes and compactions happen within minutes. */
const memoryBudgetMib = '32';

export class FaultyCluster implements AsyncDisposable {
  readonly nodes: readonly FaultyNode[];
  readonly #cluster: LocalCluster;
  readonly #network: FaultyNetwork;
  readonly #disks: readonly SmallDisk[];

  private constructor(
    cluster: LocalCluster,
    network: FaultyNetwork,
    nodes: readonly FaultyNode[],
    disks: readonly SmallDisk[],
  ) {
    this.#cluster = cluster;
    this.#network = network;
    this.nodes = nodes;
    this.#disks = disks;
  }

  static async start({ nodes, data, diskBytes }: FaultyClusterOptions): Promise<FaultyCluster> {
    const network = new FaultyNetwork();
    const parts = new Map<string, FaultyNodeParts>();
    const disks: SmallDisk[] = [];
    const launch = async (launched: LaunchedNode) => {
      const behind = await network.front(launched);
      const clock = whyNoFakedClock === undefined ? await clockOf(launched) : undefined;
      const small = whyNoSmallDisk === undefined && launched.number === nodes;
      const disk = small ? await SmallDisk.mount(launched.folder, diskBytes) : undefined;
      if (disk !== undefined) disks.push(disk);
      parts.set(launched.id, { behind, clock, disk });
      const environment = { KV_LISTEN: behind, KV_MEMORY_BUDGET: memoryBudgetMib, ...clock?.environment };
      return { environment, through: disk?.through ?? [] };
    };
    const dispose = async (): Promise<void> => {
      await network[Symbol.asyncDispose]();
      await Promise.all(disks.map((disk) => disk[Symbol.asyncDispose]()));
    };
    try {
      const cluster = await LocalCluster.start({ nodes, port: 'free', data, launch });
      const faulty = cluster.nodes.map((node) => new FaultyNode(node, partsOf(parts, node.id)));
      await cluster.waitReady();
      return new FaultyCluster(cluster, network, faulty, disks);
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  get links(): Links {
    return this.#network.links;
  }

  /** What `connect` takes. */
  get connection(): string {
    return `kv://${this.#cluster.nodes.map(({ address }) => address).join(',')}`;
  }

  get deaths(): readonly string[] {
    return this.nodes.flatMap(({ deaths }) => deaths);
  }

  waitReady(): Promise<unknown> {
    return this.#cluster.waitReady();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
    await this.#network[Symbol.asyncDispose]();
    await Promise.all(this.#disks.map((disk) => disk[Symbol.asyncDispose]()));
  }
}

async function clockOf({ folder, name }: LaunchedNode): Promise<FakedClock> {
  const clocks = join(folder, '../clocks');
  await mkdir(clocks, { recursive: true });
  return new FakedClock(join(clocks, name));
}

function partsOf(parts: ReadonlyMap<string, FaultyNodeParts>, id: string): FaultyNodeParts {
  const found = parts.get(id);
  if (found === undefined) throw new Error(`member ${id} was never launched`);
  return found;
}
