/** A node of a local cluster: the same member across the processes that run it one after another. */
import { markCreated, readCluster } from './cluster-file.ts';
import type { DataFolder } from './data-folder.ts';
import { LocalClusterError } from './errors.ts';
import { describeExit, type NodeExit, type NodeLaunch, NodeProcess } from './node-process.ts';
import { awaitVacancy, readHolder, recordChild, release } from './process-file.ts';
import type { TopologyMember } from './topology-file.ts';

export interface LocalNodeOptions {
  /** 1 for the first. */
  readonly number: number;
  readonly member: TopologyMember;
  readonly folder: DataFolder;
  /** The node's main script. */
  readonly program: string;
  readonly launch: NodeLaunch;
}

export class LocalNode {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly #options: LocalNodeOptions;
  #process: NodeProcess | undefined;

  constructor(options: LocalNodeOptions) {
    this.number = options.number;
    this.id = options.member.id;
    this.name = options.member.name;
    this.address = options.member.address;
    this.#options = options;
  }

  /** Whether a process of ours runs it. */
  get running(): boolean {
    return this.#process?.running ?? false;
  }

  /**
   * The process that runs it now, whoever started it: `npm run node` in another terminal counts. Undefined when none
   * does.
   */
  get runningPid(): number | undefined {
    if (this.running) return this.#latest().pid;
    return readHolder(this.#options.folder.nodePidFile(this.name))?.process.pid;
  }

  /** Of our latest process, which may be gone. */
  get pid(): number {
    return this.#latest().pid;
  }

  /** The end of the latest process. After `restart` this is another promise. */
  get exited(): Promise<NodeExit> {
    return this.#latest().exited;
  }

  /** Settles when the node has found the members that it can reach; false if it ended before. */
  get ready(): Promise<boolean> {
    return this.#latest().ready;
  }

  /**
   * Starts a process and waits until it listens. Throws `NODE_RUNNING` when some process runs the node already, and
   * `NODE_FAILED`, with what the node said, when the process ends instead.
   */
  async start(): Promise<void> {
    const { folder, program, launch } = this.#options;
    await requireStopped(folder, this.name);
    const created = readCluster(folder)?.members.find(({ id }) => id === this.id)?.created ?? false;
    const running = new NodeProcess({
      program,
      topologyFile: folder.topologyFile,
      name: this.name,
      data: folder.nodeFolder(this.name),
      create: !created,
      logFile: folder.nodeLog(this.name),
      launch,
    });
    this.#process = running;
    recordChild(folder.nodePidFile(this.name), running.pid);
    void running.exited.then(() => release(folder.nodePidFile(this.name), running.pid));
    if (!(await running.listening)) throw await this.#failure(running);
    if (!created) markCreated(folder, this.id);
  }

  /** Starts the node again after its process ended, or ends it cleanly first; waits until it is ready. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
    const running = this.#latest();
    if (!(await running.ready)) throw await this.#failure(running);
  }

  /** Sends a signal, by default the one that no process can catch; `SIGSTOP` and `SIGCONT` pause and resume. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process?.kill(signal);
  }

  /** Ends the process cleanly, or by force after `patienceMs`; at once if there is none. */
  async stop(patienceMs = 10_000): Promise<void> {
    await this.#process?.stop(patienceMs);
  }

  #latest(): NodeProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process;
  }

  async #failure(ended: NodeProcess): Promise<LocalClusterError> {
    const log = this.#options.folder.nodeLog(this.name);
    const reason = describeExit(await ended.exited);
    return new LocalClusterError('NODE_FAILED', `${this.name} did not start: it ${reason} (its log: ${log})`);
  }
}

/** Throws `NODE_RUNNING` when a process runs the node; one whose launcher vanished gets the time to end first. */
export async function requireStopped(folder: DataFolder, name: string): Promise<void> {
  const holder = await awaitVacancy(folder.nodePidFile(name));
  if (holder === undefined) return;
  const { pid } = holder.process;
  throw new LocalClusterError(
    'NODE_RUNNING',
    `${name} is running already (process ${pid}): stop it first, for example: kill ${pid}`,
  );
}
