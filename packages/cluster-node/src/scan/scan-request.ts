/** What a scan is asked for, and what a page of it answers. */
import { hashTag } from '@kv/hash-ring';
import type { ConsistencyLevel, Receipt, Version } from '@kv/quorum';
import {
  decodeScanCursor,
  maxScanEntries,
  type ScanBounds,
  type ScanCursor,
  scanFilter,
  type TopologyKeyspace,
  WireError,
} from '@kv/wire';
import { checkKey, maxKeyBytes } from '../coordinator/request-checks.ts';
import { RequestError } from '../errors.ts';
import type { Topology } from '../topology/topology.ts';

export interface ScanRequest {
  /** Name of the keyspace. */
  readonly keyspace: string;
  /** Only keys that begin with these bytes. Default: any. */
  readonly prefix?: Uint8Array | undefined;
  /** Only keys that are not before this one, in byte order. */
  readonly gte?: Uint8Array | undefined;
  /** Only keys before this one. */
  readonly lt?: Uint8Array | undefined;
  /** Entries at most, 1 to 1024. Default 100. */
  readonly limit?: number | undefined;
  /** As the page before gave it. Default: from the beginning. */
  readonly cursor?: Uint8Array | undefined;
  /** Whether values are read. Default true. */
  readonly values?: boolean | undefined;
  /** Owners of each partition that must answer, 1..N. Default: as the keyspace says of reads. */
  readonly r?: number | undefined;
  readonly level?: ConsistencyLevel | undefined;
  /** Milliseconds from now after which nobody waits for the answer any more. Default 5000. */
  readonly timeoutMs?: number | undefined;
}

export interface ScanEntry {
  readonly key: Uint8Array;
  readonly version: Version;
  readonly contentType: string;
  /** Bytes of the value. */
  readonly length: number;
  /** Milliseconds since 1970 until when it lives; for ever if absent. */
  readonly deadline?: number;
  /** Absent where values were not wanted. */
  readonly value?: Uint8Array;
}

export type ScanResult =
  | {
      readonly outcome: 'page';
      /** Partition by partition, and in byte order of the keys within each. May be none though there are more. */
      readonly entries: readonly ScanEntry[];
      /** Where the next page goes on; absent at the end. */
      readonly cursor?: Uint8Array;
    }
  /** Nothing could be read; of the partition at which it failed. */
  | { readonly outcome: 'unavailable' | 'repair-incomplete' | 'timed-out'; readonly receipt: Receipt };

/** A scan whose request is in order. */
export interface ScanPlan {
  readonly keyspace: TopologyKeyspace;
  readonly bounds: ScanBounds;
  readonly filter: number;
  readonly limit: number;
  readonly values: boolean;
  /** Where to begin. */
  readonly partition: number;
  readonly after: Uint8Array | undefined;
  /** The partition behind the last one. */
  readonly end: number;
}

const defaultLimit = 100;

/** @throws RequestError UNKNOWN_KEYSPACE, NOT_SUPPORTED, KEY_EMPTY, KEY_TOO_LONG, INVALID_LIMIT, INVALID_CURSOR */
export function planScan(topology: Topology, request: ScanRequest): ScanPlan {
  const { limit = defaultLimit, values = true, cursor } = request;
  const keyspace = scannable(topology.keyspace(request.keyspace), request.keyspace);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxScanEntries)) {
    throw new RequestError('INVALID_LIMIT', `a page has 1 to ${maxScanEntries} entries, got ${limit}`);
  }
  const bounds = boundsOf(request);
  const filter = scanFilter(bounds);
  const [first, end] = partitionsOf(topology, bounds.prefix);
  const from: Pick<ScanCursor, 'partition' | 'after'> =
    cursor === undefined ? { partition: first } : readCursor(cursor, keyspace, filter);
  if (from.partition < first || from.partition >= end) {
    throw new RequestError('INVALID_CURSOR', `the cursor leads to partition ${from.partition} of ${end}`);
  }
  return { keyspace, bounds, filter, limit, values, partition: from.partition, after: from.after, end };
}

function scannable(keyspace: TopologyKeyspace | undefined, name: string): TopologyKeyspace {
  if (keyspace === undefined)
    throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(name)}`);
  if (keyspace.mode === 'eventual' && keyspace.conflict === 'last-write-wins') return keyspace;
  const kind = keyspace.mode === 'strong' ? 'strong' : 'one of siblings';
  throw new RequestError('NOT_SUPPORTED', `keyspace ${name} is ${kind}, which cannot be scanned yet`);
}

function boundsOf({ prefix = new Uint8Array(0), gte, lt }: ScanRequest): ScanBounds {
  if (prefix.length > maxKeyBytes) {
    throw new RequestError('KEY_TOO_LONG', `a prefix has at most ${maxKeyBytes} bytes, got ${prefix.length}`);
  }
  if (gte !== undefined) checkKey(gte);
  if (lt !== undefined) checkKey(lt);
  return { prefix, ...(gte !== undefined && { gte }), ...(lt !== undefined && { lt }) };
}

/** From one partition to another, excluded: only one where the prefix holds the hash tag of every key that has it. */
function partitionsOf(topology: Topology, prefix: Uint8Array): readonly [number, number] {
  if (hashTag(prefix).length === prefix.length) return [0, topology.state.partitions];
  const partition = topology.partitionOf(prefix);
  return [partition, partition + 1];
}

function readCursor(bytes: Uint8Array, { id, name }: TopologyKeyspace, filter: number): ScanCursor {
  const cursor = decodeCursor(bytes);
  if (cursor.keyspaceId !== id) {
    throw new RequestError(
      'INVALID_CURSOR',
      `the cursor is of another keyspace than ${name} (${id}): ${cursor.keyspaceId}`,
    );
  }
  if (cursor.filter === filter) return cursor;
  throw new RequestError('INVALID_CURSOR', 'the cursor is of a scan with another prefix or range');
}

function decodeCursor(bytes: Uint8Array): ScanCursor {
  try {
    return decodeScanCursor(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new RequestError('INVALID_CURSOR', error.message, { cause: error });
  }
}
