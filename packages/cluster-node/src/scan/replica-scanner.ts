/** Reads a stretch of one range of this member's own storage: bounded, in pieces, off the calling thread where it must. */
import type { StorageEngine } from '@kv/lsm-storage/core';
import type { HybridLogicalClock } from '@kv/quorum';
import {
  decodeDataKey,
  maxScanEntries,
  type ReplicaScan,
  type ReplicaScanReply,
  type ScannedEntry,
  versionOfMeta,
} from '@kv/wire';
import type { Counters } from '../counters.ts';
import type { Range } from '../repair/range-trees.ts';
import { storageRange } from './scan-range.ts';

export interface ReplicaScannerDependencies {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly counters: Counters;
}

/** What is read at once: of entries in memory about as many as take a tenth of a millisecond. */
const pieceEntries = 64;
/** The coordinator judges deadlines, not the replicas. */
const anyDeadline = 0;
const mostBytes = 1024 * 1024;

export class ReplicaScanner {
  readonly #dependencies: ReplicaScannerDependencies;

  constructor(dependencies: ReplicaScannerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Rejects with a StorageError when what is stored is damaged, or the storage was closed meanwhile. */
  async scan(range: Range, request: ReplicaScan): Promise<ReplicaScanReply> {
    const { engine, counters } = this.#dependencies;
    counters.replicaScans += 1;
    const values = request.want === 'value';
    const limit = Math.min(Math.max(1, request.limit), maxScanEntries);
    const maxBytes = Math.min(request.maxBytes, mostBytes);
    const bounds = storageRange(range, request, request.after);
    const iterator = engine.iterator({ ...bounds, values, tombstones: true, now: anyDeadline });
    const entries: ScannedEntry[] = [];
    try {
      for (let bytes = 0; entries.length < limit && (bytes < maxBytes || entries.length === 0); ) {
        const piece = await iterator.takeMany(Math.min(pieceEntries, limit - entries.length), maxBytes - bytes);
        if (piece.length === 0) return { type: 'replica-scan-reply', entries, truncated: false };
        for (const { key: storageKey, meta, value } of piece) {
          const { key } = decodeDataKey(storageKey);
          bytes += key.length + meta.length + (value?.length ?? 0);
          this.#dependencies.hlc.merge(versionOfMeta(meta));
          entries.push(values && value !== undefined ? { key, meta, value } : { key, meta });
        }
      }
    } finally {
      iterator.close();
    }
    return { type: 'replica-scan-reply', entries, truncated: true };
  }
}
