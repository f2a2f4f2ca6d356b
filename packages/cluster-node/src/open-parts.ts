/** Opens a member's folder: its identity, its storage, and what it remembers of the topology. */
import { StorageEngine } from '@kv/lsm-storage/core';
import type { Identity, TopologyState } from '@kv/wire';
import { storageClock } from './clock/storage-clock.ts';
import { ClusterNodeError } from './errors.ts';
import { raiseGeneration, readIdentity } from './identity.ts';
import { type ClusterNodeOptions, defaultOptions } from './options.ts';
import type { ClusterNodePorts } from './ports.ts';
import { readDotActor } from './replica/dot-actor.ts';
import { checkTopologyConfig, type TopologyConfig } from './topology/topology-config.ts';
import { recallTopology } from './topology/topology-store.ts';

export interface ClusterNodeConfig {
  readonly topology: TopologyConfig;
  /** Which of the topology's members this is. */
  readonly nodeId: string;
  /** This member's first start: it may have no identity yet. Default false. */
  readonly create?: boolean | undefined;
  readonly options?: Partial<ClusterNodeOptions> | undefined;
}

export interface NodeParts {
  readonly topology: TopologyState;
  readonly identity: Identity;
  readonly engine: StorageEngine;
  readonly options: ClusterNodeOptions;
  readonly dotActor: string;
}

/** @throws as `ClusterNode.open` does */
export async function openParts(
  ports: ClusterNodePorts,
  { topology: topologyConfig, nodeId, create = false, options: given }: ClusterNodeConfig,
): Promise<NodeParts> {
  checkTopologyConfig(topologyConfig);
  if (!topologyConfig.members.some(({ id }) => id === nodeId)) {
    throw new ClusterNodeError('NOT_A_MEMBER', `${nodeId} is not a member of cluster ${topologyConfig.clusterId}`);
  }
  const options = { ...defaultOptions, ...given };
  const expected = { clusterId: topologyConfig.clusterId, nodeId, create };
  const previous = await readIdentity(ports.fileSystem, expected);
  const { fileSystem, jobs, codec } = ports;
  const clock = storageClock(ports, options);
  const engine = await StorageEngine.open(
    { fileSystem, manifest: await ports.openManifest(), jobs, codec, clock },
    options.storage,
  );
  try {
    const identity = await raiseGeneration(fileSystem, engine, expected, previous);
    const topology = await recallTopology(engine, topologyConfig);
    const dotActor = await readDotActor(engine, nodeId, ports.clock.wallMs());
    return { topology, identity, engine, options, dotActor };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
