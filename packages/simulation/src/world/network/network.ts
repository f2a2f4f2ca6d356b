/**
 * The virtual network: addresses, and between each two of them a link for each direction that delays, loses, doubles,
 * reorders and blocks frames. Frames are bytes and are copied on the way, so nobody shares memory through it; they arrive as the
 * bytes of a socket do.
 */
import type { FaultLog } from '../fault-log.ts';
import type { Incarnation } from '../incarnation.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Trace } from '../trace.ts';
import { type Connection, Connections } from './connections.ts';
import { Endpoint, type EndpointHandlers } from './endpoint.ts';
import { type Block, type Fate, Link } from './link.ts';
import { defaultNetworkOptions, type NetworkNoise, type NetworkOptions, quietNetwork } from './network-options.ts';
import { SocketBytes } from './socket-bytes.ts';

export interface NetworkDependencies {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly faults: FaultLog;
  readonly random: SeededRandom;
}

/** Sees every frame at the moment when it is sent. */
export type FrameTap = (from: string, to: string, bytes: Uint8Array) => void;

interface Frame {
  readonly link: Link;
  readonly sender: Endpoint;
  readonly bytes: Uint8Array;
  /** The connection that carries it; `undefined` for a datagram. */
  readonly connection: Connection | undefined;
}

export class Network {
  readonly options: NetworkOptions;
  /** Chances that hold for frames sent from now on, on every link that has none of its own. */
  noise: NetworkNoise = quietNetwork;
  readonly #dependencies: NetworkDependencies;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #links = new Map<string, Link>();
  readonly #connections = new Connections();
  readonly #taps: FrameTap[] = [];

  constructor(dependencies: NetworkDependencies, options: Partial<NetworkOptions> = {}) {
    this.#dependencies = dependencies;
    this.options = { ...defaultNetworkOptions, ...options };
  }

  /** Listens at an address, in place of whoever did before. */
  attach(address: string, incarnation: Incarnation, handlers: EndpointHandlers): Endpoint {
    const before = this.#endpoints.get(address);
    if (before !== undefined) this.detach(before);
    const endpoint = new Endpoint(address, incarnation, handlers);
    this.#endpoints.set(address, endpoint);
    return endpoint;
  }

  /** Nothing arrives at the endpoint any more. The other ends of its connections hear of it, if the options say so. */
  detach(endpoint: Endpoint): void {
    endpoint.closed = true;
    if (this.#endpoints.get(endpoint.address) === endpoint) this.#endpoints.delete(endpoint.address);
    if (!this.options.reportsDeadPeers) return;
    for (const connection of this.#connections.of(endpoint)) this.#break(connection);
  }

  /** Sends a frame, best effort. The bytes stay the caller's own. */
  send(sender: Endpoint, to: string, bytes: Uint8Array): void {
    if (!sender.listening) return;
    for (const tap of this.#taps) tap(sender.address, to, bytes);
    const link = this.#link(sender.address, to);
    const fate = link.drawFate(this.options, link.noise ?? this.noise);
    const connection = this.#connectionFor(sender, to);
    if (this.options.mode === 'stream' && connection === undefined) {
      this.#reportDeadPeer(sender, link);
      return;
    }
    this.#dispatch({ link, sender, bytes: SocketBytes.received(bytes), connection }, fate);
  }

  /** Bytes that were sent and wait for a block to be lifted. */
  queuedBytes(from: string, to: string): number {
    return this.#link(from, to).heldBytes;
  }

  onSend(tap: FrameTap): void {
    this.#taps.push(tap);
  }

  /** Gives the direction `from` → `to` noise of its own; `undefined` takes it away. */
  setNoise(from: string, to: string, noise: NetworkNoise | undefined): void {
    this.#link(from, to).noise = noise;
  }

  /** Blocks the direction `from` → `to`. */
  block(block: Block, from: string, to: string): void {
    const link = this.#link(from, to);
    link.blocks.add(block);
    const { cutToleranceMs } = this.options;
    if (this.options.mode !== 'stream' || block.holds || cutToleranceMs === Infinity) return;
    this.#dependencies.scheduler.after(cutToleranceMs, () => {
      const connection = this.#connections.between(from, to);
      if (link.blocks.has(block) && link.held.length > 0 && connection !== undefined) this.#break(connection);
    });
  }

  /** Lifts a block everywhere; what it held goes on its way. */
  lift(block: Block): void {
    for (const link of this.#links.values()) {
      if (link.blocks.delete(block) && !link.blocked) this.#release(link);
    }
  }

  #dispatch(frame: Frame, fate: Fate): void {
    const { scheduler, faults } = this.#dependencies;
    const { link, connection } = frame;
    if (fate.lost) {
      faults.fired('loss');
      if (connection !== undefined) this.#break(connection);
      return;
    }
    if (fate.delayed) faults.fired('delay');
    if (fate.overtaken) faults.fired('reordering');
    const arrival = link.arrival(scheduler.now, fate);
    scheduler.at(arrival, () => this.#arrive(frame));
    if (fate.doubledAfterMs === undefined) return;
    faults.fired('duplication');
    scheduler.at(arrival + fate.doubledAfterMs, () =>
      this.#arrive({ ...frame, bytes: SocketBytes.received(frame.bytes) }),
    );
  }

  #arrive(frame: Frame): void {
    const { link, connection } = frame;
    if (connection?.broken === true) return;
    if (link.blocked) this.#stop(frame);
    else if (connection === undefined) this.#deliverDatagram(frame);
    else this.#deliverOn(connection, frame);
  }

