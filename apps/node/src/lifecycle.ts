/**
 * From the start of the process to its end: configuration, start, signals, and what whoever started it is told. A node
 * that was started with an IPC channel stops when that channel closes, so that it never outlives its starter.
 */
import { startNode, type RunningNode } from './compose.ts';
import { type Config, helpText, readConfig } from './config.ts';

/** What a starter hears over IPC. */
export type ProcessMessage =
  | { readonly type: 'listening' }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

/** A clean stop that takes longer is cut short. */
const stopWithinMs = 4500;
/** How long a failing process may take to tell its starter why. */
const tellWithinMs = 500;

type Host = Pick<NodeJS.Process, 'argv' | 'env' | 'on' | 'send' | 'exit' | 'stdout' | 'stderr'>;

export function runProcess(host: Host): void {
  const lifecycle = new Lifecycle(host);
  lifecycle.start().catch((error: unknown) => lifecycle.fail(error));
}

class Lifecycle {
  readonly #host: Host;
  #who = 'node';
  #node: RunningNode | undefined;
  #stopping = false;

  constructor(host: Host) {
    this.#host = host;
  }

  async start(): Promise<void> {
    const config = readConfig(this.#host.argv.slice(2), this.#host.env);
    if (config === 'help') {
      this.#host.stdout.write(`${helpText()}\n`);
      return;
    }
    this.#who = config.node;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) this.#host.on(signal, () => this.#stop(signal));
    this.#host.on('disconnect', () => {
      if (!this.#stopping) this.#stop('disconnect');
    });
    this.#host.on('uncaughtException', (error) => this.fail(error));
    this.#host.on('unhandledRejection', (error) => this.fail(error));
    await this.#run(config);
  }

  /** Says in one line why, to people and to the starter, and exits. */
  fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${this.#who}: ${reason.replaceAll(/\s*\n\s*/g, ' ')}`;
    this.#node?.log.error('failed', { error });
    this.#host.stderr.write(`${message}\n`);
    this.#tell({ type: 'failed', message }, () => this.#host.exit(1));
    setTimeout(() => this.#host.exit(1), tellWithinMs);
  }

  async #run(config: Config): Promise<void> {
    this.#node = await startNode(config, {
      listening: () => this.#tell({ type: 'listening' }),
      ready: () => this.#tell({ type: 'ready' }),
      fatal: (error) => this.fail(error),
    });
  }

  /** The first call stops cleanly; a second signal, or too long a stop, exits at once. */
  #stop(reason: string): void {
    const node = this.#node;
    if (this.#stopping || node === undefined) {
      this.#host.exit(this.#stopping ? 1 : 0);
      return;
    }
    this.#stopping = true;
    node.log.info('stopping', { reason });
    setTimeout(() => this.#host.exit(1), stopWithinMs);
    node.close().then(
      () => this.#host.exit(0),
      (error: unknown) => this.fail(error),
    );
  }

  #tell(message: ProcessMessage, done: () => void = () => undefined): void {
    if (this.#host.send === undefined) done();
    else this.#host.send(message, undefined, undefined, () => done());
  }
}
