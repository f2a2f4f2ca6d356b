/** The network of a cluster whose every connection goes through a front of the member that it leads to. */
import { findFreePorts, type LaunchedNode } from '@kv/local-cluster';
import { Front } from './front.ts';
import { Links } from './links.ts';

export class FaultyNetwork implements AsyncDisposable {
  readonly links: Links = new Links();
  readonly #fronts: Front[] = [];
  readonly #names = new Map<string, string>();
  readonly #takenPorts = new Set<number>();

  /** Puts a front before a member that is about to start. Returns `host:port`, where the member has to listen. */
  async front({ id, name, address }: LaunchedNode): Promise<string> {
    this.#names.set(id, name);
    this.#takenPorts.add(Number(address.split(':')[1]));
    const behind = `127.0.0.1:${await this.#takePort()}`;
    const nameOf = (member: string): string => this.#names.get(member) ?? member;
    this.#fronts.push(await Front.open({ name, address, behind, links: this.links, nameOf }));
    return behind;
  }

  /** A port that nobody listens on, nor is about to. */
  async #takePort(): Promise<number> {
    for (;;) {
      const [port] = await findFreePorts(1);
      if (port === undefined || this.#takenPorts.has(port)) continue;
      this.#takenPorts.add(port);
      return port;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#fronts.map((front) => front[Symbol.asyncDispose]()));
  }
}
