/**
 * The answering side of `Upgrade: kv/1`: peers and SDKs connect here, say who they are, and their frames go to the
 * member. What is wrong with a connection ends that connection and nothing else.
 */
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClusterNode, RecurringFaults } from '@kv/cluster-node';
import type { Hello } from '@kv/wire';
import { Problem } from '../http/problem-details.ts';
import { ClientSession } from './client-session.ts';
import { Connection, type ConnectionHandlers, keepAliveMs } from './connection.ts';
import { helloFrame } from './hello-frame.ts';
import { acceptUpgrade, asksForFrames, upgradeProtocol, writeProblem } from './upgrade.ts';

export type ServedMember = Pick<ClusterNode, 'hello' | 'checkHello' | 'receive' | 'serve' | 'admission'>;

export interface FrameServerDependencies {
  /** Undefined until the member is open. */
  member(): ServedMember | undefined;
  /** Connections that broke are told here. */
  readonly faults: Pick<RecurringFaults, 'met'>;
  /** A frame came from this member. */
  heard(member: string): void;
  /** How long a connection may take to say hello. */
  readonly helloTimeoutMs?: number;
}

/** Connections that may wait for the member to open. */
const mostEarly = 256;

export class FrameServer {
  readonly #dependencies: FrameServerDependencies;
  readonly #connections = new Set<Connection>();
  readonly #clients = new Map<Connection, ClientSession>();
  /** Connections that came before the member was open. */
  #early: (readonly [incoming: IncomingMessage, socket: Duplex, head: Buffer])[] = [];
  #refusing = false;

  constructor(dependencies: FrameServerDependencies) {
    this.#dependencies = dependencies;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Requests of clients that are under way. */
  get requests(): number {
    return [...this.#clients.values()].reduce((sum, client) => sum + client.requests, 0);
  }

  /** A listener for the `upgrade` event of Node's HTTP server. Who comes before the member is open waits for it. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    if (this.#dependencies.member() === undefined && !this.#refusing && this.#early.length < mostEarly) {
      this.#early.push([incoming, socket, head]);
    } else {
      this.#decide(incoming, socket, head);
    }
  }

  /** The member is open. */
  open(): void {
    for (const [incoming, socket, head] of this.#early.splice(0)) this.#decide(incoming, socket, head);
  }

  /** Takes no further connection and no further request; what is under way goes on. */
  refuse(): void {
    this.#refusing = true;
    this.open();
    for (const client of this.#clients.values()) client.stop();
  }

  /** Ends every connection once what was sent on it has left. */
  close(): void {
    this.refuse();
    for (const connection of this.#connections) connection.end();
  }

  #decide(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const member = this.#dependencies.member();
    if (!asksForFrames(incoming)) {
      writeProblem(socket, new Problem('NOT_SUPPORTED', `the only upgrade is GET with Upgrade: ${upgradeProtocol}`));
    } else if (member === undefined || this.#refusing) {
      writeProblem(socket, new Problem('NOT_READY', 'this node is starting or stopping'));
    } else {
      if (socket instanceof Socket) socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
      acceptUpgrade(socket, head);
      this.#serve(member, socket);
    }
  }

  #serve(member: ServedMember, socket: Duplex): void {
    let receive: (frame: Uint8Array) => void = () => undefined;
    let who: Pick<Hello, 'role' | 'nodeId'> | undefined;
    const handlers: ConnectionHandlers = {
      check: (hello) => member.checkHello(hello),
      opened: (hello) => {
        who = hello;
        receive = this.#receiverFor(member, hello, connection);
      },
      frame: (frame) => receive(frame),
      closed: (error) => {
        this.#connections.delete(connection);
        this.#clients.delete(connection);
        if (error !== undefined) this.#lost(who, error);
      },
    };
    const hello = helloFrame(member.hello('node'));
    const connection = new Connection(socket, hello, handlers, this.#dependencies.helloTimeoutMs);
    this.#connections.add(connection);
  }

  /** A member is a cause of its own; clients are many, and come and go under ids of their own. */
  #lost(who: Pick<Hello, 'role' | 'nodeId'> | undefined, error: Error): void {
    const end = who?.role === 'node' ? who.nodeId : (who?.role ?? 'unknown');
    const code = 'code' in error ? String(error.code) : error.message;
    this.#dependencies.faults.met('connection-lost', { end, code }, { reason: error.message });
  }

  #receiverFor(member: ServedMember, hello: Hello, connection: Connection): (frame: Uint8Array) => void {
    if (hello.role === 'client') {
      const session = new ClientSession(connection, member);
      this.#clients.set(connection, session);
      return (frame) => session.receive(frame);
    }
    const from = hello.nodeId;
    return (frame) => {
      this.#dependencies.heard(from);
      member.receive(from, frame);
    };
  }
}