  #stop(frame: Frame): void {
    const blocks = [...frame.link.blocks];
    for (const { kind } of blocks) this.#dependencies.faults.fired(kind);
    if (frame.connection !== undefined || blocks.every(({ holds }) => holds)) {
      frame.link.held.push(() => this.#arrive(frame));
      frame.link.heldBytes += frame.bytes.length;
    }
  }

  #release(link: Link): void {
    const { held } = link;
    link.held = [];
    link.heldBytes = 0;
    for (const arrive of held) this.#dependencies.scheduler.after(0, arrive);
  }

  #deliverDatagram(frame: Frame): void {
    const receiver = this.#endpoints.get(frame.link.to);
    if (receiver?.listening === true) this.#deliver(receiver, frame);
    else this.#reportDeadPeer(frame.sender, frame.link);
  }

  #deliverOn(connection: Connection, frame: Frame): void {
    const receiver = connection.ends.find(({ address }) => address === frame.link.to);
    if (receiver?.listening === true) this.#deliver(receiver, frame);
    // Whoever listens there now knows nothing of this connection and resets it; nobody there says nothing at all.
    else if (this.#endpoints.get(frame.link.to)?.listening === true) this.#break(connection);
  }

  #deliver(receiver: Endpoint, { link, bytes }: Frame): void {
    receiver.incarnation.run(() => {
      if (!receiver.listening) return;
      this.#dependencies.trace.record(this.#dependencies.scheduler.now, 'deliver', `${link.from}>${link.to}`, bytes);
      receiver.handlers.receive(link.from, bytes);
    });
  }

  #connectionFor(sender: Endpoint, to: string): Connection | undefined {
    if (this.options.mode === 'datagram') return undefined;
    const present = this.#connections.between(sender.address, to);
    if (present?.ends.includes(sender) === true) return present;
    const receiver = this.#endpoints.get(to);
    return receiver?.listening === true ? this.#connections.connect(sender, receiver) : undefined;
  }

  #break(connection: Connection): void {
    connection.broken = true;
    const [a, b] = connection.ends;
    this.#reportLost(a, b.address);
    this.#reportLost(b, a.address);
  }

  #reportDeadPeer(sender: Endpoint, link: Link): void {
    if (this.options.reportsDeadPeers) this.#reportLost(sender, link.to);
  }

  #reportLost(endpoint: Endpoint, peer: string): void {
    if (!endpoint.listening) return;
    const { scheduler, trace } = this.#dependencies;
    endpoint.incarnation.runAfter(this.#link(peer, endpoint.address).noticeMs(this.options), () => {
      if (!endpoint.listening) return;
      trace.record(scheduler.now, 'link-lost', `${peer}>${endpoint.address}`);
      endpoint.handlers.linkLost?.(peer);
    });
  }

  #link(from: string, to: string): Link {
    const name = `${from}>${to}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = new Link(from, to, this.#dependencies.random.fork(name));
      this.#links.set(name, link);
    }
    return link;
  }
}
