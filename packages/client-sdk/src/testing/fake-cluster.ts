/** Nodes that a test scripts, behind a transport without sockets: frames are really encoded and decoded. */
import { noRepairs, type Receipt, type Stamp } from '@kv/quorum';
import {
  copyBytes,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type Hello,
  type Message,
  type Topology,
  type TopologyKeyspace,
} from '@kv/wire';
import {
  type ClientPorts,
  connectWith,
  type KvClient,
  KvError,
  type Link,
  type LinkHandlers,
  type Transport,
} from '../core/index.ts';
import { VirtualTime } from './virtual-time.ts';

export const clusterId = '11111111-1111-4111-8111-111111111111';

/** What a node does with a request: an answer, silence, or a broken link. */
export type Behaviour = (message: Message, node: FakeNode) => Message | 'silence' | 'break';

const oneWayMs = 1;

export class FakeNode {
  readonly id: string;
  readonly name: string;
  address: string;
  clusterId = clusterId;
  isUp = true;
  /** Accepts links and says no hello, until it is told to by {@link FakeCluster.greet}. */
  isDumb = false;
  behaviour: Behaviour;
  readonly received: Frame[] = [];

  constructor(index: number, behaviour: Behaviour) {
    this.id = `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
    this.name = `node-${index + 1}`;
    this.address = `127.0.0.1:${7400 + index}`;
    this.behaviour = behaviour;
  }

  /** Requests of this type that arrived here. */
  got<Type extends Message['type']>(type: Type): Extract<Message, { type: Type }>[] {
    return this.received.flatMap(({ message }) =>
      message.type === type ? [message as Extract<Message, { type: Type }>] : [],
    );
  }
}

const defaultKeyspace = {
  id: 1,
  name: 'default',
  mode: 'eventual',
  conflict: 'last-write-wins',
  sloppy: true,
  readLevel: 'quorum',
  writeLevel: 'quorum',
  compressed: true,
  since: 1,
} as const;

export class FakeCluster {
  /** Keyspaces beside `default`. */
  readonly further: TopologyKeyspace[] = [];
  readonly time = new VirtualTime();
  readonly nodes: readonly FakeNode[];
  readonly dials: string[] = [];
  epoch = 1;
  /** What is different about the keyspace. */
  keyspace: { readonly ttlMs?: number } = {};
  /** The stamp of every frame that a node sends, beside the time since the test began. */
  stampOf: () => Stamp = () => ({ ms: Math.trunc(this.time.clock.wallMs()), counter: 0 });
  readonly #links = new Map<FakeNode, Set<FakeLink>>();

  constructor(nodes = 3) {
    this.nodes = Array.from({ length: nodes }, (_, index) => new FakeNode(index, serve));
  }

  get ports(): ClientPorts {
    let drawn = 0;
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, index) => index + drawn);
    const random = { next: () => (drawn = (drawn * 16_807 + 11) % 2_147_483_647) / 2_147_483_647, bytes };
    return { clock: this.time.clock, timers: this.time, random, transport: this.#transport };
  }

  node(index: number): FakeNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Every node does this with requests from now on. */
  everywhere(behaviour: Behaviour): void {
    for (const node of this.nodes) node.behaviour = behaviour;
  }

  /** A client of it. */
  connect(): Promise<KvClient> {
    return this.settle(connectWith(this.ports, 'kv://127.0.0.1:7400'));
  }

  /** Settles a call in virtual time. */
  settle<T>(call: Promise<T>): Promise<T> {
    return this.time.until(call);
  }

  /** The error with which a call fails. */
  async failure(call: Promise<unknown>): Promise<KvError> {
    try {
      await this.settle(call);
    } catch (error) {
      if (error instanceof KvError) return error;
      throw error;
    }
    throw new Error('the call did not fail');
  }

  /** Kills a node: its links break, and it accepts none. */
  stop(node: FakeNode): void {
    node.isUp = false;
    for (const link of this.#links.get(node) ?? []) link.break('connection reset');
  }

  /** Has a dumb node speak: it says hello on the links that it has accepted. */
  greet(node: FakeNode): void {
    node.isDumb = false;
    for (const link of this.#links.get(node) ?? []) link.greet();
  }

  topology(): Topology {
    return {
      type: 'topology',
      epoch: this.epoch,
      clusterId,
      partitions: 8,
      members: this.nodes.map(({ id, name, address }) => ({ id, name, address, weight: 1 })),
      owners: Array.from({ length: 8 }, (_, partition) => partition % this.nodes.length),
      keyspaces: [{ ...defaultKeyspace, ...this.keyspace, replicas: Math.min(3, this.nodes.length) }, ...this.further],
      nextKeyspaceId: 2,
      voters: this.nodes.slice(0, 5).map(({ id }) => id),
      changes: [],
    };
  }

  receipt(needed: number, got: number): Receipt {
    const replicas = this.nodes.map(({ id }) => ({
      replica: id,
      role: 'primary' as const,
      answer: 'pending' as const,
    }));
    return { mode: 'strict', epoch: this.epoch, needed, got, replicas, repairs: noRepairs };
  }

  readonly #transport: Transport = {
    open: (address, handlers) => {
      this.dials.push(address);
      return new FakeLink(
        this,
        this.nodes.find((node) => node.address === address),
        handlers,
      );
    },
  };

  join(node: FakeNode, link: FakeLink): void {
    const links = this.#links.get(node) ?? new Set();
    this.#links.set(node, links.add(link));
  }
}

class FakeLink implements Link {
  readonly #cluster: FakeCluster;
  readonly #node: FakeNode | undefined;
  readonly #handlers: LinkHandlers;
  readonly #decoder = new FrameDecoder();
  #closed = false;

  constructor(cluster: FakeCluster, node: FakeNode | undefined, handlers: LinkHandlers) {
    this.#cluster = cluster;
    this.#node = node;
    this.#handlers = handlers;
    cluster.time.set(oneWayMs, () => this.#open());
  }

  send(frame: Uint8Array): void {
    const copy = copyBytes(frame);
    this.#cluster.time.set(oneWayMs, () => this.#arrive(copy));
  }

  close(): void {
    this.#closed = true;
  }

  break(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cluster.time.set(0, () => this.#handlers.closed(reason));
  }

  greet(): void {
    if (this.#node !== undefined) this.#answer(0, helloOf(this.#node));
  }

  #open(): void {
    if (this.#closed) return;
    if (this.#node?.isUp !== true) {
      this.break('connection refused');
      return;
    }
    this.#cluster.join(this.#node, this);
    this.#handlers.opened();
    if (!this.#node.isDumb) this.greet();
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#closed || this.#node?.isUp !== true) return;
    for (const frame of this.#decoder.push(bytes)) {
      if (frame.message.type === 'hello' || this.#node.isDumb) continue;
      this.#node.received.push(frame);
      const isTopology = frame.message.type === 'topology-request';
      const answer = isTopology ? this.#cluster.topology() : this.#node.behaviour(frame.message, this.#node);
      if (answer === 'break') this.break('connection reset');
      else if (answer !== 'silence') this.#answer(frame.header.operationId, answer);
    }
  }

  #answer(operationId: number, message: Message): void {
    const { epoch } = this.#cluster;
    const header = { operationId, epoch, keyspaceId: 1, deadlineMs: 0, stamp: this.#cluster.stampOf() };
    const bytes = encodeFrame(header, message);
    this.#cluster.time.set(oneWayMs, () => {
      if (!this.#closed) this.#handlers.received(bytes);
    });
  }
}

const nothing: Receipt = {
  mode: 'strict',
  epoch: 1,
  needed: 2,
  got: 2,
  replicas: [],
  repairs: noRepairs,
};

/** Says yes to every write and finds nothing. */
function serve(message: Message): Message | 'silence' {
  switch (message.type) {
    case 'put':
    case 'delete':
    case 'put-sibling':
      return {
        type: 'write-reply',
        outcome: 'applied',
        version: message.version ?? { ms: 0, counter: 0, actor: '0'.repeat(32) },
        certain: true,
        receipt: nothing,
      };
    case 'get':
      return { type: 'get-reply', found: 'absent', receipt: nothing };
    default:
      return 'silence';
  }
}

function helloOf(node: FakeNode): Hello {
  return {
    type: 'hello',
    lowestProtocol: 1,
    highestProtocol: 1,
    features: 0,
    codecs: [],
    clusterId: node.clusterId,
    nodeId: node.id,
    role: 'node',
    generation: 1,
    authentication: new Uint8Array(0),
  };
}
