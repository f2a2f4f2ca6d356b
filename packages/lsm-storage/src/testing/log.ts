/** A commit log and the memtable that is logged in it, without an engine around them. */

import type { FileSystem } from '../core/index.ts';
import { CommitLog } from '../core/commit-log/commit-log.ts';
import { FRAME_HEADER_BYTES } from '../core/commit-log/frame.ts';
import { hashKey } from '../core/key-hash.ts';
import { KIND_PUT, KIND_TOMBSTONE } from '../core/memtable/log-entry.ts';
import { Memtable } from '../core/memtable/memtable.ts';
import { SlabPool } from '../core/memtable/slab-pool.ts';
import { bytes } from './store.ts';

const NO_BYTES = new Uint8Array(0);

/** Adds a value of so many bytes, or a tombstone. */
export function addTo(memtable: Memtable, key: string, value: Uint8Array | undefined, meta: string = ''): void {
  const kind = value === undefined ? KIND_TOMBSTONE : KIND_PUT;
  memtable.add(kind, bytes(key), hashKey(bytes(key)), meta === '' ? NO_BYTES : bytes(meta), 0, value);
}

/** A segment without the room behind its last frame, which must not end in a zero. */
export function withoutRoom(segment: Uint8Array): Uint8Array {
  return segment.subarray(0, segment.findLastIndex((byte) => byte !== 0) + 1);
}

export class LoggedMemtable {
  readonly log: CommitLog;
  readonly memtable: Memtable;

  constructor(
    fileSystem: FileSystem,
    nextSegment: number = 1,
    firstSequence: number = 1,
    syncsEachGroup: boolean = true,
    /** By default a segment is never longer than what was written to it. */
    extentBytes: number = 1,
  ) {
    this.log = new CommitLog(fileSystem, syncsEachGroup, extentBytes, { segments: [], nextSegment });
    this.memtable = new Memtable(new SlabPool(4096, 0), firstSequence);
  }

  async begin(): Promise<number> {
    const segment = await this.log.beginSegment(this.memtable.lastSequence + 1);
    this.memtable.segments.push(segment);
    return segment;
  }

  /** Fills a group and appends it. */
  async append(fill: (memtable: Memtable) => void): Promise<void> {
    const firstSequence = this.memtable.lastSequence + 1;
    this.memtable.beginGroup(FRAME_HEADER_BYTES);
    fill(this.memtable);
    const parts = this.memtable.endGroup();
    await this.log.append({ parts, firstSequence, entries: this.memtable.lastSequence + 1 - firstSequence });
  }
}
