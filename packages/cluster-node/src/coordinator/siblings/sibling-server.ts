/** Serves the writes that other members forward to this one, an owner of their key, for a dot. */
import {
  type Frame,
  type FrameHeader,
  type Message,
  type Refusal,
  type SiblingWriteRequest,
  WireError,
} from '@kv/wire';
import { RequestError } from '../../errors.ts';
import { placeRefusal, refusal } from '../../replica/place-refusal.ts';
import type { PutResult } from '../../requests.ts';
import type { CoordinatorDependencies } from '../coordinator.ts';
import { replanWith } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import { contextIn, siblingValueIn } from './sibling-coordinator.ts';
import { SiblingWriteDriver } from './sibling-write-driver.ts';

export class SiblingServer {
  readonly #dependencies: CoordinatorDependencies;

  constructor(dependencies: CoordinatorDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (message.type !== 'sibling-write') return;
    const { counters, clock, options } = this.#dependencies;
    const refused = this.#refusalOf(header, message);
    if (refused !== undefined) {
      counters.replicaRefusals += 1;
      reply(refused);
      return;
    }
    const plan = this.#planOf(header.keyspaceId, message);
    const { context, content, version } = message;
    const write = { version, context: contextIn(context, plan.place), value: siblingValueIn(content) };
    const deadline = clock.monotonicMs() + (header.deadlineMs || options.requestTimeoutMs);
    const planned = {
      plan,
      deadline,
      replan: replanWith(this.#dependencies.follower, () => this.#planOf(plan.keyspace.id, message)),
    };
    const done = (result: PutResult): void => reply(replyOf(result));
    const refuse = ({ code, message: why }: RequestError): void => reply(refusal(code, why));
    new SiblingWriteDriver(this.#dependencies, planned, write, done, refuse).start();
  }

  #refusalOf(header: FrameHeader, message: SiblingWriteRequest): Refusal | undefined {
    const misplaced = placeRefusal(this.#dependencies, header, message);
    if (misplaced !== undefined) return misplaced;
    const keyspace = this.#dependencies.topology().keyspaceById(header.keyspaceId);
    if (keyspace?.conflict !== 'siblings') return refusal('MALFORMED', 'the keyspace has no siblings');
    const { w, context, key } = message;
    if (w < 1 || w > keyspace.replicas) return refusal('MALFORMED', `w is 1 to ${keyspace.replicas}, got ${w}`);
    try {
      contextIn(context, { keyspaceId: keyspace.id, key });
      return undefined;
    } catch (error) {
      if (error instanceof WireError)
        return refusal('MALFORMED', `the context is not one of this key: ${error.message}`);
      throw error;
    }
  }

  /** @throws RequestError when there is no such keyspace any more */
  #planOf(keyspaceId: number, { partition, key, w }: SiblingWriteRequest): RequestPlan {
    const topology = this.#dependencies.topology();
    const keyspace = topology.keyspaceById(keyspaceId);
    if (keyspace === undefined)
      throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace with id ${keyspaceId}`);
    const { epoch } = topology;
    const place = { partition, keyspaceId, key, epoch };
    return { keyspace, place, replicas: topology.owners(keyspace, partition), needed: w, epoch };
  }
}

function replyOf({ outcome, version, siblings, reason, receipt }: PutResult): Message {
  if (outcome === 'superseded') throw new TypeError('a write beside others is superseded by none');
  const optional = { ...(siblings !== undefined && { siblings }), ...(reason !== undefined && { reason }) };
  return { type: 'sibling-write-reply', outcome, version, receipt, ...optional };
}
