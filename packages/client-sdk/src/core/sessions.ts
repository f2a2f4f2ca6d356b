/** The sessions of a client, one to each node that it talks to, and which nodes it had better not talk to now. */
import type { FrameHeader, Hello } from '@kv/wire';
import type { ClientPorts } from './ports.ts';
import { Session } from './session.ts';

export interface SessionsHandlers {
  hello(): Hello;
  checkHello(theirs: Hello): void;
  heard(header: FrameHeader): void;
  /** A node could not be reached, or was lost: what is known of the cluster may be out of date. */
  lost(): void;
}

/** How long a node that was lost is asked last: it may be back soon. */
const avoidLostForMs = 1000;
/** How long a node that is silent is asked last, unless it says something: each try at it costs a caller's patience. */
const avoidSilentForMs = 5000;

export class Sessions {
  readonly #ports: ClientPorts;
  readonly #handlers: SessionsHandlers;
  readonly #sessions = new Map<string, Session>();
  readonly #avoidUntil = new Map<string, number>();
  #closed = false;

  constructor(ports: ClientPorts, handlers: SessionsHandlers) {
    this.#ports = ports;
    this.#handlers = handlers;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Undefined once the client was closed. */
  with(address: string): Session | undefined {
    if (this.#closed) return undefined;
    const known = this.#sessions.get(address);
    if (known?.isStuck === true) known.close('the node owes it too many answers');
    else if (known !== undefined) return known;
    const session = new Session(this.#ports, address, {
      hello: () => this.#handlers.hello(),
      checkHello: (theirs) => this.#handlers.checkHello(theirs),
      heard: (header) => {
        this.#avoidUntil.delete(address);
        this.#handlers.heard(header);
      },
      closed: () => this.#lost(session),
    });
    this.#sessions.set(address, session);
    return session;
  }

  /** An open session, if there is one. */
  anyOpen(): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.isOpen && !session.isStuck);
  }

  /** The same addresses, those of nodes that were lost or silent lately behind the others. */
  bestFirst(addresses: readonly string[]): readonly string[] {
    if (this.#avoidUntil.size === 0) return addresses;
    const now = this.#ports.clock.monotonicMs();
    const isAvoided = (address: string): boolean => (this.#avoidUntil.get(address) ?? 0) > now;
    return [...addresses.filter((address) => !isAvoided(address)), ...addresses.filter(isAvoided)];
  }

  foundSilent(address: string): void {
    this.#avoid(address, avoidSilentForMs);
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.close();
  }

  #lost(session: Session): void {
    this.#sessions.delete(session.address);
    if (this.#closed) return;
    this.#avoid(session.address, avoidLostForMs);
    this.#handlers.lost();
  }

  #avoid(address: string, forMs: number): void {
    this.#avoidUntil.set(address, this.#ports.clock.monotonicMs() + forMs);
  }
}
