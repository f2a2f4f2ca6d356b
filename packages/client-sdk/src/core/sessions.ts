/** The sessions of a client, one to each node that it talks to, and which nodes it had better not talk to now. */
import type { FrameHeader, Hello } from '@kv/wire';
import type { ClientPorts } from './ports.ts';
import { Session } from './session.ts';

export interface SessionsHandlers {
  hello(): Hello;
  checkHello(theirs: Hello): void;
  heard(header: FrameHeader): void;
  /** A node could not be reached, or was lost: what is known of the cluster may be out of date. */
  lost(address: string): void;
}

/** How long a node that was lost is asked last. */
const avoidForMs = 1000;

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

  /** Undefined once the client was closed. */
  with(address: string): Session | undefined {
    if (this.#closed) return undefined;
    const known = this.#sessions.get(address);
    if (known !== undefined) return known;
    const session = new Session(this.#ports, address, {
      hello: () => this.#handlers.hello(),
      checkHello: (theirs) => this.#handlers.checkHello(theirs),
      heard: (header) => this.#handlers.heard(header),
      closed: () => this.#lost(session),
    });
    this.#sessions.set(address, session);
    return session;
  }

  /** An open session, if there is one. */
  anyOpen(): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.isOpen);
  }

  /** The same addresses, those that were lost lately behind the others. */
  bestFirst(addresses: readonly string[]): string[] {
    const now = this.#ports.clock.monotonicMs();
    const isAvoided = (address: string): boolean => (this.#avoidUntil.get(address) ?? 0) > now;
    return [...addresses.filter((address) => !isAvoided(address)), ...addresses.filter(isAvoided)];
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.close();
  }

  #lost(session: Session): void {
    this.#sessions.delete(session.address);
    if (this.#closed) return;
    this.#avoidUntil.set(session.address, this.#ports.clock.monotonicMs() + avoidForMs);
    this.#handlers.lost(session.address);
  }
}
