/**
 * `cluster.json`: what a data folder remembers of its cluster between starts. It holds no address (those change
 * freely) and no secret. A member's `created` tells the first start of a node, which writes its identity, from a
 * later one, where a missing identity means a wiped disk and must be refused.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type DataFolder, writeFileAtomically } from './data-folder.ts';
import { LocalClusterError, systemErrorCode } from './errors.ts';

const formatVersion = 1;

export interface RememberedMember {
  readonly id: string;
  readonly name: string;
  /** True once the node was seen listening with an identity of its own. */
  readonly created: boolean;
}

export interface RememberedCluster {
  readonly clusterId: string;
  /** In the order of their numbers: the first is node 1. */
  readonly members: readonly RememberedMember[];
}

/** A cluster that has never run: fresh identities, nothing created. */
export function inventCluster(nodes: number): RememberedCluster {
  const members = Array.from({ length: nodes }, (_, index) => ({
    id: randomUUID(),
    name: `node-${index + 1}`,
    created: false,
  }));
  return { clusterId: randomUUID(), members };
}

/** The cluster that lives in the folder, or undefined when the folder has never held one. */
export function readCluster(folder: DataFolder): RememberedCluster | undefined {
  let text: string;
  try {
    text = readFileSync(folder.clusterFile, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    refuseOrphanNodes(folder);
    return undefined;
  }
  return parseCluster(folder, text);
}

export function writeCluster(folder: DataFolder, cluster: RememberedCluster): void {
  writeFileAtomically(folder.clusterFile, `${JSON.stringify({ version: formatVersion, ...cluster }, undefined, 2)}\n`);
}

/** Records that a member now has an identity on disk. Reads the file afresh: another process may have written it. */
export function markCreated(folder: DataFolder, id: string): void {
  const cluster = readCluster(folder);
  if (cluster === undefined) throw damaged(folder, 'it disappeared while the cluster ran');
  const members = cluster.members.map((member) => (member.id === id ? { ...member, created: true } : member));
  writeCluster(folder, { ...cluster, members });
}

function parseCluster(folder: DataFolder, text: string): RememberedCluster {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw damaged(folder, 'it is not JSON', error);
  }
  const { version, clusterId, members } = (parsed ?? {}) as Record<string, unknown>;
  if (version !== formatVersion) {
    throw damaged(folder, `its version is ${JSON.stringify(version)} and this program knows version ${formatVersion}`);
  }
  if (typeof clusterId !== 'string' || !Array.isArray(members) || members.length === 0) {
    throw damaged(folder, 'it names no cluster or no members');
  }
  return { clusterId, members: members.map((member: unknown, index) => parseMember(folder, member, index)) };
}

function parseMember(folder: DataFolder, value: unknown, index: number): RememberedMember {
  const { id, name, created } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || name !== `node-${index + 1}` || typeof created !== 'boolean') {
    throw damaged(folder, `its member ${index + 1} is not one of ours`);
  }
  return { id, name, created };
}

/** Node folders without their `cluster.json` would be given new identities and lose what they hold. */
function refuseOrphanNodes(folder: DataFolder): void {
  if (!existsSync(folder.path)) return;
  const orphan = readdirSync(folder.path).find((name) => /^node-\d+$/.test(name));
  if (orphan === undefined) return;
  throw damaged(folder, `it is missing, though ${orphan} has data`);
}

function damaged({ clusterFile, commands }: DataFolder, what: string, cause?: unknown): LocalClusterError {
  return new LocalClusterError(
    'DATA_DAMAGED',
    `${clusterFile} cannot be used: ${what}. Restore it, or start afresh in another folder: ` +
      commands.startElsewhere(),
    { cause },
  );
}
