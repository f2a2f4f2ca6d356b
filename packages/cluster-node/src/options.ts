/** The tunables of a member. Times are in milliseconds. */
import type { StorageOptions } from '@kv/lsm-storage/core';

export interface ClusterNodeOptions {
  /** How long a request may take when it does not say so itself. Longer: fewer answers `unknown`, slower failures. */
  readonly requestTimeoutMs: number;
  /** A read asks a further owner when no answer settled it for so long. Shorter: lower tail latency, more load. */
  readonly standInAfterMs: number;
  /** How often membership is looked after. Gossip rounds themselves have their own interval. */
  readonly tickMs: number;
  /**
   * A member serves once every other member was heard or found unreachable, so that a disk that was wiped or rolled
   * back is noticed before it answers; but it waits no longer than this.
   */
  readonly greetingMs: number;
  /** The largest value, in bytes, before compression. */
  readonly maxValueBytes: number;
  /** How far ahead of the clock stamps are reserved on disk: at most one small write per half of it. */
  readonly stampReserveMs: number;
  /** How far ahead of this member's clock a client's stamp may be. */
  readonly maxAheadMs: number;
  /** In which each range is compared once with each other owner of it. Shorter: divergence ends sooner, more messages. */
  readonly repairIntervalMs: number;
  /** Levels of a range's hash tree, 1 to 5: 3 take 35 kB a range and find differences to within 1/4096 of its keys. */
  readonly repairTreeLevels: number;
  readonly storage: Partial<StorageOptions>;
}

export const defaultOptions: ClusterNodeOptions = {
  requestTimeoutMs: 5000,
  standInAfterMs: 200,
  tickMs: 250,
  greetingMs: 3000,
  maxValueBytes: 1024 * 1024,
  stampReserveMs: 3000,
  maxAheadMs: 500,
  repairIntervalMs: 60_000,
  repairTreeLevels: 3,
  storage: {},
};
