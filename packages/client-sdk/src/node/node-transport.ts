/** Connections of frames by `node:net`: an HTTP request that asks for the upgrade, then the raw socket. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import type { Link, LinkHandlers, Transport } from '../core/index.ts';
import { splitAddress } from '../core/index.ts';

const keepAliveMs = 15_000;

export const nodeTransport: Transport = {
  open: (address, handlers) => new NodeLink(address, handlers),
};

class NodeLink implements Link {
  readonly #handlers: LinkHandlers;
  readonly #abort: () => void;
  #socket: Duplex | undefined;
  #corked = false;
  #closed = false;

  constructor(address: string, handlers: LinkHandlers) {
    this.#handlers = handlers;
    const headers = { connection: 'Upgrade', upgrade: 'kv/1' };
    const upgrade = request({ ...splitAddress(address), agent: false, headers });
    upgrade.on('upgrade', (_response, socket, head) => this.#open(socket, head));
    upgrade.on('response', (response) => {
      upgrade.destroy();
      this.#lose(`answered ${response.statusCode}, not a connection of frames`);
    });
    upgrade.on('error', (error: NodeJS.ErrnoException) => this.#lose(reasonOf(error)));
    upgrade.end();
    this.#abort = () => upgrade.destroy();
  }

  /** What is sent during one turn of the event loop leaves in one write. */
  send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || this.#closed) return;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      setImmediate(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(frame);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#socket === undefined) this.#abort();
    else this.#socket.end();
  }

  #open(socket: Duplex, head: Buffer): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    if (socket instanceof Socket) socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    if (head.length > 0) socket.unshift(head);
    socket.on('data', (chunk: Buffer) => {
      if (!this.#closed) this.#handlers.received(chunk);
    });
    socket.on('error', (error) => this.#lose(reasonOf(error)));
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#lose('the node closed the connection'));
    this.#handlers.opened();
  }

  #lose(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.destroy();
    this.#handlers.closed(reason);
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection reset';
    case 'ENOTFOUND':
      return 'no such host';
    default:
      return error.message;
  }
}
