/** Puts a node together: the one place that says `new`. What it hands to the member is all that the member can reach. */
import {
  ClusterNode,
  type ClusterNodeOptions,
  defaultOptions,
  type Log,
  type MemberConfig,
  RecurringFaults,
  type TopologyConfig,
} from '@kv/cluster-node';
import { NodeFileSystem, openManifestFile, WorkerJobs, ZstdCodec } from '@kv/lsm-storage';
import { type Config, ConfigError } from './config.ts';
import { FrameServer } from './connections/frame-server.ts';
import { helloFrame } from './connections/hello-frame.ts';
import { PeerLinks } from './connections/peer-links.ts';
import { createHttpApp } from './http/app.ts';
import { HttpServer } from './http/http-server.ts';
import { Problem } from './http/problem-details.ts';
import { checkedListenAddress, type ListenAddress } from './listen-address.ts';
import { whenReady } from './readiness.ts';
import { StartError } from './start-error.ts';
import { systemClock } from './system/clock.ts';
import { createLog } from './system/log.ts';
import { makeFolder } from './system/make-folder.ts';
import { systemRandom } from './system/random.ts';
import { systemTimers } from './system/timers.ts';
import { readTopologyFile } from './topology-file.ts';

const mebibyte = 1024 * 1024;
/** How late the end of a fault may be told. */
const faultTickMs = 5000;

export interface NodeEvents {
  /** The port is bound and the member has its identity on disk. */
  listening(): void;
  /** It serves, and has heard from the members that it can. */
  ready(): void;
  /** It must not go on. Called at most once. */
  fatal(error: Error): void;
}

export interface RunningNode {
  readonly log: Log;
  readonly member: ClusterNode;
  /** Stops accepting, lets what runs finish for a bounded time, closes the storage. Idempotent. */
  close(): Promise<void>;
}

/** How long requests under way may take once the node stops. */
const finishWithinMs = 2000;
/** How long last answers may take to leave. */
const flushWithinMs = 250;

/** @throws ConfigError, StartError, ClusterNodeError, StorageError: nothing is left running */
export async function startNode(config: Config, events: NodeEvents): Promise<RunningNode> {
  const file = readTopologyFile(config.topology);
  if (file.type === 'faulty') throw new ConfigError(file.faults);
  const { topology } = file;
  const self = memberNamed(config.node, topology, config.topology);
  const address = await checkedListenAddress(config.listen ?? self.address, config.allowAddress);
  const log = createLog({ level: config.logLevel, file: config.logFile, fields: { node: self.name } });
  if (!address.isLoopback) log.warn('listening-without-authentication', { host: address.host, port: address.port });
  const node = new Node(log, topology);
  try {
    await node.listen(address);
    await node.open(config, self, events);
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}

class Node implements RunningNode {
  readonly log: Log;
  readonly #topology: TopologyConfig;
  readonly #frames: FrameServer;
  readonly #links: PeerLinks;
  readonly #http: HttpServer;
  readonly #ticking: NodeJS.Timeout;
  #member: ClusterNode | undefined;
  #stopWaiting: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(log: Log, topology: TopologyConfig) {
    const names = new Map(topology.members.map(({ id, name }) => [id, name]));
    const nameOf = (id: string): string => names.get(id) ?? id;
    this.log = log;
    this.#topology = topology;
    this.#links = new PeerLinks({
      hello: () => helloFrame(this.member.hello('node')),
      checkHello: (theirs) => this.member.checkHello(theirs),
      linkLost: (member) => this.member.linkLost(member),
      nameOf,
      log,
    });
    const faults = new RecurringFaults({ clock: systemClock, log });
    this.#ticking = setInterval(() => faults.tick(), faultTickMs).unref();
    this.#frames = new FrameServer({
      member: () => this.#member,
      heard: (member) => this.#links.heard(member),
      faults,
    });
    const { maxValueBytes } = defaultOptions;
    const app = createHttpApp({
      member: () => this.#serving(),
      status: () => this.#member?.status(),
      connections: () => this.#frames.connections,
      nameOf,
      maxValueBytes,
      log,
    });
    this.#http = new HttpServer({
      app,
      log,
      upgrade: (incoming, socket, head) => this.#frames.upgrade(incoming, socket, head),
    });
  }

  get member(): ClusterNode {
    if (this.#member === undefined) throw new Error('the member is not open');
    return this.#member;
  }

  listen(address: ListenAddress): Promise<void> {
    const { server } = this.#http;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address)));
      server.listen({ host: address.host, port: address.port }, resolve);
    });
  }

  async open(config: Config, self: MemberConfig, events: NodeEvents): Promise<void> {
    makeFolder(config.data);
    const fileSystem = new NodeFileSystem(config.data);
    const ports = {
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      transport: this.#links,
      log: this.log,
      fileSystem,
      openManifest: async () => openManifestFile(config.data),
      jobs: new WorkerJobs({ directory: config.data, compression: 'zstd' }),
      codec: new ZstdCodec(),
      fatal: (error: Error) => events.fatal(error),
    };
    const options = optionsOf(config);
    const { create } = config;
    const member = await ClusterNode.open(ports, { topology: this.#topology, nodeId: self.id, create, options });
    this.#member = member;
    member.start();
    this.#frames.open();
    const { id, generation, address } = member.status();
    this.log.info('started', { id, generation, address });
    events.listening();
    this.#stopWaiting = whenReady(
      () => member.status(),
      systemTimers,
      () => {
        this.log.info('ready');
        events.ready();
      },
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopWaiting();
    clearInterval(this.#ticking);
    const { server } = this.#http;
    server.close();
    server.closeIdleConnections();
    this.#frames.refuse();
    await until(() => this.#http.requests === 0 && this.#frames.requests === 0, finishWithinMs);
    await this.#member?.close();
    this.#frames.close();
    this.#links.close();
    await until(() => this.#frames.connections === 0, flushWithinMs);
    server.closeAllConnections();
    this.log.info('stopped');
  }

  #serving(): ClusterNode {
    if (this.#member === undefined || this.#closing !== undefined) {
      throw new Problem('NOT_READY', 'this node is starting or stopping');
    }
    return this.#member;
  }
}

function optionsOf({ memoryBudget, requestBudget }: Config): Partial<ClusterNodeOptions> {
  const requestBytes = requestBudget * mebibyte;
  return { requestBytes, requestBytesPerClient: requestBytes / 2, storage: { memoryBudget: memoryBudget * mebibyte } };
}

function memberNamed(name: string, { members }: TopologyConfig, file: string): MemberConfig {
  const member = members.find((candidate) => candidate.name === name);
  if (member !== undefined) return member;
  const names = members.map((candidate) => candidate.name).join(', ');
  throw new StartError('UNKNOWN_MEMBER', `there is no member ${name} in ${file}; there is ${names}`);
}

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenAddress): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is taken by another program`,
    EADDRNOTAVAIL: `this machine has no address ${host}`,
    EACCES: `this user may not listen on port ${port}`,
  };
  const reason = reasons[error.code ?? ''] ?? `cannot listen on ${host}:${port}: ${error.message}`;
  return new StartError('ADDRESS_UNAVAILABLE', reason, { cause: error });
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
}
