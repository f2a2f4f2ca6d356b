/** A cluster of real nodes in this process: real sockets on free loopback ports, real files in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TopologyConfig } from '@kv/cluster-node';
import { type RunningNode, startNode } from '../compose.ts';
import type { Config } from '../config.ts';

export interface TestClusterOptions {
  readonly nodes?: number;
  readonly replicas?: number;
  /** MiB. Default 64. */
  readonly requestBudget?: number;
  /** Beside `default`. */
  readonly keyspaces?: TopologyConfig['keyspaces'];
  /** Addresses of further members, which never start. */
  readonly absent?: readonly string[];
}

export class TestCluster {
  readonly topology: TopologyConfig;
  readonly folder: string;
  readonly ports: readonly number[];
  readonly #requestBudget: number;
  readonly #running = new Map<number, RunningNode>();

  private constructor(
    folder: string,
    ports: readonly number[],
    { replicas, keyspaces = [], absent = [], requestBudget = 64 }: TestClusterOptions,
  ) {
    this.#requestBudget = requestBudget;
    this.folder = folder;
    this.ports = ports;
    const addresses = [...ports.map((port) => `127.0.0.1:${port}`), ...absent];
    this.topology = {
      clusterId: '11111111-1111-4111-8111-111111111111',
      partitions: 64,
      members: addresses.map((address, index) => ({ id: memberId(index), name: `node-${index + 1}`, address })),
      keyspaces: [{ id: 1, name: 'default', replicas: replicas ?? Math.min(3, addresses.length) }, ...keyspaces],
    };
    writeFileSync(this.topologyFile, JSON.stringify(this.topology));
  }

  /** Started, and ready as far as the present members can be. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'kv-node-'));
    const cluster = new TestCluster(folder, await freePorts(options.nodes ?? 3), options);
    const numbers = cluster.ports.map((_, index) => index);
    const isWhole = (options.absent ?? []).length === 0;
    await Promise.all(numbers.map((index) => cluster.startNode(index, { create: true, whole: isWhole })));
    return cluster;
  }

  get topologyFile(): string {
    return join(this.folder, 'topology.json');
  }

  config(index: number, create = false): Config {
    return {
      topology: this.topologyFile,
      node: `node-${index + 1}`,
      data: join(this.folder, `node-${index + 1}`),
      create,
      allowAddress: [],
      memoryBudget: 16,
      requestBudget: this.#requestBudget,
      logLevel: 'silent',
    };
  }

  /** @param whole wait until it is ready, not only until it serves */
  async startNode(index: number, { create = false, whole = true } = {}): Promise<RunningNode> {
    const ready = deferred();
    const node = await startNode(this.config(index, create), {
      listening: () => undefined,
      ready: () => ready.resolve(),
      fatal: (error) => ready.reject(error),
    });
    this.#running.set(index, node);
    if (whole) await ready.promise;
    else await eventually(() => node.member.ready);
    return node;
  }

  node(index: number): RunningNode {
    const node = this.#running.get(index);
    if (node === undefined) throw new Error(`node ${index} does not run`);
    return node;
  }

  async stopNode(index: number): Promise<void> {
    const node = this.node(index);
    this.#running.delete(index);
    await node.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((node) => node.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function memberId(index: number): string {
  return `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Waits for a condition that something else brings about; fails after ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`it did not happen within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
