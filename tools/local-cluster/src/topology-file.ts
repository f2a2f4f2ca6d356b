/** `topology.json`: what every node of a local cluster is given at its start. Addresses live here and nowhere else. */
import { readFileSync } from 'node:fs';
import type { RememberedCluster } from './cluster-file.ts';
import { type DataFolder, writeFileAtomically } from './data-folder.ts';
import { LocalClusterError } from './errors.ts';

export interface TopologyMember {
  readonly id: string;
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** Share of the ring relative to the others. */
  readonly weight: number;
}

export interface TopologyFile {
  readonly clusterId: string;
  readonly partitions: number;
  readonly members: readonly TopologyMember[];
  readonly keyspaces: readonly { readonly id: number; readonly name: string; readonly replicas: number }[];
}

/** Equal members, node 1 at the first port. Three copies of everything, or as many as there are nodes. */
export function layOutTopology(cluster: RememberedCluster, ports: readonly number[]): TopologyFile {
  const members = cluster.members.map(({ id, name }, index) => ({
    id,
    name,
    address: `127.0.0.1:${ports[index]}`,
    weight: 1,
  }));
  const replicas = Math.min(3, members.length);
  return { clusterId: cluster.clusterId, partitions: 256, members, keyspaces: [{ id: 1, name: 'default', replicas }] };
}

export function writeTopology(folder: DataFolder, topology: TopologyFile): void {
  writeFileAtomically(folder.topologyFile, `${JSON.stringify(topology, undefined, 2)}\n`);
}

/** The topology of the latest start. */
export function readTopology(folder: DataFolder): TopologyFile {
  try {
    return JSON.parse(readFileSync(folder.topologyFile, 'utf8')) as TopologyFile;
  } catch (error) {
    throw new LocalClusterError(
      'DATA_DAMAGED',
      `${folder.topologyFile} cannot be read; ${folder.commands.start()} writes it anew`,
      {
        cause: error,
      },
    );
  }
}
