/**
 * A client as the SDK is one: it sits at no node, stamps each write once from its own clock, which hears the stamp of
 * every reply, and tries again through another node with the same version. One operation at a time.
 */
import { HybridLogicalClock, type Version } from '@kv/quorum';
import { decodeFrame, encodeFrame, type Message, versionOfMeta } from '@kv/wire';
import type { Machine } from '../world/machine.ts';
import type { Endpoint } from '../world/network/endpoint.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { VirtualTimer, VirtualTimers } from '../world/timers.ts';
import type { World } from '../world/world.ts';
import { clientHello } from './client-hello.ts';
import { meaningOf, type OperationIntent, type OperationResult, type ReplyMeaning } from './client-operation.ts';
import { encodeHello, packFrame, unpackFrame } from './greeted-frame.ts';

export interface SimulatedClientConfig {
  /** Addresses of the nodes. */
  readonly nodes: readonly string[];
  /** Addresses of the owners of a key, as far as known. */
  readonly ownersOf: (keyspaceId: number, key: string) => readonly string[];
  readonly epoch: number;
  /** Milliseconds after which it tries another node. */
  readonly tryTimeoutMs: number;
  /** Milliseconds after which an operation ends, whatever is known of it. */
  readonly timeoutMs: number;
  readonly random: SeededRandom;
}

interface Running {
  readonly intent: OperationIntent;
  version: Version | undefined;
  readonly nodes: readonly string[];
  readonly done: (result: OperationResult) => void;
  tries: number;
  /** Node of each try that was not answered, by operation id. */
  readonly open: Map<number, string>;
  /** True once a try ended without a refusal: the write may have happened. */
  inDoubt: boolean;
  /** The node of the last try. */
  asked: string | undefined;
  /** The only node at which another try is the same write. */
  mayBeAt: string | undefined;
  coordinatorVersion: Version | undefined;
  deadline: VirtualTimer;
  retry: VirtualTimer | undefined;
}

export class SimulatedClient {
  readonly name: string;
  /** 16 bytes in hexadecimal: the actor of its versions. */
  readonly actor: string;
  readonly #world: World;
  readonly #machine: Machine;
  readonly #config: SimulatedClientConfig;
  readonly #clock = new HybridLogicalClock();
  readonly #timers: VirtualTimers;
  readonly #endpoint: Endpoint;
  readonly #hello: Uint8Array;
  #lastOperationId: number;
  #running: Running | undefined;

