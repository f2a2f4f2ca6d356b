/** The connections of stream links: each joins two endpoints, so it never outlives the incarnation of either end. */
import type { Endpoint } from './endpoint.ts';

export class Connection {
  readonly ends: readonly [Endpoint, Endpoint];
  broken = false;

  constructor(a: Endpoint, b: Endpoint) {
    this.ends = [a, b];
  }

  joins(a: Endpoint, b: Endpoint): boolean {
    return this.ends.includes(a) && this.ends.includes(b);
  }
}

export class Connections {
  readonly #byPair = new Map<string, Connection>();

  /** The connection that frames between two addresses use now, broken ones excluded. */
  between(a: string, b: string): Connection | undefined {
    const connection = this.#byPair.get(pairOf(a, b));
    return connection?.broken === false ? connection : undefined;
  }

  connect(a: Endpoint, b: Endpoint): Connection {
    const connection = new Connection(a, b);
    this.#byPair.set(pairOf(a.address, b.address), connection);
    return connection;
  }

  of(endpoint: Endpoint): Connection[] {
    return [...this.#byPair.values()].filter(({ broken, ends }) => !broken && ends.includes(endpoint));
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
