/** The `Transport` of a member: one outgoing link to each peer, made on first use. */
import type { Log, Transport } from '@kv/cluster-node';
import type { Hello } from '@kv/wire';
import { PeerLink, type PeerLinkHandlers } from './peer-link.ts';

export interface PeerLinksDependencies {
  hello(): Uint8Array;
  /** @throws when the hello is not that of a member of this cluster */
  checkHello(theirs: Hello): void;
  readonly linkLost: (member: string) => void;
  readonly log: Log;
  readonly nameOf: (id: string) => string;
}

export class PeerLinks implements Transport {
  readonly #dependencies: PeerLinksDependencies;
  readonly #now: () => number;
  readonly #links = new Map<string, PeerLink>();
  /** Members that the log was told about: an outage is one line, however many frames it costs. */
  readonly #lostMembers = new Set<string>();
  #closed = false;

  /** @param now monotonic milliseconds */
  constructor(dependencies: PeerLinksDependencies, now: () => number = () => performance.now()) {
    this.#dependencies = dependencies;
    this.#now = now;
  }

  send(to: string, address: string, frame: Uint8Array): void {
    if (!this.#closed) this.#linkTo(to, address).send(frame);
  }

  queuedBytes(to: string): number {
    return this.#links.get(to)?.queuedBytes ?? 0;
  }

  /** Something came from `member`: whatever was sent to it before seems to arrive. */
  heard(member: string): void {
    this.#links.get(member)?.heard();
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.close();
  }

  #linkTo(to: string, address: string): PeerLink {
    const known = this.#links.get(to);
    if (known?.address === address) return known;
    known?.close();
    const handlers: PeerLinkHandlers = {
      hello: () => this.#dependencies.hello(),
      checkHello: (theirs) => this.#checkHello(to, theirs),
      made: () => this.#made(to),
      lost: (reason) => this.#lost(to, reason),
    };
    const link = new PeerLink(address, handlers, this.#now);
    this.#links.set(to, link);
    return link;
  }

  #made(member: string): void {
    const { log, nameOf } = this.#dependencies;
    if (this.#lostMembers.delete(member)) log.info('link-made', { member: nameOf(member) });
  }

  #lost(member: string, reason: string): void {
    const { log, nameOf, linkLost } = this.#dependencies;
    if (!this.#lostMembers.has(member)) log.warn('link-lost', { member: nameOf(member), reason });
    this.#lostMembers.add(member);
    linkLost(member);
  }

  #checkHello(to: string, theirs: Hello): void {
    this.#dependencies.checkHello(theirs);
    if (theirs.role !== 'node' || theirs.nodeId !== to) {
      throw new Error(`expected member ${to}, got ${theirs.role} ${theirs.nodeId}`);
    }
  }
}
