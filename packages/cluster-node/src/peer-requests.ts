/**
 * Asks other members and finds the answers: numbers each request, remembers whom it was sent to, and ends it by an
 * answer, a refusal, a lost link or its deadline, whichever comes first.
 */
import type { HybridLogicalClock } from '@kv/quorum';
import { encodeFrame, type FrameHeader, type Message } from '@kv/wire';
import type { ClusterNodeOptions } from './options.ts';
import type { Clock, Random, Transport } from './ports.ts';

/** How a request ended when it was not answered: `refused` means that the member did nothing for it. */
export type PeerFailure = 'refused' | 'unreachable';

export interface PeerRequest {
  readonly to: string;
  readonly keyspaceId: number;
  /** Of the topology that the request was planned with; default: the current one. */
  readonly epoch?: number | undefined;
  readonly message: Message;
  /** Monotonic milliseconds after which the answer is of no use. */
  readonly deadline: number;
  readonly answered: (message: Message) => void;
  readonly failed: (failure: PeerFailure, reason: string) => void;
}

/** What the header of a frame says beside its stamp; what is left out is 0, and the epoch the current one. */
export type TellOptions = { readonly [Field in keyof Omit<FrameHeader, 'stamp'>]?: number | undefined };

export interface PeerRequestsDependencies {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly hlc: HybridLogicalClock;
  /** Where a member listens now. */
  readonly addressOf: (member: string) => string;
  readonly epoch: () => number;
  readonly options: Pick<ClusterNodeOptions, 'peerQueueBytes'>;
}

/** Operation ids have 32 bits on the wire; 0 means that no answer is expected. */
const maxOperationId = 0xffff_ffff;

export class PeerRequests {
  readonly #dependencies: PeerRequestsDependencies;
  readonly #pending = new Map<number, PeerRequest>();
  /** Begins somewhere else in each life, so that a late answer to the life before finds nobody. */
  #lastOperationId: number;

  constructor(dependencies: PeerRequestsDependencies) {
    this.#dependencies = dependencies;
    this.#lastOperationId = Math.floor(dependencies.random.next() * maxOperationId);
  }

  /** Requests that wait for an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Whether so much waits to be sent to the member that it is to be asked for nothing more: whoever would ask for what is
   * large, or often, looks here first and takes it for a refusal with {@link busy}.
   */
  isFull(to: string): boolean {
    const { transport, options } = this.#dependencies;
    return transport.queuedBytes(to) > options.peerQueueBytes;
  }

  ask(request: PeerRequest): void {
    const operationId = this.#nextOperationId();
    this.#pending.set(operationId, request);
    const remaining = request.deadline - this.#dependencies.clock.monotonicMs();
    this.tell(request.to, request.message, {
      operationId,
      keyspaceId: request.keyspaceId,
      epoch: request.epoch,
      deadlineMs: Math.max(1, Math.ceil(remaining)),
    });
  }

  /** Sends a message that expects no answer, or is one. */
  tell(
    to: string,
    message: Message,
    { operationId = 0, keyspaceId = 0, deadlineMs = 0, epoch }: TellOptions = {},
  ): void {
    const { transport, clock, hlc, addressOf } = this.#dependencies;
    const stamp = hlc.read(clock.wallMs());
    const planned = epoch ?? this.#dependencies.epoch();
    const frame = encodeFrame({ operationId, keyspaceId, deadlineMs, epoch: planned, stamp }, message);
    transport.send(to, addressOf(to), frame);
  }

  /** False when nobody waits for this answer from this member: late, duplicated or forged. */
  answer(from: string, operationId: number, message: Message): boolean {
    const request = this.#pending.get(operationId);
    if (request === undefined || request.to !== from) return false;
    this.#pending.delete(operationId);
    if (message.type === 'error') request.failed(failureOf(message.code), message.code);
    else request.answered(message);
    return true;
  }

  linkLost(member: string): void {
    this.#end((request) => request.to === member, 'LINK_LOST');
  }

  /** Forgets requests whose deadline has passed: their operations have answered already. */
  sweep(now: number): void {
    this.#end((request) => request.deadline < now, 'DEADLINE');
  }

  #end(matches: (request: PeerRequest) => boolean, reason: string): void {
    const ended = [...this.#pending].filter(([, request]) => matches(request));
    for (const [operationId] of ended) this.#pending.delete(operationId);
    for (const [, request] of ended) request.failed('unreachable', reason);
  }

  #nextOperationId(): number {
    do {
      this.#lastOperationId = this.#lastOperationId >= maxOperationId ? 1 : this.#lastOperationId + 1;
    } while (this.#pending.has(this.#lastOperationId));
    return this.#lastOperationId;
  }
}

/** The code of what was not asked or not told, because too much waits to be sent to the member. */
export const busy = 'BUSY';

/** Codes by which a replica says that it did nothing; after any other it may have done something. */
const refusals: ReadonlySet<string> = new Set([
  'NOT_READY',
  busy,
  'NOT_AN_OWNER',
  'UNKNOWN_KEYSPACE',
  'EPOCH_TOO_OLD',
  'EPOCH_AHEAD',
  'EXPIRED',
  'WRONG_MODE',
  'MALFORMED',
  'DISK_FULL',
  'STORAGE_DAMAGED',
  'SIBLINGS_TOO_LARGE',
  'HINTS_FULL',
  'HINT_TOO_OLD',
]);

/** What an error of this code says of the request. */
export function failureOf(code: string): PeerFailure {
  return refusals.has(code) ? 'refused' : 'unreachable';
}
