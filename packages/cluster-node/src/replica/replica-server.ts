/**
 * Serves what other members ask of this one's replica: checks first that the request belongs here, and refuses with a
 * stable code when not. A refusal means that nothing was done.
 */
import type { Frame, Message, ReplicaRead, ReplicaWrite, TopologyKeyspace } from '@kv/wire';
import type { Counters } from '../counters.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import { isRecordMeta } from '../record.ts';
import { writeFailureMessages } from '../storage-failures.ts';
import { isRegisterRequest, type RegisterRequestMessage, type RegisterServer } from './register-server.ts';
import type { RecordPlace, Replica } from './replica.ts';

export interface ReplicaServerDependencies {
  readonly self: string;
  readonly replica: Replica;
  readonly registers: RegisterServer;
  readonly counters: Counters;
  readonly topology: () => Topology;
  /** False until this member has made sure that it may serve. */
  readonly ready: () => boolean;
}

type ReplicaRequest = ReplicaWrite | ReplicaRead | RegisterRequestMessage;

export class ReplicaServer {
  readonly #dependencies: ReplicaServerDependencies;

  constructor(dependencies: ReplicaServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (!isReplicaRequest(message)) return;
    const refusal = this.#refusalOf(header.epoch, header.keyspaceId, message);
    if (refusal !== undefined) {
      this.#dependencies.counters.replicaRefusals += 1;
      reply({ type: 'error', ...refusal });
      return;
    }
    const place = { partition: message.partition, keyspaceId: header.keyspaceId, key: message.key };
    if (message.type === 'replica-write') this.#write(place, message, reply);
    else if (isRegisterRequest(message)) this.#dependencies.registers.serve(place, message, reply);
    else this.#read(place, message, reply);
  }

  #write(place: RecordPlace, { meta, value }: ReplicaWrite, reply: (message: Message) => void): void {
    this.#dependencies.replica.write(place, { meta, value }, reply, (code) => {
      reply({ type: 'error', code, message: writeFailureMessages[code] });
    });
  }

  #read(place: RecordPlace, { want }: ReplicaRead, reply: (message: Message) => void): void {
    try {
      reply(this.#dependencies.replica.read(place, want));
    } catch {
      reply({ type: 'error', code: 'STORAGE_DAMAGED', message: 'this replica could not read the key' });
    }
  }

  #refusalOf(
    epoch: number,
    keyspaceId: number,
    request: ReplicaRequest,
  ): { code: string; message: string } | undefined {
    const topology = this.#dependencies.topology();
    if (!this.#dependencies.ready()) return { code: 'NOT_READY', message: 'this member is still starting' };
    const fenced = fence(topology, epoch, keyspaceId);
    if (fenced !== undefined) return fenced;
    const keyspace = topology.keyspaceById(keyspaceId);
    const mode = isRegisterRequest(request) ? 'strong' : 'eventual';
    if (keyspace !== undefined && keyspace.mode !== mode) {
      return { code: 'WRONG_MODE', message: `keyspace ${keyspace.name} is ${keyspace.mode}, ${request.type} is not` };
    }
    if (keyspace === undefined || !this.#owns(topology, keyspace, request)) {
      return { code: 'NOT_AN_OWNER', message: `this member does not own the key in partition ${request.partition}` };
    }
    if (request.type === 'replica-write' && !isRecordMeta(request.meta)) {
      return { code: 'MALFORMED', message: 'the record meta is not one that this member understands' };
    }
    return undefined;
  }

  #owns(topology: Topology, keyspace: TopologyKeyspace, { partition, key }: ReplicaRequest): boolean {
    const owners = topology.owners(keyspace, partition);
    return topology.partitionOf(key) === partition && owners.includes(this.#dependencies.self);
  }
}

function isReplicaRequest(message: Message): message is ReplicaRequest {
  return message.type === 'replica-write' || message.type === 'replica-read' || isRegisterRequest(message);
}
