/** Real members in one process, over memory: frames travel at once or not at all, and time moves when a test says so. */
import { CrashableFileSystem } from '@kv/lsm-storage/contract';
import { inlineJobs, noCodec, StorageEngine } from '@kv/lsm-storage/core';
import { decodeFrame, type Message } from '@kv/wire';
import { ClusterNode } from '../cluster-node.ts';
import type { RequestError } from '../errors.ts';
import type { ClusterNodeOptions } from '../options.ts';
import type { ClusterNodePorts } from '../ports.ts';
import type {
  ChangeRequest,
  ChangeResult,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  PutResult,
} from '../requests.ts';
import type { ScanRequest, ScanResult } from '../scan/scan-request.ts';
import type { KeyspaceSettings, NamedKeyspace } from '../topology/keyspace-settings.ts';
import type { TopologyConfig } from '../topology/topology-config.ts';
import { MemoryManifest } from './memory-manifest.ts';
import { VirtualTime } from './virtual-time.ts';

export interface TestClusterSettings {
  /** Lets promises of the storage settle: one turn of the event loop. */
  readonly turn: () => Promise<void>;
  readonly members?: number;
  readonly options?: Partial<ClusterNodeOptions>;
  /** Beside `default`, of three replicas if there are as many members: ids 2, 3, … in this order. */
  readonly keyspaces?: readonly NamedKeyspace[];
  /** Of `default`. */
  readonly defaultKeyspace?: KeyspaceSettings;
}

/** One member: its disk survives its lives. */
export interface TestMember {
  readonly id: string;
  disk: CrashableFileSystem;
  manifest: MemoryManifest;
  node: ClusterNode | undefined;
  /** Milliseconds by which its wall clock is ahead of the time. */
  clockAheadMs: number;
  /** Gets the member's frames instead of it, and who sent them. */
  intercept: ((frame: Uint8Array, from: string) => void) | undefined;
  /** Bytes that seem to wait to be sent to a member. */
  readonly queuedBytes: Map<string, number>;
  /** The events of its log. */
  readonly logged: string[];
  /** Those of them that were warnings or errors. */
  readonly warned: string[];
  /** Why the member stopped by itself. */
  fatal: Error | undefined;
}

const textEncoder = new TextEncoder();

export class TestCluster {
  readonly time = new VirtualTime();
  readonly members: readonly TestMember[];
  readonly topology: TopologyConfig;
  readonly #settings: TestClusterSettings;
  readonly #cut = new Set<string>();
  readonly #taps: ((message: Message) => void)[] = [];
  #random = 1;

  constructor(settings: TestClusterSettings) {
    this.#settings = settings;
    const numbers = Array.from({ length: settings.members ?? 3 }, (_, index) => index + 1);
    this.members = numbers.map((n) => ({
      id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      disk: new CrashableFileSystem(),
      manifest: new MemoryManifest(),
      node: undefined,
      clockAheadMs: 0,
      intercept: undefined,
      queuedBytes: new Map(),
      logged: [],
      warned: [],
      fatal: undefined,
    }));
    this.topology = {
      clusterId: '00000000-0000-4000-8000-000000000000',
      partitions: 64,
      members: this.members.map(({ id }, index) => ({ id, name: `node-${index + 1}`, address: `memory:${index + 1}` })),
      keyspaces: [
        { id: 1, name: 'default', replicas: Math.min(3, numbers.length), ...settings.defaultKeyspace },
        ...(settings.keyspaces ?? []).map((keyspace, index) => ({ id: index + 2, ...keyspace })),
      ],
    };
  }

  static async start(settings: TestClusterSettings): Promise<TestCluster> {
    const cluster = new TestCluster(settings);
    for (const member of cluster.members) await cluster.open(member, { create: true });
    for (const { node } of cluster.members) node?.start();
    await cluster.settle();
    return cluster;
  }

