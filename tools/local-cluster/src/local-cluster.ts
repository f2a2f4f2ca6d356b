/** A cluster of real nodes on this machine: one process each, on the loopback address, over one data folder. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inventCluster, type RememberedCluster, readCluster, writeCluster } from './cluster-file.ts';
import { fetchStatus, findDoubt, type MemberStatus } from './cluster-status.ts';
import type { CommandLines } from './command-lines.ts';
import { DataFolder } from './data-folder.ts';
import { LocalClusterError } from './errors.ts';
import { clusterLimits } from './limits.ts';
import { LocalNode, requireStopped } from './local-node.ts';
import type { NodeLaunch } from './node-process.ts';
import { findFreePorts, requireFreePorts } from './ports.ts';
import { claim, release } from './process-file.ts';
import { layOutTopology, readTopology, writeTopology } from './topology-file.ts';

export interface LocalClusterOptions {
  /** Within `clusterLimits`. Default: as many as the data folder remembers, or 3 in a new one. */
  readonly nodes?: number;
  /** Of node 1; the others follow. `'free'` takes a row of free ports. Default 7400. */
  readonly port?: number | 'free';
  /** The data folder; made if it does not exist. One cluster at a time runs over it. */
  readonly data: string;
  /** The node's main script. Default: the built `apps/node` of this workspace. */
  readonly program?: string;
  /** Receives one line for each thing that happened. */
  readonly log?: (line: string) => void;
  /**
   * Says for each node, once and before the first of them starts, what is put between it and its world. Default: nothing.
   * A node that is told to listen elsewhere (`KV_LISTEN`) is reached through whatever listens on its address.
   */
  readonly launch?: (node: LaunchedNode) => NodeLaunch | Promise<NodeLaunch>;
  /** Ends a start that is under way: what runs is stopped, and `start` rejects. */
  readonly signal?: AbortSignal;
}

/** A node that is about to be launched. */
export interface LaunchedNode {
  /** 1 for the first. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** `host:port`, where the others look for it. */
  readonly address: string;
  /** Absolute path of its own folder, which may not exist yet. */
  readonly folder: string;
}

const defaultNodes = 3;
const defaultPort = 7400;

export class LocalCluster implements AsyncDisposable {
  /** In the order of their numbers. */
  readonly nodes: readonly LocalNode[];
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly #folder: DataFolder;
  #stopped: Promise<void> | undefined;

  private constructor(folder: DataFolder, nodes: readonly LocalNode[]) {
    this.#folder = folder;
    this.nodes = nodes;
    this.data = folder.path;
  }

