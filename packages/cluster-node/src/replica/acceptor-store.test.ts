import { setImmediate } from 'node:timers/promises';
import { CrashableFileSystem, seededRandom } from '@kv/lsm-storage/contract';
import { inlineJobs, noCodec, StorageEngine } from '@kv/lsm-storage/core';
import { type Ballot, HybridLogicalClock, noOperations } from '@kv/quorum';
import { encodeRecordMeta, encodeRegisterValue, type RegisterValue } from '@kv/wire';
import { tombstoneRecord } from '../record.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BallotCeiling } from '../clock/ballot-ceiling.ts';
import { createCounters } from '../counters.ts';
import { DiskRoom } from '../disk-room.ts';
import { recordsIn } from '../repair/range-records.ts';
import { RangeTree } from '../repair/range-tree.ts';
import { RangeTrees } from '../repair/range-trees.ts';
import { MemoryManifest } from '../testing/memory-manifest.ts';
import { firstTopology } from '../topology/first-topology.ts';
import { RingTopology } from '../topology/ring-topology.ts';
import { AcceptorStore } from './acceptor-store.ts';
import { Deletions } from '../purge/deletions.ts';
import { Watermarks } from '../purge/watermarks.ts';
import { StorageDamage } from '../storage-damage.ts';
import { StorageFailures } from '../storage-failures.ts';

const self = '00000000-0000-4000-8000-000000000001';
const topology = new RingTopology(
  firstTopology({
    clusterId: '00000000-0000-4000-8000-000000000000',
    partitions: 8,
    members: [{ id: self, name: 'node-1', address: 'memory:1' }],
    keyspaces: [{ id: 1, name: 'strong', replicas: 1, mode: 'strong' }],
  }),
);
const place = { partition: 0, keyspaceId: 1, key: Uint8Array.of(0x6b) };
const ballot = (counter: number): Ballot => ({ counter, proposer: 'p' });
const clock = { now: () => 0, pause: () => Promise.resolve() };

function valued(ms: number): RegisterValue {
  const version = { ms, counter: 0, actor: '0'.repeat(32) };
  const meta = encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: 1, contentType: '' });
  return { meta, value: Uint8Array.of(ms), memory: noOperations };
}

interface Opened {
  readonly engine: StorageEngine;
  readonly store: AcceptorStore;
  readonly trees: RangeTrees;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
}

/** Turns of proposers end soon. */
const soon = {
  set: (_: number, run: () => void) => {
    void setImmediate().then(run);
    return { cancel: () => undefined };
  },
};
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function treesOf(engine: StorageEngine, watermarks: Watermarks, deletions: Deletions): RangeTrees {
  const damage = new StorageDamage({ log, counters: createCounters() });
  const makeTree = () => new RangeTree(1);
  const dependencies = { self, engine, damage, watermarks, deletions, makeTree };
  return new RangeTrees(dependencies, topology);
}

async function open(
  fileSystem: CrashableFileSystem,
  manifest: MemoryManifest,
  current: () => RingTopology = () => topology,
): Promise<Opened> {
  const engine = await StorageEngine.open({ fileSystem, manifest, jobs: inlineJobs, codec: noCodec, clock }, {});
  const counters = createCounters();
  const damage = new StorageDamage({ log, counters });
  const wall = { wallMs: () => 0, monotonicMs: () => 0 };
  const room = new DiskRoom({ clock: wall, log, counters });
  const failures = new StorageFailures(room, damage, refuse);
  const watermarks = new Watermarks({ engine, failures, topology: () => topology });
  const deletions = new Deletions();
  const trees = treesOf(engine, watermarks, deletions);
  const hlc = new HybridLogicalClock();
  const store = new AcceptorStore({
    engine,
    counters,
    hlc,
    trees,
    failures,
    watermarks,
    deletions,
    ceiling: new BallotCeiling(engine, failures),
    topology: current,
    clock: wall,
    timers: soon,
  });
  return { engine, store, trees, watermarks, deletions };
}

