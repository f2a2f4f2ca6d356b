/**
 * Who this member is: a UUID for ever and a generation raised at every start, kept in `identity.json` of its folder.
 *
 * A member whose folder was wiped must not come back under its old name: it would have forgotten writes that it
 * acknowledged. So the identity is written only on the member's first start, after the storage engine has recorded the
 * same name inside, and each is refused without the other.
 */
import { type BatchOperation, type FileSystem, replaceFile, type StorageEngine } from '@kv/lsm-storage/core';
import { decodeIdentity, encodeIdentity, type Identity, systemKey } from '@kv/wire';
import { ClusterNodeError } from './errors.ts';

const identityFile = 'identity.json';
const ownerKey = systemKey('owner');

export interface ExpectedIdentity {
  readonly clusterId: string;
  readonly nodeId: string;
  /** The member's first start: it may have no identity yet. */
  readonly create: boolean;
}

/** @throws ClusterNodeError IDENTITY_MISSING or IDENTITY_MISMATCH before anything was opened or written */
export async function readIdentity(fileSystem: FileSystem, expected: ExpectedIdentity): Promise<Identity | undefined> {
  if (!(await fileSystem.exists(identityFile))) {
    if (expected.create) return undefined;
    throw new ClusterNodeError(
      'IDENTITY_MISSING',
      `member ${expected.nodeId} of cluster ${expected.clusterId} has started before, but its data folder holds no ` +
        'identity: an emptied member would have forgotten what it acknowledged. Restore the folder, or replace the ' +
        'member by a new one (create one only for a member that never started)',
    );
  }
  const identity = decodeIdentity(await readText(fileSystem, identityFile));
  checkSame('cluster', expected.clusterId, identity.clusterId);
  checkSame('member', expected.nodeId, identity.nodeId);
  return identity;
}

/**
 * Raises the generation, durably, before anybody hears of it.
 * @throws ClusterNodeError STORAGE_MISSING when the storage was emptied behind the identity's back
 */
export async function raiseGeneration(
  fileSystem: FileSystem,
  engine: StorageEngine,
  expected: ExpectedIdentity,
  previous: Identity | undefined,
): Promise<Identity> {
  const { clusterId, nodeId } = expected;
  const owner = new TextEncoder().encode(nodeId);
  const recorded = engine.getSync(ownerKey);
  if (recorded === undefined) {
    if (previous !== undefined) throw storageMissing(nodeId, previous.generation);
    await engine.put(ownerKey, owner);
  } else {
    checkSame('member', nodeId, new TextDecoder().decode(recorded));
  }
  const identity = { clusterId, nodeId, generation: (previous?.generation ?? 0) + 1 };
  await replaceFile(fileSystem, identityFile, new TextEncoder().encode(encodeIdentity(identity)));
  return identity;
}

/** As it is, to be written anew: what is stored of it is about to go. */
export function restatedOwner({ nodeId }: Identity): BatchOperation {
  return { type: 'put', key: ownerKey, value: new TextEncoder().encode(nodeId) };
}

async function readText(fileSystem: FileSystem, path: string): Promise<string> {
  const file = await fileSystem.open(path, 'read');
  try {
    return new TextDecoder().decode(await file.read(0, await file.size()));
  } finally {
    await file.close();
  }
}

function storageMissing(nodeId: string, generation: number): ClusterNodeError {
  return new ClusterNodeError(
    'STORAGE_MISSING',
    `member ${nodeId} has started ${generation} times, but its storage is empty: an emptied member would have ` +
      'forgotten what it acknowledged. Restore the folder, or replace the member by a new one',
  );
}

function checkSame(what: string, expected: string, got: string): void {
  if (got === expected) return;
  throw new ClusterNodeError('IDENTITY_MISMATCH', `the data folder belongs to ${what} ${got}, not to ${expected}`);
}
