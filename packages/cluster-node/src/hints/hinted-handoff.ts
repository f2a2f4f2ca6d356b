/** Hinted handoff (Dynamo §4.6) of one member, put together: what it keeps for others, and how that comes to them. */
import type { StorageEngine } from '@kv/lsm-storage/core';
import type { HybridLogicalClock, Stamp } from '@kv/quorum';
import type { Frame, Message } from '@kv/wire';
import type { ReplicaAccess } from '../coordinator/replica-access.ts';
import type { Counters } from '../counters.ts';
import type { Membership } from '../membership/membership.ts';
import type { ClusterNodeOptions } from '../options.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Log } from '../ports.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import type { Range } from '../repair/range-records.ts';
import type { Repairer } from '../repair/repairer.ts';
import type { StorageFailures } from '../storage-failures.ts';
import type { Strategies } from '../strategies.ts';
import type { Topology } from '../topology/topology.ts';
import { AgedHints } from './aged-hints.ts';
import { DirtyRanges } from './dirty-ranges.ts';
import { HintAccess } from './hint-access.ts';
import { HintReplayer } from './hint-replayer.ts';
import { HintServer } from './hint-server.ts';
import type { HintStore } from './hint-store.ts';

export interface HintedHandoffDependencies {
  readonly self: string;
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly log: Log;
  readonly counters: Counters;
  readonly peers: PeerRequests;
  readonly access: ReplicaAccess;
  readonly membership: Membership;
  readonly repairer: Repairer;
  readonly topology: () => Topology;
  readonly ready: () => boolean;
  readonly failures: StorageFailures;
  readonly watermarks: Watermarks;
}

/** The hints for one owner. */
export interface HintStatus {
  /** Id of the intended owner. */
  readonly owner: string;
  readonly count: number;
  /** As they count towards the bound: uncompressed. */
  readonly bytes: number;
  /** Since the oldest was written, or somewhat more. */
  readonly oldestAgeMs: number;
  /** Handed over to the owner since this member started. */
  readonly replayed: number;
  /** Not kept, or not until the owner had them, for want of room or for their age: since this member started. */
  readonly dropped: number;
}

export class HintedHandoff {
  readonly access: HintAccess;
  readonly #hints: HintStore;
  readonly #dependencies: HintedHandoffDependencies;
  readonly #server: HintServer;
  readonly #replayer: HintReplayer;
  readonly #aged: AgedHints;
  readonly #dirtyRanges: DirtyRanges;

  constructor(dependencies: HintedHandoffDependencies, options: ClusterNodeOptions, strategies: Strategies) {
    const { hintBytesPerOwner, hintMaxAgeMs, requestTimeoutMs } = options;
    const dirtyRanges = new DirtyRanges(dependencies);
    const hints = strategies.hintStore(
      {
        ...dependencies,
        decide: strategies.decide,
        dropped: (range, intendedOwner, cause) => dirtyRanges.dropped(range, intendedOwner, cause),
      },
      { bytesPerOwner: hintBytesPerOwner, maxAgeMs: hintMaxAgeMs },
    );
    this.#dependencies = dependencies;
    this.#hints = hints;
    this.#dirtyRanges = dirtyRanges;
    this.access = new HintAccess({ ...dependencies, hints });
    this.#server = new HintServer({ ...dependencies, hints, dirtyRanges });
    const drained = (intendedOwner: string) => dirtyRanges.drained(intendedOwner);
    this.#replayer = new HintReplayer({ ...dependencies, hints, drained, requestTimeoutMs });
    this.#aged = new AgedHints({ ...dependencies, hints }, { requestTimeoutMs });
  }

  serve(frame: Frame, reply: (message: Message) => void): void {
    this.#server.serve(frame, reply);
  }

  /** See {@link HintStore.holdsUpTo}. */
  holdsUpTo(range: Range, upTo: Stamp): boolean {
    return this.#hints.holdsUpTo(range, upTo);
  }

  /** Hints of these ranges may have rotted: see {@link HintStore.lost}. */
  lost(ranges: readonly Range[]): void {
    const { topology } = this.#dependencies;
    this.#hints.lost(ranges, (range) => {
      const keyspace = topology().keyspaceById(range.keyspaceId);
      return keyspace === undefined ? [] : topology().owners(keyspace, range.partition);
    });
  }

  /** See {@link HintStore.recount}. */
  recount(partitions: ReadonlySet<number>): boolean {
    return this.#hints.recount(partitions);
  }

  tick(): void {
    this.#replayer.tick();
    this.#aged.tick();
    this.#dirtyRanges.tick();
  }

  stop(): void {
    this.#replayer.stop();
    this.#aged.stop();
  }

  status(): HintStatus[] {
    const totals = new Map(this.#hints.ledger.totals().map((each) => [each.owner, each]));
    const owners = new Set([...totals.keys(), ...this.#replayer.replayedOwners, ...this.#hints.droppedOwners]);
    return [...owners].sort().map((owner) => {
      const { count = 0, bytes = 0, oldestMs } = totals.get(owner) ?? {};
      const oldestAgeMs = oldestMs === undefined ? 0 : Math.max(0, this.#dependencies.clock.wallMs() - oldestMs);
      const [replayed, dropped] = [this.#replayer.replayedTo(owner), this.#hints.droppedFor(owner)];
      return { owner, count, bytes, oldestAgeMs, replayed, dropped };
    });
  }
}