function refuse(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

function prepare(store: AcceptorStore, counter: number): Promise<unknown> {
  return new Promise((resolve) => store.prepare(place, { ballot: ballot(counter), deadline: 1 }, resolve, refuse));
}

function accept(store: AcceptorStore, counter: number): Promise<unknown> {
  return new Promise((resolve) => store.accept(place, ballot(counter), valued(counter), resolve, refuse));
}

describe('an acceptor at rest', () => {
  it('writes nothing to a keyspace that was dropped while the request waited for its turn', async () => {
    let now = topology;
    const { store, engine } = await open(new CrashableFileSystem(), new MemoryManifest(), () => now);
    const told: unknown[] = [];
    const tell = (answer: unknown): void => void told.push(answer);
    store.prepare(place, { ballot: ballot(1), deadline: 1 }, tell, tell);
    store.accept(place, ballot(2), valued(2), tell, tell);
    now = new RingTopology({ ...topology.state, epoch: 2, keyspaces: [] });
    await setImmediate();
    await engine.batch([]);
    expect(told).toEqual(['UNKNOWN_KEYSPACE', 'UNKNOWN_KEYSPACE']);
    expect([...engine.scanMeta({ ...recordsIn({ mode: 'strong' }).rangeOf(place), tombstones: true })]).toEqual([]);
  });

  it('promises, accepts and refuses as the protocol says, and tells what it accepted', async () => {
    const { store, engine } = await open(new CrashableFileSystem(), new MemoryManifest());
    expect(store.query(place, 'value')).toEqual({ type: 'register-query-reply' });
    expect(await prepare(store, 3)).toEqual({ type: 'prepare-reply', outcome: 'promised' });
    expect(store.query(place, 'value')).toEqual({ type: 'register-query-reply', promised: ballot(3) });
    expect(await accept(store, 2)).toEqual({ type: 'accept-reply', outcome: 'outbid', promised: ballot(3) });
    expect(await accept(store, 3)).toEqual({ type: 'accept-reply', outcome: 'accepted' });
    expect(await prepare(store, 2)).toEqual({ type: 'prepare-reply', outcome: 'outbid', promised: ballot(3) });
    const promised = await prepare(store, 5);
    expect(promised).toMatchObject({ outcome: 'promised', accepted: { ballot: ballot(3) } });
    const kept = (promised as { accepted: { value: RegisterValue } }).accepted.value;
    expect(Buffer.from(encodeRegisterValue(kept)).toString('hex')).toBe(
      Buffer.from(encodeRegisterValue(valued(3))).toString('hex'),
    );
    const version = { ms: 3, counter: 0, actor: '0'.repeat(32) };
    expect(store.query(place, 'ballot')).toEqual({
      type: 'register-query-reply',
      promised: ballot(5),
      accepted: { ballot: ballot(3), version },
    });
    await engine.close();
  });

  it('counts in the tree of its range what it accepted, and nothing that it only promised', async () => {
    const { store, trees, engine, watermarks, deletions } = await open(new CrashableFileSystem(), new MemoryManifest());
    while (trees.scanOn());
    const query = { includes: () => true, limit: 10, after: undefined, through: undefined };
    const rootOf = (): string => Buffer.from(trees.of(place)!.tree.hashesOf(0, [0])).toString('hex');
    const empty = rootOf();
    await prepare(store, 3);
    expect([rootOf(), trees.listOf(place)(query).entries]).toEqual([empty, []]);
    await accept(store, 3);
    const full = rootOf();
    expect(full).not.toBe(empty);
    await prepare(store, 9);
    expect(rootOf()).toBe(full);
    expect(trees.listOf(place)(query).entries).toHaveLength(1);
    const again = treesOf(engine, watermarks, deletions);
    while (again.scanOn());
    expect(Buffer.from(again.of(place)!.tree.hashesOf(0, [0])).toString('hex')).toBe(full);
    await engine.close();
  });

  it('has a deletion noted again once it is there: a sweep that passes meanwhile has not seen it', async () => {
    const { store, engine, deletions } = await open(new CrashableFileSystem(), new MemoryManifest());
    const deletion = { ...tombstoneRecord({ ms: 5, counter: 0, actor: '0'.repeat(32) }), memory: noOperations };
    await prepare(store, 1);
    const accepted = new Promise((resolve) => store.accept(place, ballot(1), deletion, resolve, refuse));
    for (let turn = 0; deletions.ranges.length === 0 && turn < 10; turn += 1) await Promise.resolve();
    deletions.forget(place);
    await accepted;
    expect(deletions.ranges).toEqual([{ partition: place.partition, keyspaceId: place.keyspaceId }]);
    await engine.close();
  });

  it('never forgets what it answered, whenever the power goes', async () => {
    const step = fc.record({ type: fc.constantFrom('prepare', 'accept'), counter: fc.integer({ min: 1, max: 12 }) });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat({ max: 40 }), async (steps, turns) => {
        const disk = new CrashableFileSystem();
        const manifest = new MemoryManifest();
        const { store, engine } = await open(disk, manifest);
        let [promised, accepted] = [0, 0];
        for (const { type, counter } of steps) {
          const take = ({ outcome }: { outcome: string }): void => {
            answered += 1;
            if (outcome === 'outbid') return;
            promised = Math.max(promised, counter);
            if (type === 'accept') accepted = Math.max(accepted, counter);
          };
          if (type === 'prepare') store.prepare(place, { ballot: ballot(counter), deadline: 1 }, take, refuse);
          else store.accept(place, ballot(counter), valued(counter), take, refuse);
        }
        for (let turn = 0; turn < turns; turn += 1) await (turn % 4 === 3 ? setImmediate() : Promise.resolve());
        const kept = { promised, accepted };
        const survived = disk.afterPowerLoss(seededRandom(turns));
        const after = await open(survived, manifest);
        const found = after.store.query(place, 'ballot');
        expect(found.promised?.counter ?? 0).toBeGreaterThanOrEqual(kept.promised);
        expect(found.accepted?.ballot.counter ?? 0).toBeGreaterThanOrEqual(kept.accepted);
        // Proposers that waited for their turn are still served by the life before.
        for (let turn = 0; turn < 40; turn += 1) await setImmediate();
        await Promise.all([after.engine.close(), engine.close()]);
      }),
      { numRuns: 60 },
    );
    expect(answered).toBeGreaterThan(60);
  });
});
