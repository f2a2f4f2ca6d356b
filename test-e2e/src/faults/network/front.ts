/**
 * Stands at a member's address and leads each connection to where the member really listens, through the rules of the
 * link that it belongs to. The member is known at this address to everybody, its gossip included, as it would be behind
 * any forwarder; which of the others calls is read from the connection itself, so that each link has rules of its own.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { type Caller, CallerReader } from './caller.ts';
import { clients, type Links } from './links.ts';
import { OneWay } from './one-way.ts';

export interface FrontOptions {
  /** The member's name. */
  readonly name: string;
  /** `host:port`, where everybody looks for the member. */
  readonly address: string;
  /** `host:port`, where it listens. */
  readonly behind: string;
  readonly links: Links;
  /** The name of a member, by its id. */
  readonly nameOf: (id: string) => string;
}

export class Front implements AsyncDisposable {
  readonly #options: FrontOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: FrontOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.#lead(socket));
  }

  static async open(options: FrontOptions): Promise<Front> {
    const front = new Front(options);
    const { host, port } = splitAddress(options.address);
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', reject).listen({ host, port }, resolve);
    });
    return front;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #lead(outside: Socket): void {
    const { behind, links } = this.#options;
    const inside = createConnection({ ...splitAddress(behind), noDelay: true });
    for (const socket of [outside, inside]) this.#keep(socket);
    const inward = new OneWay(outside, inside, links);
    const outward = new OneWay(inside, outside, links);
    const reader = new CallerReader();
    let isKnown = false;
    outside.on('data', (bytes: Buffer) => {
      const caller = isKnown ? undefined : reader.read(bytes);
      if (caller !== undefined) {
        isKnown = true;
        const { name } = this.#options;
        const from = this.#nameOf(caller);
        inward.direction = [from, name];
        outward.direction = [name, from];
      }
      inward.push(bytes);
    });
    inside.on('data', (bytes: Buffer) => outward.push(bytes));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // What failed is told to the other side by `close`, which follows.
    socket.on('error', () => undefined);
  }

  #nameOf(caller: Caller): string {
    return caller.type === 'client' ? clients : this.#options.nameOf(caller.id);
  }
}

function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
