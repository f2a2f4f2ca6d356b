/** The preference list of every partition of a ring, for one count of copies: computed once, then looked up. */
import { distinctClockwise, holdersOf, type Owners } from './clockwise-walk.ts';
import { RingError } from './errors.ts';
import type { Server } from './server.ts';
import type { SpreadRule } from './spread-rule.ts';

export class PreferenceLists {
  readonly #servers: readonly Server[];
  readonly #owners: Owners;
  readonly #lists: readonly (readonly Server[])[];

  constructor(servers: readonly Server[], owners: Owners, rule: SpreadRule) {
    this.#servers = servers;
    this.#owners = owners;
    this.#lists = Array.from({ length: owners.length }, (_, partition) =>
      Object.freeze(holdersOf(owners, partition, rule).map((index) => serverAt(servers, index))),
    );
  }

  /**
   * The servers that hold the partition, best first, frozen: the owner (unless its data centre holds no copies), then
   * clockwise, distinct, racks used evenly. Shorter than asked for where there are too few servers.
   */
  of(partition: number): readonly Server[] {
    const list = this.#lists[partition];
    if (list === undefined) {
      throw new RingError('OUT_OF_RANGE', `partition must be 0 to ${this.#lists.length - 1}, got ${partition}`);
    }
    return list;
  }

  /**
   * All other servers in the order of the walk: who stands in when one of the list is down. Computed while iterated.
   */
  *fallbacks(partition: number): Generator<Server, void, undefined> {
    const list = this.of(partition);
    for (const index of distinctClockwise(this.#owners, partition)) {
      const server = serverAt(this.#servers, index);
      if (!list.includes(server)) yield server;
    }
  }
}

/** The index comes from an owner table that was checked when its ring was made. */
export function serverAt(servers: readonly Server[], index: number): Server {
  const server = servers[index];
  if (server === undefined)
    throw new RingError('OUT_OF_RANGE', `server must be 0 to ${servers.length - 1}, got ${index}`);
  return server;
}