  constructor(world: World, machine: Machine, config: SimulatedClientConfig) {
    this.#world = world;
    this.#machine = machine;
    this.#config = config;
    this.name = machine.name;
    this.actor = config.random.hex(32);
    this.#lastOperationId = config.random.integer(1, 1_000_000);
    machine.start();
    this.#timers = machine.timers();
    this.#hello = encodeHello(clientHello(config.random));
    this.#endpoint = machine.listen(machine.name, {
      receive: (_from, packed) => this.#receive(unpackFrame(packed).frame),
      linkLost: (node) => this.#linkLost(node),
    });
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Begins an operation; the client must not be busy. Returns the version that it stamped a write with. */
  begin(intent: OperationIntent, done: (result: OperationResult) => void): Version | undefined {
    if (this.#running !== undefined) throw new TypeError(`${this.name} is busy`);
    const writes = intent.kind !== 'get';
    const version = writes && intent.stamped ? this.#stamp() : undefined;
    this.#running = {
      intent,
      version,
      nodes: this.#config.random.shuffled(this.#nodesFor(intent)),
      done,
      tries: 0,
      open: new Map(),
      inDoubt: false,
      asked: undefined,
      mayBeAt: undefined,
      coordinatorVersion: undefined,
      deadline: this.#timers.set(this.#config.timeoutMs, () => this.#giveUp()),
      retry: undefined,
    };
    this.#try(this.#running);
    return version;
  }

  /** As the SDK: a write into a set of siblings goes to an owner of the key, where tried again it is the same write. */
  #nodesFor({ keyspaceId, key, siblings, kind, stamped }: OperationIntent): readonly string[] {
    if (siblings === undefined || kind === 'get' || !stamped) return this.#config.nodes;
    const owners = this.#config.ownersOf(keyspaceId, key);
    return owners.length === 0 ? this.#config.nodes : owners;
  }

  #stamp(): Version {
    return { ...this.#clock.issue(this.#machine.wallClock.wallMs()), actor: this.actor };
  }

  #try(running: Running): void {
    const node = this.#nextNode(running);
    if (node === undefined) throw new TypeError('there are no nodes');
    running.tries += 1;
    this.#lastOperationId += 1;
    const operationId = this.#lastOperationId;
    running.open.set(operationId, node);
    running.asked = node;
    running.retry?.cancel();
    running.retry = this.#timers.set(this.#config.tryTimeoutMs, () => this.#tryFailed(running, 'in-doubt', 0));
    const header = {
      operationId,
      epoch: this.#config.epoch,
      keyspaceId: running.intent.keyspaceId,
      // A little less than the client waits, so that an answer at the deadline still arrives in time.
      deadlineMs: Math.ceil(this.#config.tryTimeoutMs * 0.8),
      stamp: this.#clock.latest,
    };
    const frame = encodeFrame(header, requestOf(running.intent, running.version));
    this.#world.network.send(this.#endpoint, node, packFrame(this.#hello, frame));
  }

  #nextNode({ nodes, tries, mayBeAt }: Running): string | undefined {
    return mayBeAt ?? nodes[tries % nodes.length];
  }

  #receive(bytes: Uint8Array): void {
    const { header, message } = decodeFrame(bytes);
    this.#clock.merge(header.stamp);
    const running = this.#running;
    if (running === undefined || !running.open.has(header.operationId)) return;
    running.open.delete(header.operationId);
    this.#answered(running, meaningOf(message, versionOfMeta));
  }

  #answered(running: Running, meaning: ReplyMeaning): void {
    if (meaning.type === 'ended') {
      this.#end(running, meaning.result);
      return;
    }
    if (meaning.type === 'in-doubt') running.coordinatorVersion = meaning.version;
    if (meaning.type === 'forgotten') this.#stampAnew(running);
    this.#tryFailed(running, meaning.type === 'in-doubt' ? 'in-doubt' : 'refused', this.#pauseMs());
  }

  /** Only if no other try can have been made: then it is the same write under another stamp. */
  #stampAnew(running: Running): void {
    if (!running.inDoubt && running.open.size === 0) running.version = this.#stamp();
  }

  #linkLost(node: string): void {
    const running = this.#running;
    if (running === undefined) return;
    const lost = [...running.open].filter(([, asked]) => asked === node).map(([operationId]) => operationId);
    for (const operationId of lost) running.open.delete(operationId);
    if (lost.length > 0) this.#tryFailed(running, 'in-doubt', this.#pauseMs());
  }

  /** A write that its coordinator stamps is another write when it is tried again, so it is not. */
  #tryFailed(running: Running, how: 'refused' | 'in-doubt', pauseMs: number): void {
    if (running !== this.#running) return;
    if (how === 'in-doubt') {
      running.inDoubt = true;
      if (running.intent.siblings !== undefined && running.intent.kind !== 'get') running.mayBeAt = running.asked;
    }
    const repeatable = running.intent.kind === 'get' || running.intent.stamped;
    if (!repeatable || running.tries >= 2 * running.nodes.length) {
      this.#giveUp();
      return;
    }
    running.retry?.cancel();
    running.retry = this.#timers.set(pauseMs, () => this.#try(running));
  }

  #pauseMs(): number {
    return this.#config.random.between(1, 100);
  }

  #giveUp(): void {
    const running = this.#running;
    if (running === undefined) return;
    const version = running.version ?? running.coordinatorVersion;
    if (running.intent.kind === 'get') this.#end(running, { outcome: 'failed', version: undefined });
    else this.#end(running, { outcome: running.inDoubt || running.open.size > 0 ? 'unknown' : 'rejected', version });
  }

  #end(running: Running, result: OperationResult): void {
    running.deadline.cancel();
    running.retry?.cancel();
    this.#running = undefined;
    running.done(result);
  }
}

function requestOf(intent: OperationIntent, version: Version | undefined): Message {
  const { kind, quorum, ttlMs, siblings, sloppy } = intent;
  const key = new TextEncoder().encode(intent.key);
  if (siblings !== undefined && quorum !== undefined) return besideOthers(intent, key, quorum, version);
  const asked = sloppy === undefined ? {} : { sloppy };
  if (kind === 'get') return { type: 'get', key, ...(quorum !== undefined && { r: quorum }), want: 'value', ...asked };
  if (quorum === undefined) return changeOf(intent, key, version);
  const common = { key, w: quorum, ...asked, ...(version !== undefined && { version }) };
  if (kind === 'delete') return { type: 'delete', ...common };
  return { type: 'put', ...common, ...plainValue(intent), ...(ttlMs !== undefined && { ttlMs }) };
}

/** In a strong keyspace. */
function changeOf(intent: OperationIntent, key: Uint8Array, operation: Version | undefined): Message {
  const { kind, condition = { type: 'none' } } = intent;
  const to = kind === 'delete' ? ({ type: 'delete' } as const) : ({ type: 'put', ...plainValue(intent) } as const);
  return { type: 'change', key, ...(operation !== undefined && { operation }), condition, to, wantCurrent: false };
}

function plainValue({ value = new Uint8Array(0) }: OperationIntent) {
  return { contentType: 'application/octet-stream', codec: 0, rawLength: value.length, value };
}

function besideOthers(
  { kind, value, siblings }: OperationIntent,
  key: Uint8Array,
  quorum: number,
  version: Version | undefined,
): Message {
  if (kind === 'get') return { type: 'get-siblings', key, r: quorum };
  const context = siblings?.context;
  const optional = { ...(version !== undefined && { version }), ...(context !== undefined && { context }) };
  if (kind === 'delete') return { type: 'put-sibling', key, w: quorum, ...optional };
  const bytes = value ?? new Uint8Array(0);
  const content = { contentType: 'application/octet-stream', codec: 0, rawLength: bytes.length, value: bytes };
  return { type: 'put-sibling', key, w: quorum, ...optional, content };
}
