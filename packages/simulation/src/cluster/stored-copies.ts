/**
 * What the replicas hold in the end, read from their disks by a storage engine of its own: past every cache and
 * cover.
 */
import { mayBeSpentLater, type Topology } from '@kv/cluster-node';
import { openManifestImage } from '@kv/lsm-storage';
import { type StorageClock, StorageEngine, StorageError } from '@kv/lsm-storage/core';
import { encodeDataKey, versionOfMeta } from '@kv/wire';
import type { StoredCopy } from '../history.ts';
import { processCrash } from '../world/disk/crash.ts';
import { hashBytes } from './fingerprint.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { VirtualJobs } from './virtual-jobs.ts';

/** A key and its keyspace. */
export interface StoredPlace {
  readonly keyspaceId: number;
  readonly key: string;
  /** Whether deletions may be forgotten: then one that is still there counts as nothing. */
  readonly forgets: boolean;
}

/** Takes virtual time; the node must be closed and its machine down. */
export async function readStoredCopies(
  node: SimulatedNode,
  topology: Topology,
  places: readonly StoredPlace[],
): Promise<StoredCopy[]> {
  const incarnation = node.machine.start();
  const fileSystem = node.machine.fileSystem();
  const manifest = await openManifestImage(fileSystem);
  const jobs = new VirtualJobs(incarnation, node.machine.randomOfLife(), 1);
  const engine = await StorageEngine.open({ fileSystem, manifest, jobs, codec: node.config.codec, clock: stillClock });
  const copies = places.flatMap((place) => copyOf(node, engine, topology, place) ?? []);
  await engine.close();
  return copies;
}

/** Of a node whose disk was damaged: what can still be read of it, which may be nothing. */
export async function readDamagedCopies(
  node: SimulatedNode,
  topology: Topology,
  places: readonly StoredPlace[],
): Promise<StoredCopy[]> {
  const copies: StoredCopy[] = [];
  for (const place of places) {
    const found = await readStoredCopies(node, topology, [place]).catch(nothingIfDamaged);
    copies.push(...found.map((copy) => ({ ...copy, damaged: true })));
    node.crash(processCrash);
  }
  return copies;
}

/** @throws what is no refusal of the storage's */
function nothingIfDamaged(error: unknown): StoredCopy[] {
  if (error instanceof StorageError) return [];
  throw error;
}

/** No deadline has passed, and nothing waits. */
const stillClock: StorageClock = { now: () => 0, pause: () => Promise.resolve() };

/** `undefined` when the node is no replica of the key. */
function copyOf(
  node: SimulatedNode,
  engine: StorageEngine,
  topology: Topology,
  { keyspaceId, key, forgets }: StoredPlace,
): StoredCopy | undefined {
  const bytes = new TextEncoder().encode(key);
  const partition = topology.partitionOf(bytes);
  const config = topology.keyspaceById(keyspaceId);
  if (config === undefined || !topology.owners(config, partition).includes(node.config.nodeId)) return undefined;
  const entry = engine.getEntrySync(encodeDataKey(partition, keyspaceId, bytes));
  const replica = node.machine.name;
  const nothing = { replica, keyspaceId, key, version: undefined, bytes: 'none' };
  if (entry === undefined) return nothing;
  if (forgets && mayBeSpentLater(entry.meta)) return { ...nothing, deletion: versionOfMeta(entry.meta) };
  return {
    replica,
    keyspaceId,
    key,
    version: versionOfMeta(entry.meta),
    // Of a value with a time to live the bytes may be gone at one replica and not at another: their meta says the same.
    bytes: hashBytes(entry.meta, ...(entry.deadline === 0 && entry.value !== undefined ? [entry.value] : [])),
  };
}
