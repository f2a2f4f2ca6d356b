/** Serves what proposers ask of this member's acceptors, once it is known that the request belongs here. */
import type { Accept, Message, Prepare, RegisterQuery } from '@kv/wire';
import type { HybridLogicalClock } from '@kv/quorum';
import { isPlausibleBallot } from '../clock/ballot-source.ts';
import type { Clock } from '../ports.ts';
import { isRecordMeta } from '../record.ts';
import type { AcceptorFailure, AcceptorStore } from './acceptor-store.ts';
import { writeFailureMessages } from '../storage-failures.ts';
import type { RecordPlace } from './replica.ts';

export type RegisterRequestMessage = Prepare | Accept | RegisterQuery;

export interface RegisterServerDependencies {
  readonly acceptors: AcceptorStore;
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
}

export function isRegisterRequest(message: Message): message is RegisterRequestMessage {
  return message.type === 'prepare' || message.type === 'accept' || message.type === 'register-query';
}

const messages: Readonly<Record<AcceptorFailure, string>> = {
  ...writeFailureMessages,
  UNKNOWN_KEYSPACE: 'the keyspace was dropped',
};

export class RegisterServer {
  readonly #dependencies: RegisterServerDependencies;

  constructor(dependencies: RegisterServerDependencies) {
    this.#dependencies = dependencies;
  }

  /** `deadlineMs`: milliseconds that remain; 0: no end. */
  serve(
    place: RecordPlace,
    message: RegisterRequestMessage,
    deadlineMs: number,
    reply: (message: Message) => void,
  ): void {
    const { acceptors, clock } = this.#dependencies;
    const fault = this.#faultOf(message);
    if (fault !== undefined) {
      reply({ type: 'error', code: 'MALFORMED', message: fault });
      return;
    }
    const failed = (code: AcceptorFailure): void => {
      reply({ type: 'error', code, message: messages[code] });
    };
    if (message.type === 'prepare') {
      const deadline = deadlineMs === 0 ? Number.POSITIVE_INFINITY : clock.monotonicMs() + deadlineMs;
      acceptors.prepare(place, { ballot: message.ballot, deadline }, reply, failed);
    } else if (message.type === 'accept') acceptors.accept(place, message.ballot, message.value, reply, failed);
    else this.#query(place, message, reply);
  }

  #query(place: RecordPlace, { want }: RegisterQuery, reply: (message: Message) => void): void {
    try {
      reply(this.#dependencies.acceptors.query(place, want));
    } catch {
      reply({ type: 'error', code: 'STORAGE_DAMAGED', message: 'this acceptor could not read the key' });
    }
  }

  #faultOf(message: RegisterRequestMessage): string | undefined {
    if (message.type === 'register-query') return undefined;
    if (!isPlausibleBallot(message.ballot, this.#dependencies.hlc.latest)) {
      return `the ballot ${message.ballot.counter} is too far ahead of this member's clock`;
    }
    if (message.type === 'accept' && !isRecordMeta(message.value.meta)) {
      return 'the record meta is not one that this member understands';
    }
    return undefined;
  }
}
