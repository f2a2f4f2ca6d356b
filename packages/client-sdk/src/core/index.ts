/**
 * The client without a platform: everything that touches sockets, clocks or randomness comes in through ports.
 * @packageDocumentation
 */
export { type ClusterInfo, connectWith, type KeyspaceInfo, KvClient } from './client.ts';
export { KvError, type KvErrorCode, type KvErrorDetails } from './errors.ts';
export type { ConsistencyLevel } from '@kv/quorum';
export type { Key } from './key.ts';
export type { Outcome } from './batch.ts';
export {
  type BatchOperation,
  type BatchResult,
  type Entry,
  Keyspace,
  type KeyspaceOptions,
  type UpdateOptions,
  type UpdateResult,
  type WriteResult,
} from './keyspace.ts';
export { type ChangedKeyspace, type KeyspaceChangeSpread, Keyspaces, type NewKeyspace } from './keyspaces.ts';
export type { CallOptions, DeleteOptions, ReadOptions, SetOptions, WriteOptions } from './options.ts';
export type { ClientPorts, Clock, Link, LinkHandlers, Random, Timer, Timers, Transport } from './ports.ts';
export type { Receipt, ReplicaReceipt } from './receipt.ts';
export type { PageOptions, ScanBounds, ScanEntry, ScanOptions, ScanPage } from './scan.ts';
export type { Resolve, Sibling, SiblingsEntry } from './siblings.ts';
export type { SchemaInput, SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './standard-schema.ts';
export { type ConnectOptions, splitAddress } from './target.ts';
