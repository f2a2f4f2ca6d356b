/** Serves what proposers ask of this member's acceptors, once it is known that the request belongs here. */
import type { Accept, Message, Prepare, RegisterQuery } from '@kv/wire';
import type { HybridLogicalClock } from '@kv/quorum';
import { isPlausibleBallot } from '../clock/ballot-source.ts';
import type { Log } from '../ports.ts';
import { isRecordMeta } from '../record.ts';
import { type StorageFailures, writeFailureMessages } from '../storage-failures.ts';
import type { AcceptorStore } from './acceptor-store.ts';
import type { RecordPlace } from './replica.ts';

export type RegisterRequestMessage = Prepare | Accept | RegisterQuery;

export interface RegisterServerDependencies {
  readonly acceptors: AcceptorStore;
  readonly hlc: HybridLogicalClock;
  readonly log: Log;
  readonly failures: StorageFailures;
}

export function isRegisterRequest(message: Message): message is RegisterRequestMessage {
  return message.type === 'prepare' || message.type === 'accept' || message.type === 'register-query';
}

export class RegisterServer {
  readonly #dependencies: RegisterServerDependencies;

  constructor(dependencies: RegisterServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve(place: RecordPlace, message: RegisterRequestMessage, reply: (message: Message) => void): void {
    const { acceptors, failures } = this.#dependencies;
    const fault = this.#faultOf(message);
    if (fault !== undefined) {
      reply({ type: 'error', code: 'MALFORMED', message: fault });
      return;
    }
    const failed = (error: unknown): void =>
      failures.ofWrite(error, (code) => reply({ type: 'error', code, message: writeFailureMessages[code] }));
    if (message.type === 'prepare') acceptors.prepare(place, message.ballot, reply, failed);
    else if (message.type === 'accept') acceptors.accept(place, message.ballot, message.value, reply, failed);
    else this.#query(place, message, reply);
  }

  #query(place: RecordPlace, { want }: RegisterQuery, reply: (message: Message) => void): void {
    try {
      reply(this.#dependencies.acceptors.query(place, want));
    } catch (error) {
      this.#dependencies.log.error('replica-read-failed', { error });
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
