/** Reaches one acceptor of a key, be it this member's own or another's: the two look alike from here on. */
import type { AcceptorReply, RegisterRequest } from '@kv/quorum';
import type { AcceptReply, Message, PrepareReply, RegisterQueryReply, RegisterValue, RegisterWant } from '@kv/wire';
import { isRecordMeta } from '../../record.ts';
import { type LostPlaces, lostRefusal } from '../../healing/losses.ts';
import { busy, type PeerRequests } from '../../peer-requests.ts';
import type { AcceptorFailure, AcceptorStore } from '../../replica/acceptor-store.ts';
import type { PlannedPlace } from '../../replica/replica.ts';
import { fence } from '../../topology/fence.ts';
import type { Topology } from '../../topology/topology.ts';
import type { ReplicaCallbacks } from '../replica-access.ts';

export interface VoterAccessDependencies {
  readonly self: string;
  readonly acceptors: AcceptorStore;
  readonly peers: PeerRequests;
  readonly topology: () => Topology;
  /** What this member's own acceptors are not asked for. */
  readonly losses: LostPlaces;
}

export type RegisterReply = AcceptorReply<RegisterValue>;
export type VoterRequest = RegisterRequest<RegisterValue>;

export class VoterAccess {
  readonly #dependencies: VoterAccessDependencies;

  constructor(dependencies: VoterAccessDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers when the acceptor's state is durable. */
  propose(
    to: string,
    place: PlannedPlace,
    request: VoterRequest,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<RegisterReply>,
  ): void {
    if (to === this.#dependencies.self) {
      this.#proposeToOwn(place, request, deadline, { answered, failed });
      return;
    }
    const { peers } = this.#dependencies;
    const { partition, keyspaceId, key, epoch } = place;
    if (peers.isFull(to)) return failed('refused', busy);
    peers.ask({
      to,
      keyspaceId,
      epoch,
      message: { ...request, partition, key },
      deadline,
      answered: (message) => {
        const reply = replyIn(message, request.type);
        if (reply === undefined) failed('unreachable', 'MALFORMED');
        else answered(reply);
      },
      failed,
    });
  }

  query(
    from: string,
    place: PlannedPlace,
    want: RegisterWant,
    deadline: number,
    { answered, failed }: ReplicaCallbacks<RegisterQueryReply>,
  ): void {
    const { self, peers } = this.#dependencies;
    const { partition, keyspaceId, key, epoch } = place;
    if (from === self) {
      this.#queryOwn(place, want, { answered, failed });
    } else if (peers.isFull(from)) {
      failed('refused', busy);
    } else {
      const message = { type: 'register-query', partition, key, want } as const;
      const take = (reply: Message): void => {
        if (reply.type === 'register-query-reply' && isSound(reply.accepted?.value)) answered(reply);
        else failed('unreachable', 'MALFORMED');
      };
      peers.ask({ to: from, keyspaceId, epoch, message, deadline, answered: take, failed });
    }
  }

  #queryOwn(place: PlannedPlace, want: RegisterWant, { answered, failed }: ReplicaCallbacks<RegisterQueryReply>): void {
    const refusal = this.#ownRefusal(place) ?? this.#lost(place);
    if (refusal !== undefined) return failed('refused', refusal);
    let reply: RegisterQueryReply | undefined;
    try {
      reply = this.#dependencies.acceptors.query(place, want);
    } catch {
      // What is damaged was told.
    }
    if (reply === undefined) failed('refused', 'STORAGE_DAMAGED');
    else answered(reply);
  }

  #proposeToOwn(
    place: PlannedPlace,
    request: VoterRequest,
    deadline: number,
    callbacks: ReplicaCallbacks<RegisterReply>,
  ): void {
    const { acceptors } = this.#dependencies;
    const refusal = this.#ownRefusal(place) ?? (request.type === 'prepare' ? this.#lost(place) : undefined);
    if (refusal !== undefined) return callbacks.failed('refused', refusal);
    const failed = (failure: AcceptorFailure): void =>
      callbacks.failed(failure === 'STORAGE_FAILED' ? 'unreachable' : 'refused', failure);
    const answered = (reply: PrepareReply | AcceptReply): void => callbacks.answered(acceptorReply(reply));
    if (request.type === 'prepare') acceptors.prepare(place, { ballot: request.ballot, deadline }, answered, failed);
    else acceptors.accept(place, request.ballot, request.value, answered, failed);
  }

  #lost(place: PlannedPlace): string | undefined {
    return this.#dependencies.losses.covers(place) ? lostRefusal.code : undefined;
  }

  /** This member's own acceptors stand behind the same fence as the others'. */
  #ownRefusal({ epoch, keyspaceId }: PlannedPlace): string | undefined {
    return fence(this.#dependencies.topology(), epoch, keyspaceId)?.code;
  }
}

/** `undefined` when the message is not a reply to this type of request. */
function replyIn(message: Message, type: VoterRequest['type']): RegisterReply | undefined {
  if (message.type !== (type === 'prepare' ? 'prepare-reply' : 'accept-reply')) return undefined;
  if (message.type === 'prepare-reply' && message.outcome === 'promised' && !isSound(message.accepted?.value)) {
    return undefined;
  }
  return message.type === 'prepare-reply' || message.type === 'accept-reply' ? acceptorReply(message) : undefined;
}

function acceptorReply(reply: PrepareReply | AcceptReply): RegisterReply {
  switch (reply.outcome) {
    case 'promised':
      return { type: 'promised', accepted: reply.accepted };
    case 'accepted':
      return { type: 'accepted' };
    case 'outbid':
      return { type: 'outbid', promised: reply.promised };
  }
}

/** Whether what another member says it accepted can be understood. */
function isSound(value: RegisterValue | undefined): boolean {
  return value === undefined || isRecordMeta(value.meta);
}
