import { CrashableFileSystem } from '@kv/lsm-storage/contract';
import { inlineJobs, noCodec, StorageEngine } from '@kv/lsm-storage/core';
import { HybridLogicalClock } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { DiskRoom } from '../disk-room.ts';
import { Deletions } from '../purge/deletions.ts';
import { Watermarks } from '../purge/watermarks.ts';
import { tombstoneRecord } from '../record.ts';
import { RangeTree } from '../repair/range-tree.ts';
import { RangeTrees } from '../repair/range-trees.ts';
import { StorageDamage } from '../storage-damage.ts';
import { StorageFailures } from '../storage-failures.ts';
import { defaultStrategies } from '../strategies.ts';
import { MemoryManifest } from '../testing/memory-manifest.ts';
import { firstTopology } from '../topology/first-topology.ts';
import { RingTopology } from '../topology/ring-topology.ts';
import { Replica } from './replica.ts';

const self = '00000000-0000-4000-8000-000000000001';
const clusterId = '00000000-0000-4000-8000-000000000000';
const members = [{ id: self, name: 'node-1', address: 'memory:1' }];
const keyspaces = [{ id: 1, name: 'plain', replicas: 1 }];
const topology = new RingTopology(firstTopology({ clusterId, partitions: 8, members, keyspaces }));
const place = { partition: 0, keyspaceId: 1, key: Uint8Array.of(0x6b) };
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function refuse(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

describe('a replica', () => {
  it('has a deletion noted again once it is there: a sweep that passes meanwhile has not seen it', async () => {
    const ports = { fileSystem: new CrashableFileSystem(), manifest: new MemoryManifest() };
    const clock = { now: () => 0, pause: () => Promise.resolve() };
    const engine = await StorageEngine.open({ ...ports, jobs: inlineJobs, codec: noCodec, clock }, {});
    const counters = createCounters();
    const damage = new StorageDamage({ log, counters });
    const room = new DiskRoom({ clock: { wallMs: () => 0, monotonicMs: () => 0 }, log, counters });
    const failures = new StorageFailures(room, damage, refuse);
    const watermarks = new Watermarks({ engine, failures, topology: () => topology });
    const deletions = new Deletions();
    const makeTree = () => new RangeTree(1);
    const counted = { self, engine, damage, watermarks, deletions, makeTree };
    const trees = new RangeTrees(counted, topology);
    const { decide, siblings } = defaultStrategies;
    const hlc = new HybridLogicalClock();
    const replica = new Replica({ engine, counters, decide, siblings, hlc, trees, failures, watermarks, deletions });
    const deletion = tombstoneRecord({ ms: 5, counter: 0, actor: '0'.repeat(32) });
    const written = new Promise((resolve) => replica.write(place, deletion, resolve, { failed: refuse }));
    for (let turn = 0; deletions.ranges.length === 0 && turn < 10; turn += 1) await Promise.resolve();
    deletions.forget(place);
    await written;
    expect(deletions.ranges).toEqual([{ partition: place.partition, keyspaceId: place.keyspaceId }]);
    await engine.close();
  });
});
