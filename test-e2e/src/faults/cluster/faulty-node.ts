/** A member with all that can be done to it: its process, its clock, its disk. */
import type { LocalNode } from '@kv/local-cluster';
import type { FakedClock } from './faked-clock.ts';
import type { SmallDisk } from './small-disk.ts';

export interface FaultyNodeParts {
  /** `host:port` where it really listens. */
  readonly behind: string;
  readonly clock: FakedClock | undefined;
  readonly disk: SmallDisk | undefined;
}

const patienceMs = 1000;

export class FaultyNode {
  readonly node: LocalNode;
  readonly clock: FakedClock | undefined;
  readonly disk: SmallDisk | undefined;
  readonly #behind: string;
  readonly #deaths: string[] = [];
  #killing = false;

  /** @param node runs already */
  constructor(node: LocalNode, { behind, clock, disk }: FaultyNodeParts) {
    this.node = node;
    this.clock = clock;
    this.disk = disk;
    this.#behind = behind;
    this.#watch();
  }

  get name(): string {
    return this.node.name;
  }

  /** How its processes ended that nobody killed. */
  get deaths(): readonly string[] {
    return this.#deaths;
  }

  async kill(): Promise<void> {
    this.#killing = true;
    this.node.kill('SIGKILL');
    await this.node.exited;
    this.#killing = false;
  }

  async start(): Promise<void> {
    await this.node.start();
    this.#watch();
  }

  /**
   * What the process answers when it is asked directly, whatever became of the network; undefined if it does not.
   * @param path such as `/livez`
   */
  async ask(path: string): Promise<Response | undefined> {
    try {
      return await fetch(`http://${this.#behind}${path}`, {
        signal: AbortSignal.timeout(patienceMs),
        headers: { connection: 'close' },
      });
    } catch {
      return undefined;
    }
  }

  #watch(): void {
    void this.node.exited.then((exit) => {
      if (this.#killing || (exit.how === 'exit' && exit.code === 0)) return;
      const how = exit.how === 'exit' ? `code ${exit.code}` : exit.signal;
      this.#deaths.push(`${this.name} ended with ${how}: ${exit.message ?? 'it said nothing'}`);
    });
  }
}
