/**
 * Serves what other members ask of this one's replica: checks first that the request belongs here, and refuses with a
 * stable code when not. A refusal means that nothing was done.
 */
import {
  type Frame,
  type FrameHeader,
  isSiblingSetMeta,
  type Message,
  type ReplicaRead,
  type ReplicaWrite,
  type RepairWrite,
  type Refusal,
} from '@kv/wire';
import type { Counters } from '../counters.ts';
import { type LostPlaces, lostRefusal } from '../healing/losses.ts';
import { isRecordMeta } from '../record.ts';
import { type WriteFailure, writeFailureMessages } from '../storage-failures.ts';
import { type PlaceChecks, placeRefusal, refusal } from './place-refusal.ts';
import { isRegisterRequest, type RegisterRequestMessage, type RegisterServer } from './register-server.ts';
import type { RecordPlace, Replica } from './replica.ts';

export interface ReplicaServerDependencies extends PlaceChecks {
  readonly replica: Replica;
  readonly registers: RegisterServer;
  readonly counters: Counters;
  readonly losses: LostPlaces;
}

type WriteRequest = ReplicaWrite | RepairWrite;
type ReplicaRequest = WriteRequest | ReplicaRead | RegisterRequestMessage;

export class ReplicaServer {
  readonly #dependencies: ReplicaServerDependencies;

  constructor(dependencies: ReplicaServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (!isReplicaRequest(message)) return;
    const refused = this.#refusalOf(header, message);
    if (refused !== undefined) {
      this.#dependencies.counters.replicaRefusals += 1;
      reply(refused);
      return;
    }
    const place = { partition: message.partition, keyspaceId: header.keyspaceId, key: message.key };
    if (isWriteRequest(message)) this.#write(place, message, reply);
    else if (isRegisterRequest(message)) this.#dependencies.registers.serve(place, message, header.deadlineMs, reply);
    else this.#read(place, message, reply);
  }

  #write(place: RecordPlace, message: WriteRequest, reply: (message: Message) => void): void {
    const { meta, value } = message;
    const readUnder = message.type === 'repair-write' ? message.watermark : undefined;
    const failed = (code: WriteFailure): void => reply({ type: 'error', code, message: writeFailureMessages[code] });
    this.#dependencies.replica.write(place, { meta, value }, reply, { failed, readUnder });
  }

  #read(place: RecordPlace, { want }: ReplicaRead, reply: (message: Message) => void): void {
    try {
      reply(this.#dependencies.replica.read(place, want));
    } catch {
      reply({ type: 'error', code: 'STORAGE_DAMAGED', message: 'this replica could not read the key' });
    }
  }

  #refusalOf(header: FrameHeader, request: ReplicaRequest): Refusal | undefined {
    const misplaced = placeRefusal(this.#dependencies, header, request);
    if (misplaced !== undefined) return misplaced;
    const keyspace = this.#dependencies.topology().keyspaceById(header.keyspaceId);
    const mode = isRegisterRequest(request) ? 'strong' : 'eventual';
    if (keyspace !== undefined && keyspace.mode !== mode) {
      return refusal('WRONG_MODE', `keyspace ${keyspace.name} is ${keyspace.mode}, ${request.type} is not`);
    }
    const { partition, key } = request;
    const isLost = this.#dependencies.losses.covers({ partition, keyspaceId: header.keyspaceId, key });
    if (isLost && !bringsBack(request)) return lostRefusal;
    if (!isWriteRequest(request)) return undefined;
    const known = isRecordMeta(request.meta) && isSiblingSetMeta(request.meta) === (keyspace?.conflict === 'siblings');
    return known ? undefined : refusal('MALFORMED', 'the record meta is not one that this keyspace understands');
  }
}

/**
 * Whether a request serves to get back what is lost. What a proposer has accepted does: it knows of all that was accepted before,
 * and all that this member ever promised is sealed.
 */
function bringsBack(request: ReplicaRequest): boolean {
  return request.type === 'repair-write' || request.type === 'accept';
}

function isReplicaRequest(message: Message): message is ReplicaRequest {
  return isWriteRequest(message) || message.type === 'replica-read' || isRegisterRequest(message);
}

function isWriteRequest(message: Message): message is WriteRequest {
  return message.type === 'replica-write' || message.type === 'repair-write';
}
