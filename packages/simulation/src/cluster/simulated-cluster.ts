/** The nodes of one simulated cluster, and what is to be said about all of them. */
import type { TopologyConfig } from '@kv/cluster-node';
import { noCodec } from '@kv/lsm-storage/core';
import { ZstdCodec } from '@kv/lsm-storage';
import type { ClusterOptions } from '../scenario/options.ts';
import type { DiskOptions } from '../world/disk/disk-options.ts';
import type { Machine } from '../world/machine.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';
import { drawUuid } from './draw-uuid.ts';
import { Operator } from './operator.ts';
import { type Replacements, SimulatedNode } from './simulated-node.ts';

export interface SimulatedClusterConfig {
  readonly options: ClusterOptions;
  readonly keyspaces: TopologyConfig['keyspaces'];
  readonly disk: DiskOptions;
  readonly clockSpreadMs: number;
  readonly replacements: Replacements;
  readonly random: SeededRandom;
  readonly failed: (what: string) => void;
}

export class SimulatedCluster {
  readonly topology: TopologyConfig;
  /** By the name of their machine. */
  readonly nodes: ReadonlyMap<string, SimulatedNode>;

  constructor(world: World, config: SimulatedClusterConfig) {
    const { options, keyspaces, disk, clockSpreadMs, replacements, random, failed } = config;
    const names = Array.from({ length: options.nodes }, (_, index) => `node-${index + 1}`);
    const clocks = random.fork('clocks');
    const machine = (name: string): Machine =>
      world.machine(name, { disk, clockAheadMs: clocks.between(-clockSpreadMs, clockSpreadMs) });
    this.topology = { ...drawTopology(random, names, options), keyspaces };
    const operator = new Operator(world, failed);
    this.nodes = new Map(
      this.topology.members.map(({ id, name, address }) => [
        name,
        new SimulatedNode(world, machine(name), {
          topology: this.topology,
          nodeId: id,
          address,
          options: nodeOptions(options),
          codec: options.compress ? new ZstdCodec() : noCodec,
          jobWaitMs: options.jobWaitMs,
          replacements,
          ended: (node, what, error) => operator.attend(node, what, error),
        }),
      ]),
    );
  }

  get addresses(): string[] {
    return this.topology.members.map(({ address }) => address);
  }

  /** Whether every node serves that is not left out. */
  /** Addresses of the owners of a key; none while no node runs. */
  ownersOf(keyspaceId: number, key: string): string[] {
    const topology = [...this.nodes.values()].find(({ node }) => node !== undefined)?.node?.topology;
    const keyspace = topology?.keyspaceById(keyspaceId);
    if (topology === undefined || keyspace === undefined) return [];
    const owners = topology.owners(keyspace, topology.partitionOf(new TextEncoder().encode(key)));
    return owners.flatMap((id) => topology.member(id)?.address ?? []);
  }

  get ready(): boolean {
    return [...this.nodes.values()].every((node) => node.ready || node.isOut);
  }
}

function drawTopology(
  random: SeededRandom,
  names: readonly string[],
  options: ClusterOptions,
): Omit<TopologyConfig, 'keyspaces'> {
  return {
    clusterId: drawUuid(random),
    partitions: options.partitions,
    members: names.map((name, index) => ({ id: drawUuid(random), name, address: `${name}:${7400 + index}` })),
  };
}

/** Longer than any client waits. */
const healAfterMs = 12_000;

function nodeOptions(options: ClusterOptions): SimulatedNode['config']['options'] {
  const {
    requestTimeoutMs,
    standInAfterMs,
    hintAfterMs,
    hintMaxAgeMs,
    repairIntervalMs,
    memtableBytes,
    blockBytes,
    scaling,
  } = options;
  const { separateBytes, garbageRatio, cacheBytes, expiredKeptMs, purge, requestBytes, peerQueueBytes } = options;
  const bounds = { requestBytes, requestBytesPerClient: requestBytes, peerQueueBytes };
  const storage = { memtableBytes, blockBytes, scaling, separateBytes, garbageRatio, cacheBytes };
  const purging = { purgeAfterMs: purge.afterMs, purgeIntervalMs: purge.intervalMs, hintMaxAgeMs };
  const waits = { requestTimeoutMs, standInAfterMs, hintAfterMs, repairIntervalMs, ...purging };
  return { ...waits, ...bounds, repairTreeLevels: 1, expiredKeptMs, healAfterMs, storage };
}
