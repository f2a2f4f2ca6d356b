/**
 * What a member of a cluster needs from the world. `apps/node` hands in sockets, files and clocks; the simulator hands
 * in virtual ones. Nothing else in this package reaches outside.
 */
import type { Codec, FileSystem, Jobs, Manifest } from '@kv/lsm-storage/core';

export interface Clock {
  /** Milliseconds since 1970 by the wall clock: may jump, drift and go backwards. Only stamps and deadlines use it. */
  wallMs(): number;
  /** Milliseconds since some fixed moment: never goes backwards. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls `run` once, not before `delayMs` milliseconds have passed. */
  set(delayMs: number, run: () => void): Timer;
}

export interface Timer {
  /** After this, the callback is not called any more. */
  cancel(): void;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

export interface Transport {
  /**
   * Sends one frame to a member, best effort, in order per member while a link lives. Never throws and never calls
   * back synchronously. When the link is lost or cannot be made, `ClusterNode.linkLost` is called: what was sent and
   * not answered may or may not have arrived.
   */
  send(to: string, address: string, frame: Uint8Array): void;
  /** Bytes handed to `send` for this member that have not left this process yet; 0 where nobody can tell. */
  queuedBytes(to: string): number;
}

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

export interface ClusterNodePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly transport: Transport;
  readonly log: Log;
  /** The member's own folder. */
  readonly fileSystem: FileSystem;
  /** Opens the manifest of the storage engine, which closes it. */
  openManifest(): Promise<Manifest>;
  readonly jobs: Jobs;
  /** Compresses values once, at the coordinator that accepts them, and the blocks of the storage engine. */
  readonly codec: Codec;
  /** Called once when the member must not go on (its disk failed, its generation is behind): stop the process. */
  fatal(error: Error): void;
}
