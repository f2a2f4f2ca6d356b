/**
 * This member as a voter about the topology: the acceptor of a CASPaxos register, whose every change is durable before it
 * is told.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { accept, type AcceptorState, type AcceptorStep, emptyAcceptor, prepare } from '@kv/quorum';
import {
  decodeTopologyAcceptor,
  encodeTopologyAcceptor,
  systemKey,
  type TopologyAccept,
  type TopologyPrepare,
  type TopologyReply,
  type TopologyState,
} from '@kv/wire';

const acceptorKey = systemKey('topology-acceptor');
const noMeta = new Uint8Array(0);

export class TopologyAcceptor {
  readonly #engine: StorageEngine;
  /** What the last write that was begun says, or what was stored. */
  #stored: Uint8Array | undefined;
  #acceptedEpoch: number;

  /** Reads what is stored. To be made before the first write. */
  constructor(engine: StorageEngine) {
    this.#engine = engine;
    this.#stored = engine.getSync(acceptorKey);
    this.#acceptedEpoch = this.#stored === undefined ? 0 : epochIn(decodeTopologyAcceptor(this.#stored));
  }

  /** The epoch that this voter accepted last, decided or not; 0 if none. */
  get acceptedEpoch(): number {
    return this.#acceptedEpoch;
  }

  /** As it is, to be written anew: what is stored of it is about to go. */
  restated(): BatchOperation[] {
    return this.#stored === undefined ? [] : [{ type: 'put', key: acceptorKey, value: this.#stored }];
  }

  /** Calls back once the acceptor's state is durable, or with the error that kept it from being so. */
  serve(
    request: TopologyPrepare | TopologyAccept,
    done: (reply: TopologyReply) => void,
    failed: (error: unknown) => void,
  ): void {
    let reply: TopologyReply | undefined;
    const decide = (_: unknown, __: unknown, currentValue: () => Uint8Array | undefined) => {
      const stored = currentValue();
      const state = stored === undefined ? emptyAcceptor : decodeTopologyAcceptor(stored);
      const step = stepOf(state, request);
      reply = { type: 'topology-reply', reply: step.reply };
      if (step.state === state) return 'keep';
      this.#stored = encodeTopologyAcceptor(step.state);
      this.#acceptedEpoch = epochIn(step.state);
      return { meta: noMeta, value: this.#stored };
    };
    this.#engine.apply(acceptorKey, { meta: noMeta, value: noMeta }, decide).then(() => {
      if (reply !== undefined) done(reply);
    }, failed);
  }
}

function epochIn({ accepted }: AcceptorState<TopologyState>): number {
  return accepted?.value.epoch ?? 0;
}

function stepOf(
  state: AcceptorState<TopologyState>,
  request: TopologyPrepare | TopologyAccept,
): AcceptorStep<TopologyState> {
  return request.type === 'topology-prepare'
    ? prepare(state, request.ballot)
    : accept(state, request.ballot, request.topology);
}
