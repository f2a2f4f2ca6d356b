/**
 * The topology that this member goes by: the newest epoch that it has heard of, across restarts too. What an epoch no longer
 * has, a dropped keyspace, is erased in the same write.
 */
import { type BatchOperation, type StorageEngine, StorageError } from '@kv/lsm-storage/core';
import {
  decodeTopologyRecord,
  encodeTopologyRecord,
  type KeyRange,
  keyspaceRanges,
  systemKey,
  type TopologyState,
} from '@kv/wire';
import { ClusterNodeError } from '../errors.ts';
import { firstTopology } from './first-topology.ts';
import { RingTopology } from './ring-topology.ts';
import type { Topology, TopologySource } from './topology.ts';
import type { TopologyConfig } from './topology-config.ts';

const topologyKey = systemKey('topology');

export interface TopologyStoreDependencies {
  readonly engine: StorageEngine;
  /** A topology could not be stored, and not for lack of space alone. */
  readonly failed: (error: unknown) => void;
}

export class TopologyStore implements TopologySource {
  readonly #dependencies: TopologyStoreDependencies;
  readonly #listeners: ((topology: Topology, before: Topology) => void)[] = [];
  #current: Topology;
  /** What is to be erased and the disk had no room for; `undefined`: the current topology is stored, with all that it erases. */
  #owed: KeyRange[] | undefined;
  #storedEpoch: number;
  /** Who waits for an epoch to be stored. */
  #waiting: { readonly epoch: number; readonly done: (stored: boolean) => void }[] = [];

  /** `state`: as it is stored. */
  constructor(dependencies: TopologyStoreDependencies, state: TopologyState) {
    this.#dependencies = dependencies;
    this.#current = new RingTopology(state);
    this.#storedEpoch = state.epoch;
  }

  get current(): Topology {
    return this.#current;
  }

  /** Calls `listener` after each change. */
  onChange(listener: (topology: Topology, before: Topology) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Goes by an epoch that was decided, if it is a later one. It holds at once: whatever is written from here on lies behind
   * it in the log, so that nothing is acknowledged that would survive without it; but where the disk has no room for it, a
   * smaller write may get in first, and a restart would then have to hear of the epoch again.
   */
  adopt(state: TopologyState): void {
    const before = this.#current;
    if (state.clusterId !== before.state.clusterId || state.epoch <= before.epoch) return;
    this.#current = new RingTopology(state);
    const erased = droppedBetween(before.state, state).flatMap((id) => keyspaceRanges(state.partitions, id));
    this.#store([...(this.#owed ?? []), ...erased]);
    for (const listener of this.#listeners) listener(this.#current, before);
  }

  /** As it is, to be written anew: what is stored of it is about to go. */
  restated(): BatchOperation[] {
    return [{ type: 'put', key: topologyKey, value: encodeTopologyRecord(this.#current.state) }];
  }

  /** As {@link adopt}. Calls back, once, when that epoch or a later one is on disk, or cannot be now. */
  adoptDurably(state: TopologyState, done: (stored: boolean) => void): void {
    this.adopt(state);
    if (state.epoch <= this.#storedEpoch) return done(true);
    if (state.epoch > this.#current.epoch) return done(false);
    this.#waiting.push({ epoch: state.epoch, done });
    this.tick();
  }

  /** Tries again what the disk had no room for. */
  tick(): void {
    if (this.#owed !== undefined) this.#store(this.#owed);
  }

  /** Always the newest topology: one that the disk had no room for must not come behind a later one that it had. */
  #store(erased: KeyRange[]): void {
    this.#owed = undefined;
    const { epoch } = this.#current;
    const operations: BatchOperation[] = [
      { type: 'put', key: topologyKey, value: encodeTopologyRecord(this.#current.state) },
      ...erased.map(({ gte, lt }) => ({ type: 'delete-range', from: gte, to: lt }) as const),
    ];
    const stored = (): void => {
      this.#storedEpoch = Math.max(this.#storedEpoch, epoch);
      this.#release(epoch, true);
    };
    this.#dependencies.engine.batch(operations).then(stored, (error: unknown) => {
      if (error instanceof StorageError && error.code === 'DISK_FULL') {
        this.#owed = [...(this.#owed ?? []), ...erased];
      } else {
        this.#dependencies.failed(error);
      }
      this.#release(epoch, false);
    });
  }

  #release(upTo: number, stored: boolean): void {
    const due = this.#waiting.filter(({ epoch }) => epoch <= upTo);
    this.#waiting = this.#waiting.filter(({ epoch }) => epoch > upTo);
    for (const { done } of due) done(stored);
  }
}

function droppedBetween(before: TopologyState, after: TopologyState): number[] {
  const kept = new Set(after.keyspaces.map(({ id }) => id));
  return before.keyspaces.map(({ id }) => id).filter((id) => !kept.has(id));
}

/**
 * What the member remembers, or the first epoch that its configuration makes, which it remembers from then on. Members may
 * listen elsewhere than they did: the addresses are those of the configuration.
 * @throws ClusterNodeError INVALID_TOPOLOGY, IDENTITY_MISMATCH when it remembers another cluster
 */
export async function recallTopology(engine: StorageEngine, config: TopologyConfig): Promise<TopologyState> {
  const stored = engine.getSync(topologyKey);
  if (stored === undefined) {
    const first = firstTopology(config);
    await engine.put(topologyKey, encodeTopologyRecord(first));
    return first;
  }
  const state = decodeTopologyRecord(stored);
  if (state.clusterId === config.clusterId) return withAddresses(state, config);
  throw new ClusterNodeError(
    'IDENTITY_MISMATCH',
    `the data folder belongs to cluster ${state.clusterId}, not to ${config.clusterId}`,
  );
}

function withAddresses(state: TopologyState, { members }: TopologyConfig): TopologyState {
  const addresses = new Map(members.map(({ id, address }) => [id, address]));
  return {
    ...state,
    members: state.members.map((member) => ({ ...member, address: addresses.get(member.id) ?? member.address })),
  };
}
