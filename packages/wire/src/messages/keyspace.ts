/** A keyspace as the topology describes it: what it promises, and with which settings. */
import type { ConsistencyLevel } from '@kv/quorum';
import { text } from '../layout/byte-strings.ts';
import { optional, struct } from '../layout/composites.ts';
import type { Layout } from '../layout/layout.ts';
import { boolean, choice, u32, u48, u64, u8 } from '../layout/scalars.ts';

/** `eventual`: always writable, converges. `strong`: linearizable, needs a majority. Never changes. */
export type KeyspaceMode = 'eventual' | 'strong';

/** What becomes of concurrent writes in an eventual keyspace. Never changes. */
export type ConflictRule = 'last-write-wins' | 'siblings';

export interface TopologyKeyspace {
  /** Part of every storage key; never used again, not even once the keyspace is dropped. */
  readonly id: number;
  /** At most 64 bytes. */
  readonly name: string;
  /** N: copies of every pair. */
  readonly replicas: number;
  readonly mode: KeyspaceMode;
  readonly conflict: ConflictRule;
  /** Whether other servers may stand in for owners that are down, unless a request says otherwise. */
  readonly sloppy: boolean;
  /** How many replicas must answer a read and a write that do not say so themselves. */
  readonly readLevel: ConsistencyLevel;
  readonly writeLevel: ConsistencyLevel;
  /** Time to live of values whose writer names none, in milliseconds; for ever if absent. */
  readonly ttlMs?: number;
  /** Whether coordinators compress values. */
  readonly compressed: boolean;
  /** The epoch of its last change: a request that was planned before is refused. */
  readonly since: number;
}

/** Frozen: never change or reuse a number. */
export const level: Layout<ConsistencyLevel> = choice<ConsistencyLevel>({
  one: 1,
  two: 2,
  three: 3,
  quorum: 4,
  all: 5,
  'local-one': 6,
  'local-quorum': 7,
  'each-quorum': 8,
});

export const keyspaceMode: Layout<KeyspaceMode> = choice<KeyspaceMode>({ eventual: 1, strong: 2 });
export const conflictRule: Layout<ConflictRule> = choice<ConflictRule>({ 'last-write-wins': 1, siblings: 2 });

export const keyspace: Layout<TopologyKeyspace> = struct<TopologyKeyspace>({
  id: u32,
  name: text(64),
  replicas: u8,
  mode: keyspaceMode,
  conflict: conflictRule,
  sloppy: boolean,
  readLevel: level,
  writeLevel: level,
  ttlMs: optional(u48),
  compressed: boolean,
  since: u64,
});
