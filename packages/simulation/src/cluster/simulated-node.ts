/**
 * A real `ClusterNode` on a simulated machine: started, crashed, paused and restarted, with the machine's clock, disk
 * and network behind its ports.
 */
import {
  type ClientBudget,
  ClusterNode,
  type ClusterNodeOptions,
  type ClusterNodePorts,
  defaultStrategies,
  type Reply,
  type Strategies,
  type TopologyConfig,
} from '@kv/cluster-node';
import { openManifestImage } from '@kv/lsm-storage';
import type { Codec, FileSystem, Manifest } from '@kv/lsm-storage/core';
import { decodeFrame } from '@kv/wire';
import { type CrashLosses, type CrashOutcome, processCrash } from '../world/disk/crash.ts';
import type { Incarnation } from '../world/incarnation.ts';
import type { Machine } from '../world/machine.ts';
import type { Endpoint } from '../world/network/endpoint.ts';
import type { World } from '../world/world.ts';
import { Doorman } from './doorman.ts';
import { encodeHello, packFrame, unpackFrame } from './greeted-frame.ts';
import { VirtualJobs } from './virtual-jobs.ts';

/** What a bug that is planted from outside may replace. */
export interface Replacements {
  fileSystem?(fileSystem: FileSystem): FileSystem;
  strategies?(defaults: Strategies): Strategies;
  /** Each start is as if it were the first. */
  readonly alwaysCreates?: boolean;
}

export interface SimulatedNodeConfig {
  readonly topology: TopologyConfig;
  readonly nodeId: string;
  /** Where it listens in the virtual network. */
  readonly address: string;
  readonly options: Partial<ClusterNodeOptions>;
  readonly codec: Codec;
  /** Mean time until a flush or a compaction begins, in milliseconds. */
  readonly jobWaitMs: number;
  readonly replacements: Replacements;
  /** The node could not start, stopped by itself, or failed to close. */
  readonly ended: (node: SimulatedNode, what: string, error: unknown) => void;
}

export class SimulatedNode {
  readonly machine: Machine;
  readonly config: SimulatedNodeConfig;
  readonly #world: World;
  #node: ClusterNode | undefined;
  #isOut = false;
  #manifest: Manifest | undefined;
  /** What each client has asked this node for: operation ids by its address. */
  readonly #requests = new Map<string, Set<number>>();

  constructor(world: World, machine: Machine, config: SimulatedNodeConfig) {
    this.#world = world;
    this.machine = machine;
    this.config = config;
  }

  /** The node that runs; `undefined` while the machine is down or the node is still opening its folder. */
  get node(): ClusterNode | undefined {
    return this.#node;
  }

  get ready(): boolean {
    return this.#node?.ready === true;
  }

  /** True when nobody will start it any more. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** Ends its process, if there is one, for the rest of the run. */
  leaveOut(): void {
    this.#isOut = true;
    this.crash(processCrash);
  }

  /** @param create the machine's first start */
  start(create = false): void {
    const incarnation = this.machine.start();
    const { topology, nodeId, options, replacements } = this.config;
    const strategies = replacements.strategies?.(defaultStrategies) ?? defaultStrategies;
    const link: { send: Endpoint | undefined; hello: Uint8Array } = { send: undefined, hello: new Uint8Array(0) };
    const ports = this.#ports(incarnation, (address, frame) => {
      if (link.send !== undefined) this.#world.network.send(link.send, address, packFrame(link.hello, frame));
    });
    const isFirst = create || replacements.alwaysCreates === true;
    ClusterNode.open(ports, { topology, nodeId, create: isFirst, options }, strategies).then(
      (node) => {
        link.hello = encodeHello(node.hello('node'));
        link.send = this.#listen(node, link.hello);
        this.#node = node;
        if (this.machine.disk.wiped) this.config.ended(this, 'started on an emptied folder', undefined);
        node.start();
      },
      (error: unknown) => this.config.ended(this, 'could not start', error),
    );
  }

  /** Ends the node at once, as a power cut does; what its disk had not synced is lost as `outcome` says. */
  crash(outcome: CrashOutcome): CrashLosses {
    this.#node = undefined;
    const losses = this.machine.crash(outcome);
    // The dead node will not, and its database would stay in memory.
    void this.#manifest?.close();
    this.#manifest = undefined;
    return losses;
  }

  /** Shuts the node down in order. */
  async close(): Promise<void> {
    try {
      await this.#node?.close();
    } catch (error) {
      this.config.ended(this, 'could not close', error);
    }
    this.#node = undefined;
  }

  #listen(node: ClusterNode, hello: Uint8Array): Endpoint {
    const { network } = this.#world;
    const doorman = new Doorman(node);
    const clients = new Map<string, ClientBudget>();
    const endpoint: Endpoint = this.machine.listen(this.config.address, {
      receive: (from, packed) => {
        const greeted = unpackFrame(packed);
        const visitor = doorman.check(from, greeted.hello);
        if (visitor?.role === 'node') node.receive(visitor.nodeId, greeted.frame);
        if (visitor?.role === 'client' && this.#comesFirst(from, greeted.frame)) {
          const client = clients.get(from) ?? node.admission.client();
          clients.set(from, client);
          const reply: Reply = (frame, left) => {
            network.send(endpoint, from, packFrame(hello, frame));
            left();
          };
          node.serve(greeted.frame, reply, client);
        }
      },
      linkLost: (address) => {
        const peer = this.config.topology.members.find((member) => member.address === address);
        if (peer !== undefined) node.linkLost(peer.id);
      },
    });
    return endpoint;
  }

  /**
   * The connection of a client brings each request once, whatever the network does to frames: the answer to a second copy would
   * pass for the answer to the first.
   */
  #comesFirst(client: string, frame: Uint8Array): boolean {
    const requests = this.#requests.get(client) ?? new Set<number>();
    this.#requests.set(client, requests);
    const { operationId } = decodeFrame(frame).header;
    const isNew = !requests.has(operationId);
    requests.add(operationId);
    return isNew;
  }

  #addressOf(id: string): string {
    return this.config.topology.members.find((member) => member.id === id)?.address ?? '';
  }

  #ports(incarnation: Incarnation, send: (address: string, frame: Uint8Array) => void): ClusterNodePorts {
    const { codec, jobWaitMs, replacements, ended } = this.config;
    const random = this.machine.randomOfLife();
    const plain = this.machine.fileSystem();
    const fileSystem = replacements.fileSystem?.(plain) ?? plain;
    return {
      clock: { wallMs: () => this.machine.wallClock.wallMs(), monotonicMs: () => this.#world.now },
      timers: this.machine.timers(),
      random,
      transport: {
        send: (_to, address, frame) => send(address, frame),
        queuedBytes: (to) => this.#world.network.queuedBytes(this.config.address, this.#addressOf(to)),
      },
      log: { info: nothing, warn: nothing, error: nothing },
      fileSystem,
      openManifest: async () => {
        this.#manifest = await openManifestImage(fileSystem);
        return this.#manifest;
      },
      jobs: new VirtualJobs(incarnation, random.fork('jobs'), jobWaitMs),
      codec,
      fatal: (error) => ended(this, 'stopped by itself', error),
    };
  }
}

function nothing(): void {}
