/** The tunables of a member. Times are in milliseconds. */
import type { StorageOptions } from '@kv/lsm-storage/core';
import { maxTimeoutMs } from './coordinator/request-checks.ts';

export interface ClusterNodeOptions {
  /** How long a request may take when it does not say so itself. Longer: fewer answers `unknown`, slower failures. */
  readonly requestTimeoutMs: number;
  /**
   * A read asks a further owner when no answer settled it for as long as one answer of a hundred takes, but at the latest
   * after this. Shorter: lower tail latency, more load.
   */
  readonly standInAfterMs: number;
  /** Of all reads, how many may do so, 0 to 1. Higher: lower tail latency; lower: slow owners get less to do. */
  readonly standInShare: number;
  /**
   * An owner that has not answered for so long is late: a hint for it is placed, and a sloppy request counts a fallback in
   * its place. Shorter: sooner writable beside an owner that hangs, more hints for those that are merely slow.
   */
  readonly hintAfterMs: number;
  /** Bytes of hints, uncompressed, that are kept for one owner. Higher rides out longer absences, lower takes less disk. */
  readonly hintBytesPerOwner: number;
  /** Since its write; an older hint is dropped, and its range repaired first. */
  readonly hintMaxAgeMs: number;
  /** How often membership is looked after. Gossip rounds themselves have their own interval. */
  readonly tickMs: number;
  /**
   * A member serves once every other member was heard or found unreachable, so that a disk that was wiped or rolled
   * back is noticed before it answers; but it waits no longer than this.
   */
  readonly greetingMs: number;
  /** The largest value, in bytes, before compression. */
  readonly maxValueBytes: number;
  /**
   * Bytes that the requests coordinated here may hold at once, see `Admission`. Higher: larger bursts are borne; lower: less
   * memory, and refusals with `BUSY` come sooner. A write counts its bytes times its copies and one: 64 MiB are sixteen
   * writes of 1 MiB with three replicas, or some four thousand of 1 kB.
   */
  readonly requestBytes: number;
  /** Of those, for the requests of one connection. Lower: one client leaves more to the others. */
  readonly requestBytesPerClient: number;
  /**
   * Bytes that may wait to be sent to one member. Beyond them it is asked for nothing more until some have left, as if it had
   * refused, and answered without values. Well below what the transport bears before it gives up the link.
   */
  readonly peerQueueBytes: number;
  /** How far ahead of the clock stamps are reserved on disk: at most one small write per half of it. */
  readonly stampReserveMs: number;
  /** How far ahead of this member's clock, corrected by the others', a client's stamp may be. */
  readonly maxAheadMs: number;
  /** In which each range is compared once with each other owner of it. Shorter: divergence ends sooner, more messages. */
  readonly repairIntervalMs: number;
  /** Levels of a range's hash tree, 1 to 5: 3 take 35 kB a range and find differences to within 1/4096 of its keys. */
  readonly repairTreeLevels: number;
  /**
   * How long the bytes of a value stay on disk once its time to live is over. Longer than any clock is ahead of another:
   * what this member's clock calls expired another's may not yet.
   */
  readonly expiredKeptMs: number;
  /**
   * A deletion is kept at least this long, and writes that were stamped longer ago are refused where deletions were forgotten.
   * Longer than any request takes or any clock is behind. Shorter: deletions take less room.
   */
  readonly purgeAfterMs: number;
  /** In which the owners of a range with deletions agree once on which may go. Shorter: they go sooner, more messages. */
  readonly purgeIntervalMs: number;
  /**
   * What rotted on this member's disk is compared with the other owners this long after it was cut out: longer than any request
   * may take. Shorter: it is whole again sooner.
   */
  readonly healAfterMs: number;
  /** Bytes of one owner's answer to a scan. More: fewer messages; less: less memory for what is not used after all. */
  readonly scanAnswerBytes: number;
  /** A page of a scan ends with the entry that makes it so many bytes of keys and values, at most 2 MiB. */
  readonly scanPageBytes: number;
  /** How long a page may look for entries before it answers with those that it has, maybe none. */
  readonly scanPageMs: number;
  readonly storage: Partial<StorageOptions>;
}

export const defaultOptions: ClusterNodeOptions = {
  requestTimeoutMs: 5000,
  standInAfterMs: 200,
  standInShare: 0.05,
  hintAfterMs: 500,
  hintBytesPerOwner: 256 * 1024 * 1024,
  hintMaxAgeMs: 3 * 3_600_000,
  tickMs: 250,
  greetingMs: 3000,
  maxValueBytes: 1024 * 1024,
  requestBytes: 64 * 1024 * 1024,
  requestBytesPerClient: 32 * 1024 * 1024,
  peerQueueBytes: 32 * 1024 * 1024,
  stampReserveMs: 3000,
  maxAheadMs: 500,
  repairIntervalMs: 60_000,
  repairTreeLevels: 3,
  expiredKeptMs: 600_000,
  purgeAfterMs: 3_600_000,
  purgeIntervalMs: 600_000,
  healAfterMs: maxTimeoutMs + 1000,
  scanAnswerBytes: 256 * 1024,
  scanPageBytes: 1024 * 1024,
  scanPageMs: 1000,
  storage: {},
};