  /** Opens the member's folder; it does nothing before `start`. */
  async open(member: TestMember, { create = false, nodeId = member.id } = {}): Promise<ClusterNode> {
    member.fatal = undefined;
    member.node = await ClusterNode.open(this.#portsOf(member), {
      topology: this.topology,
      nodeId,
      create,
      options: this.#settings.options,
    });
    return member.node;
  }

  /** No frame passes between the two, in either direction; who sends one is told that the link is lost. */
  cut(a: TestMember, b: TestMember): void {
    this.#cut.add(link(a.id, b.id)).add(link(b.id, a.id));
  }

  /** Frames pass between the two again. */
  join(a: TestMember, b: TestMember): void {
    this.#cut.delete(link(a.id, b.id));
    this.#cut.delete(link(b.id, a.id));
  }

  /** Calls back with every message that members send each other from here on. */
  tap(listener: (message: Message) => void): void {
    this.#taps.push(listener);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** The member's process ends at once: what was synced survives, and the others find its links lost. */
  async kill(member: TestMember): Promise<void> {
    for (const other of this.members) if (other !== member) this.cut(member, other);
    await member.node?.close();
    member.node = undefined;
  }

  /** It starts again on what it had, with its links. */
  async restart(member: TestMember): Promise<void> {
    for (const other of this.members) this.join(member, other);
    (await this.open(member)).start();
    await this.settle();
  }

  /** The owners of a key of the default keyspace, and who owns nothing of it, each in the order of its preference list. */
  placesOf(key: string): { owners: TestMember[]; others: TestMember[] } {
    const topology = this.members.map(({ node }) => node).find((node) => node !== undefined)?.topology;
    const keyspace = topology?.keyspace('default');
    if (topology === undefined || keyspace === undefined) throw new Error('no member is open');
    const partition = topology.partitionOf(textEncoder.encode(key));
    const membersOf = (ids: readonly string[]) => ids.flatMap((id) => this.#member(id) ?? []);
    return {
      owners: membersOf(topology.owners(keyspace, partition)),
      others: membersOf(topology.fallbacks(keyspace, partition)),
    };
  }

  /** Moves time in steps, letting storage and frames settle in each. */
  async elapse(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.time.advance(50);
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await this.#settings.turn();
  }

  /** Stops the member and has its storage give back the room of all that is expired at a time; it starts again. */
  async dropExpired(member: TestMember, atMs: number): Promise<void> {
    await member.node?.close();
    const { disk: fileSystem, manifest } = member;
    const clock = { now: () => atMs, pause: () => this.#settings.turn() };
    const engine = await StorageEngine.open({ fileSystem, manifest, jobs: inlineJobs, codec: noCodec, clock });
    await engine.compact();
    await engine.close();
    (await this.open(member)).start();
    await this.elapse(500);
  }

  async put(at: TestMember, key: string, text: string, more: Partial<PutRequest> = {}): Promise<PutResult> {
    const request = { ...requestFor(key), value: textEncoder.encode(text), contentType: 'text/plain', ...more };
    return this.#until((done, refused) => running(at).put(request, done, refused));
  }

  async delete(at: TestMember, key: string, more: Partial<DeleteRequest> = {}): Promise<PutResult> {
    return this.#until((done, refused) => running(at).delete({ ...requestFor(key), ...more }, done, refused));
  }

  /** In the keyspace `strong`, unless told otherwise: puts the text, or deletes without one. */
  async change(
    at: TestMember,
    key: string,
    text: string | undefined,
    more: Partial<ChangeRequest> = {},
  ): Promise<ChangeResult> {
    return this.#until((done, refused) => running(at).change({ ...changeFor(key, text), ...more }, done, refused));
  }

  async get(at: TestMember, key: string, more: Partial<GetRequest> = {}): Promise<GetResult> {
    return this.#until((done, refused) => running(at).get({ ...requestFor(key), ...more }, done, refused));
  }

  async scan(at: TestMember, request: Partial<ScanRequest> = {}): Promise<ScanResult> {
    return this.#until((done) => running(at).scan({ keyspace: 'default', ...request }, done));
  }

  async close(): Promise<void> {
    for (const { node } of this.members) await node?.close();
  }

  /** Time moves until the answer is there: an operation that never answers fails here. */
  async #until<T>(ask: (done: (result: T) => void, refused: (error: RequestError) => void) => void): Promise<T> {
    const answers: T[] = [];
    let refusal: RequestError | undefined;
    ask(
      (result) => answers.push(result),
      (error) => (refusal = error),
    );
    for (let steps = 0; answers.length === 0 && refusal === undefined && steps < 400; steps += 1) {
      await this.elapse(50);
    }
    if (refusal !== undefined) throw refusal;
    const [answer] = answers;
    if (answers.length !== 1 || answer === undefined) throw new Error(`needed one answer, got ${answers.length}`);
    return answer;
  }

  #portsOf(member: TestMember): ClusterNodePorts {
    const log = (event: string): void => void member.logged.push(event);
    const warn = (event: string): void => {
      log(event);
      member.warned.push(event);
    };
    return {
      clock: { wallMs: () => this.time.wallMs() + member.clockAheadMs, monotonicMs: () => this.time.monotonicMs() },
      timers: this.time,
      random: { next: () => this.#nextRandom() },
      transport: {
        send: (to, _, frame) => this.#deliver(member.id, to, frame),
        queuedBytes: (to) => member.queuedBytes.get(to) ?? 0,
      },
      log: { info: log, warn, error: warn },
      fileSystem: member.disk,
      openManifest: async () => member.manifest,
      jobs: inlineJobs,
      codec: noCodec,
      fatal: (error) => (member.fatal = error),
    };
  }

  #deliver(from: string, to: string, frame: Uint8Array): void {
    const [sender, receiver] = [this.#member(from), this.#member(to)];
    const isCut = this.#cut.has(link(from, to));
    if (this.#taps.length > 0) for (const tap of this.#taps) tap(decodeFrame(frame).message);
    this.time.set(0, () => {
      if (isCut) sender?.node?.linkLost(to);
      else if (receiver?.intercept !== undefined) receiver.intercept(asFromSocket(frame), from);
      else receiver?.node?.receive(from, asFromSocket(frame));
    });
  }

  #member(id: string): TestMember | undefined {
    return this.members.find((member) => member.id === id);
  }

  #nextRandom(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}

function running({ node }: TestMember): ClusterNode {
  if (node === undefined) throw new Error('the member was never opened');
  return node;
}

function requestFor(key: string): { keyspace: string; key: Uint8Array } {
  return { keyspace: 'default', key: textEncoder.encode(key) };
}

function changeFor(key: string, text: string | undefined): ChangeRequest {
  const to =
    text === undefined
      ? ({ type: 'delete' } as const)
      : ({ type: 'put', value: textEncoder.encode(text), contentType: 'text/plain' } as const);
  return { ...requestFor(key), keyspace: 'strong', to };
}

/** A copy as a socket gives it: a `Buffer`, whose `slice` is a view, within memory that holds other bytes too. */
function asFromSocket(frame: Uint8Array): Uint8Array {
  const memory = Buffer.alloc(frame.length + 32, 0xa5);
  memory.set(frame, 24);
  return memory.subarray(24, 24 + frame.length);
}

function link(from: string, to: string): string {
  return `${from}>${to}`;
}
