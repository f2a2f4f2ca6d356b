/** Reaches one replica of a key, be it this member's own or another's: the two look alike from here on. */
import type { Held, Version } from '@kv/quorum';
import { type Message, versionOfMeta, type Want } from '@kv/wire';
import type { PeerFailure, PeerRequests } from '../peer-requests.ts';
import { isRecordMeta, type StoredRecord } from '../record.ts';
import type { PlannedPlace, Replica } from '../replica/replica.ts';
import type { WriteFailure } from '../storage-failures.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';

export interface ReplicaAccessDependencies {
  readonly self: string;
  readonly replica: Replica;
  readonly peers: PeerRequests;
  readonly topology: () => Topology;
}

/** How one answer of one replica comes back; exactly one of the two is called, or none if the member stops first. */
export interface ReplicaCallbacks<Answer> {
  readonly answered: (answer: Answer) => void;
  readonly failed: (failure: PeerFailure, reason: string) => void;
}

export class ReplicaAccess {
  readonly #dependencies: ReplicaAccessDependencies;

  constructor(dependencies: ReplicaAccessDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers with the version that the replica then holds durably. */
  write(
    to: string,
    place: PlannedPlace,
    record: StoredRecord,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<Version>,
  ): void {
    const { self, replica } = this.#dependencies;
    if (to === self) {
      const refusal = this.#ownRefusal(place);
      if (refusal !== undefined) return failed('refused', refusal);
      const notWritten = (failure: WriteFailure): void =>
        failed(failure === 'STORAGE_FAILED' ? 'unreachable' : 'refused', failure);
      replica.write(place, record, ({ version }) => answered(version), notWritten);
      return;
    }
    const message = { type: 'replica-write', partition: place.partition, key: place.key, ...record } as const;
    this.#ask(to, place, message, deadline, failed, (reply) => {
      if (reply.type === 'replica-write-reply') answered(reply.version);
      else failed('unreachable', 'MALFORMED');
    });
  }

  read(
    from: string,
    place: PlannedPlace,
    want: Want,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<Held<StoredRecord>>,
  ): void {
    if (from === this.#dependencies.self) {
      this.#readOwn(place, want, { answered, failed });
      return;
    }
    const message = { type: 'replica-read', partition: place.partition, key: place.key, want } as const;
    this.#ask(from, place, message, deadline, failed, (reply) => {
      const held = heldIn(reply);
      if (held === undefined) failed('unreachable', 'MALFORMED');
      else answered(held);
    });
  }

  #readOwn(place: PlannedPlace, want: Want, { answered, failed }: ReplicaCallbacks<Held<StoredRecord>>): void {
    const refusal = this.#ownRefusal(place);
    if (refusal !== undefined) return failed('refused', refusal);
    let held: Held<StoredRecord> | undefined;
    try {
      held = heldIn(this.#dependencies.replica.read(place, want));
    } catch {
      // What is damaged was told.
    }
    if (held === undefined) failed('refused', 'STORAGE_DAMAGED');
    else answered(held);
  }

  /** This member's own replica stands behind the same fence as the others'. */
  #ownRefusal({ epoch, keyspaceId }: PlannedPlace): string | undefined {
    return fence(this.#dependencies.topology(), epoch, keyspaceId)?.code;
  }

  #ask(
    to: string,
    { keyspaceId, epoch }: PlannedPlace,
    message: Message,
    deadline: number,
    failed: ReplicaCallbacks<never>['failed'],
    answered: (message: Message) => void,
  ): void {
    this.#dependencies.peers.ask({ to, keyspaceId, epoch, message, deadline, answered, failed });
  }
}

/** `undefined` when the reply is not one to a read, or its record meta is not one. */
export function heldIn(reply: Message): Held<StoredRecord> | undefined {
  if (reply.type !== 'replica-read-reply') return undefined;
  if (reply.found === 'absent') return { version: undefined };
  if (!isRecordMeta(reply.meta)) return undefined;
  const version = versionOfMeta(reply.meta);
  return reply.found === 'version' ? { version } : { version, value: { meta: reply.meta, value: reply.value } };
}