  /**
   * Starts every node and waits until each listens; `waitReady` waits until they see each other. On any failure
   * nothing is left running, and a `LocalClusterError` says in one line what to do.
   */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    checkOptions(options);
    const folder = new DataFolder(options.data, options);
    const program = findNodeProgram(options.program);
    folder.prepare();
    const claimed = claim(folder.lockFile);
    if (claimed.type === 'held') throw await inUse(folder, claimed.holder.process.pid, options.nodes);
    try {
      return await LocalCluster.#startClaimed(folder, program, options);
    } catch (error) {
      release(folder.lockFile, process.pid);
      throw error;
    }
  }

  static async #startClaimed(folder: DataFolder, program: string, options: LocalClusterOptions): Promise<LocalCluster> {
    const remembered = readCluster(folder);
    const settled = settleCluster(folder, remembered, options.nodes);
    const count = settled.members.length;
    await Promise.all(settled.members.map(({ name }) => requireStopped(folder, name)));
    const ports =
      options.port === 'free'
        ? await findFreePorts(count)
        : await requireFreePorts(options.port ?? defaultPort, count, folder.commands);
    // Nothing is remembered of a first start that was refused.
    if (remembered === undefined) writeCluster(folder, settled);
    const topology = layOutTopology(settled, ports);
    writeTopology(folder, topology);
    const nodes = await Promise.all(
      topology.members.map(async (member, index) => {
        const { id, name, address } = member;
        const launched = { number: index + 1, id, name, address, folder: folder.nodeFolder(name) };
        const launch = (await options.launch?.(launched)) ?? {};
        return new LocalNode({ number: index + 1, member, folder, program, launch });
      }),
    );
    const cluster = new LocalCluster(folder, nodes);
    options.signal?.throwIfAborted();
    await cluster.#startNodes(options);
    return cluster;
  }

  async #startNodes({ log, signal }: LocalClusterOptions): Promise<void> {
    const starts = this.nodes.map(async (node) => {
      await node.start();
      log?.(`${node.name} listens on ${node.address} (process ${node.pid})`);
    });
    // Every process must exist before it can be stopped, so the other starts are seen to their end first.
    const stop = async (): Promise<void> => {
      await this.#stopNodes();
      await Promise.allSettled(starts);
      await this.#stopNodes();
    };
    const abort = (): void => void stop();
    signal?.addEventListener('abort', abort);
    try {
      await Promise.all(starts);
      // What was aborted while the last node told that it listens is on its way down.
      signal?.throwIfAborted();
    } catch (error) {
      await stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Number 1 is the first. Throws `UNKNOWN_NODE`. */
  node(number: number): LocalNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw unknownNode(number, this.nodes.length);
    return node;
  }

  /**
   * Waits until every node sees every member alive, and answers the members as node 1 sees them. Throws
   * `NODE_FAILED` as soon as a node is not running, `NOT_READY` with the reason after `patienceMs`.
   */
  async waitReady(patienceMs = 60_000): Promise<readonly MemberStatus[]> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const stopped = this.nodes.find((node) => !node.running);
      if (stopped !== undefined) throw new LocalClusterError('NODE_FAILED', `${stopped.name} is not running`);
      const statuses = new Map(
        await Promise.all(this.nodes.map(async ({ id, address }) => [id, await fetchStatus(address)] as const)),
      );
      const doubt = findDoubt(this.nodes, statuses);
      if (doubt === undefined) return statuses.get(this.node(1).id) ?? [];
      if (performance.now() > deadline) {
        throw new LocalClusterError(
          'NOT_READY',
          `after ${Math.round(patienceMs / 1000)} s not every node sees the others: ${doubt} (logs: ${this.data})`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The commands that work on this cluster, as it was asked for: for hints. */
  get commands(): CommandLines {
    return this.#folder.commands;
  }

  /** Ends every node cleanly, by force where that takes more than 10 s, and gives the data folder free. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopNodes().finally(() => release(this.#folder.lockFile, process.pid));
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stopNodes(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/**
 * One node of the cluster that lives in a data folder, to be started beside or instead of the process that ran it,
 * at the address of the cluster's latest start. Throws `UNKNOWN_NODE`.
 */
export function openLocalNode(options: { data: string; number: number; program?: string }): LocalNode {
  const folder = new DataFolder(options.data);
  const cluster = readCluster(folder);
  if (cluster === undefined) {
    throw new LocalClusterError(
      'UNKNOWN_NODE',
      `${folder.path} holds no cluster yet: start one with ${folder.commands.start()}`,
    );
  }
  const member = readTopology(folder).members[options.number - 1];
  if (member === undefined) throw unknownNode(options.number, cluster.members.length);
  const program = findNodeProgram(options.program);
  return new LocalNode({ number: options.number, member, folder, program, launch: {} });
}

function checkOptions({ nodes, port }: LocalClusterOptions): void {
  for (const [name, value] of Object.entries({ nodes, port })) {
    const { from, to } = clusterLimits[name as keyof typeof clusterLimits];
    if (typeof value !== 'number' || (Number.isInteger(value) && value >= from && value <= to)) continue;
    throw new LocalClusterError('INVALID_OPTION', `${name} must be a whole number from ${from} to ${to}, got ${value}`);
  }
}

/** The cluster to start: the one of the folder, or at the first start a new one. */
function settleCluster(
  folder: DataFolder,
  remembered: RememberedCluster | undefined,
  nodes: number | undefined,
): RememberedCluster {
  if (remembered === undefined) return inventCluster(nodes ?? defaultNodes);
  const count = remembered.members.length;
  if (nodes === undefined || nodes === count) return remembered;
  throw new LocalClusterError(
    'NODES_DIFFER',
    `${folder.path} holds a cluster of ${count} nodes, which cannot become ${nodes} yet: leave --nodes out ` +
      `(${folder.commands.start({ nodes: undefined })}), or choose another folder: ${folder.commands.startElsewhere()}`,
  );
}

function findNodeProgram(program: string | undefined): string {
  const path = program ?? fileURLToPath(new URL('../../../apps/node/dist/main.js', import.meta.url));
  if (existsSync(path)) return path;
  throw new LocalClusterError(
    'PROGRAM_MISSING',
    `the node program ${path} does not exist: build it with npx nx build node`,
  );
}

async function inUse(folder: DataFolder, pid: number, nodes = defaultNodes): Promise<LocalClusterError> {
  const [port] = await findFreePorts(nodes);
  return new LocalClusterError(
    'DATA_IN_USE',
    `${folder.path} is in use by a running cluster (process ${pid}): stop that one, or choose another folder and ` +
      `other ports: ${folder.commands.startElsewhere({ port })}`,
  );
}

function unknownNode(number: number, count: number): LocalClusterError {
  return new LocalClusterError(
    'UNKNOWN_NODE',
    `there is no node ${number}: the cluster has ${count === 1 ? 'only node 1' : `nodes 1 to ${count}`}`,
  );
}
