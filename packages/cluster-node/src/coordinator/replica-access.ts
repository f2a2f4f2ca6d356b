/** Reaches one replica of a key, be it this member's own or another's: the two look alike from here on. */
import type { Held, SiblingSet, Stamp, Version } from '@kv/quorum';
import {
  type Message,
  type SiblingValue,
  type SiblingWriteReply,
  type SiblingWriteRequest,
  versionOfMeta,
  type Want,
} from '@kv/wire';
import { type LostPlaces, lostRefusal } from '../healing/losses.ts';
import { busy, failureOf, type PeerFailure, type PeerRequests } from '../peer-requests.ts';
import { isRecordMeta, type StoredRecord } from '../record.ts';
import type { PlannedPlace, Replica } from '../replica/replica.ts';
import type { GivenWrite } from '../replica/sibling-decisions.ts';
import type { WriteFailure } from '../storage-failures.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';

export interface ReplicaAccessDependencies {
  readonly self: string;
  readonly replica: Replica;
  readonly peers: PeerRequests;
  readonly topology: () => Topology;
  /** What this member's own replica is not asked for. */
  readonly losses: LostPlaces;
}

/** How one answer of one replica comes back; exactly one of the two is called, or none if the member stops first. */
export interface ReplicaCallbacks<Answer> {
  readonly answered: (answer: Answer) => void;
  readonly failed: (failure: PeerFailure, reason: string) => void;
}

/** What a replica holds, with the meta as it came; without one it holds nothing. */
export interface HeldRecord extends Held<StoredRecord> {
  readonly meta?: Uint8Array;
}

export class ReplicaAccess {
  readonly #dependencies: ReplicaAccessDependencies;

  constructor(dependencies: ReplicaAccessDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether it would be asked, and not be taken to refuse because too much waits for it already. */
  hasRoom(to: string): boolean {
    return to === this.#dependencies.self || !this.#dependencies.peers.isFull(to);
  }

  /**
   * Answers with the version that the replica then holds durably.
   * @param readUnder the watermark of the owner that the record was read at, by the owners' own repair
   */
  write(
    to: string,
    place: PlannedPlace,
    record: StoredRecord,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<Version>,
    readUnder?: Stamp,
  ): void {
    const { self, replica } = this.#dependencies;
    if (to === self) {
      const refusal = readUnder === undefined ? this.#ownRefusal(place) : this.#fenced(place);
      if (refusal !== undefined) return failed('refused', refusal);
      const notWritten = (failure: WriteFailure): void =>
        failed(failure === 'STORAGE_FAILED' ? 'unreachable' : 'refused', failure);
      replica.write(
        place,
        record,
        (reply) => (reply.type === 'error' ? failed(failureOf(reply.code), reply.code) : answered(reply.version)),
        { failed: notWritten, readUnder },
      );
      return;
    }
    const fields = { partition: place.partition, key: place.key, ...record };
    const message =
      readUnder === undefined
        ? ({ type: 'replica-write', ...fields } as const)
        : ({ type: 'repair-write', ...fields, watermark: readUnder } as const);
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
    { answered, failed }: ReplicaCallbacks<HeldRecord>,
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

  /** Makes a write in this member's own set of siblings, see {@link Replica.writeSibling}. */
  writeOwnSibling(
    place: PlannedPlace,
    id: Version,
    change: (set: SiblingSet<SiblingValue>) => SiblingSet<SiblingValue>,
    { answered, failed }: ReplicaCallbacks<GivenWrite>,
  ): void {
    const refusal = this.#ownRefusal(place);
    if (refusal !== undefined) return failed('refused', refusal);
    this.#dependencies.replica.writeSibling(
      place,
      id,
      change,
      (made) => ('record' in made ? answered(made) : failed('refused', made.code)),
      (failure) => failed(failure === 'STORAGE_FAILED' ? 'unreachable' : 'refused', failure),
    );
  }

  /** Has another owner of a key make a write with a dot of its own. */
  forwardSibling(
    to: string,
    place: PlannedPlace,
    message: SiblingWriteRequest,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<SiblingWriteReply>,
  ): void {
    this.#ask(to, place, message, deadline, failed, (reply) => {
      if (reply.type === 'sibling-write-reply') answered(reply);
      else failed('unreachable', 'MALFORMED');
    });
  }

  /** Whether this member's own replica has lost what it held of the key. */
  isLost(place: PlannedPlace): boolean {
    return this.#dependencies.losses.covers(place);
  }

  #readOwn(place: PlannedPlace, want: Want, { answered, failed }: ReplicaCallbacks<HeldRecord>): void {
    const refusal = this.#ownRefusal(place);
    if (refusal !== undefined) return failed('refused', refusal);
    let held: HeldRecord | undefined;
    try {
      held = heldIn(this.#dependencies.replica.read(place, want));
    } catch {
      // What is damaged was told.
    }
    if (held === undefined) failed('refused', 'STORAGE_DAMAGED');
    else answered(held);
  }

  /** This member's own replica refuses what others' would. */
  #ownRefusal(place: PlannedPlace): string | undefined {
    return this.#fenced(place) ?? (this.isLost(place) ? lostRefusal.code : undefined);
  }

  #fenced({ epoch, keyspaceId }: PlannedPlace): string | undefined {
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
    const { peers } = this.#dependencies;
    if (peers.isFull(to)) failed('refused', busy);
    else peers.ask({ to, keyspaceId, epoch, message, deadline, answered, failed });
  }
}

/** `undefined` when the reply is not one to a read, or its record meta is not one. */
export function heldIn(reply: Message): HeldRecord | undefined {
  if (reply.type !== 'replica-read-reply') return undefined;
  if (reply.found === 'absent') return { version: undefined };
  if (!isRecordMeta(reply.meta)) return undefined;
  const version = versionOfMeta(reply.meta);
  const { meta } = reply;
  return reply.found === 'version' ? { version, meta } : { version, meta, value: { meta, value: reply.value } };
}
