/** Reaches a server that keeps hints, be it this member or another: the two look alike from here on. */
import type { Held, Version } from '@kv/quorum';
import { versionOfMeta } from '@kv/wire';
import { heldIn, type ReplicaCallbacks } from '../coordinator/replica-access.ts';
import { busy, failureOf, type PeerRequests } from '../peer-requests.ts';
import type { StoredRecord } from '../record.ts';
import type { PlannedPlace, RecordPlace } from '../replica/replica.ts';
import type { StorageFailures } from '../storage-failures.ts';
import type { HintStore } from './hint-store.ts';

export interface HintAccessDependencies {
  readonly self: string;
  readonly hints: HintStore;
  readonly peers: PeerRequests;
  readonly failures: StorageFailures;
}

export class HintAccess {
  readonly #dependencies: HintAccessDependencies;

  constructor(dependencies: HintAccessDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers with the version that `to` then keeps durably for the owner. */
  keep(
    to: string,
    place: PlannedPlace,
    intendedOwner: string,
    record: StoredRecord,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<Version>,
  ): void {
    const { self, hints, peers } = this.#dependencies;
    const { partition, keyspaceId, key, epoch } = place;
    if (to === self) {
      hints.keep({ ...place, intendedOwner }, record, {
        kept: answered,
        failed: (failure) => failed(failureOf(failure), failure),
      });
      return;
    }
    if (peers.isFull(to)) return failed('refused', busy);
    const message = { type: 'hint-write', partition, intendedOwner, key, ...record } as const;
    peers.ask({
      to,
      keyspaceId,
      epoch,
      message,
      deadline,
      answered: (reply) => {
        if (reply.type === 'replica-write-reply') answered(reply.version);
        else failed('unreachable', 'MALFORMED');
      },
      failed,
    });
  }

  /** Answers with the newest record that `from` keeps for the key, for any of its owners. */
  newest(
    from: string,
    place: PlannedPlace,
    owners: readonly string[],
    deadline: number,
    { answered, failed }: ReplicaCallbacks<Held<StoredRecord>>,
  ): void {
    const { self, peers } = this.#dependencies;
    if (from === self) {
      this.#newestOwn(place, owners, { answered, failed });
      return;
    }
    const { partition, keyspaceId, key, epoch } = place;
    peers.ask({
      to: from,
      keyspaceId,
      epoch,
      message: { type: 'hint-read', partition, key },
      deadline,
      answered: (reply) => {
        const held = heldIn(reply);
        if (held === undefined) failed('unreachable', 'MALFORMED');
        else answered(held);
      },
      failed,
    });
  }

  #newestOwn(place: RecordPlace, owners: readonly string[], callbacks: ReplicaCallbacks<Held<StoredRecord>>): void {
    let record: StoredRecord | undefined;
    try {
      record = this.#dependencies.hints.newest(place, owners);
    } catch (error) {
      this.#dependencies.failures.damage.tell(error);
      callbacks.failed('refused', 'STORAGE_DAMAGED');
      return;
    }
    callbacks.answered(
      record === undefined ? { version: undefined } : { version: versionOfMeta(record.meta), value: record },
    );
  }
}
