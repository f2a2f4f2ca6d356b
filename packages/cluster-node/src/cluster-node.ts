/**
 * One member of a cluster: storage, replica, coordinator and membership put together over the ports, and the frames
 * that come in handed to the one that they are for. It has no socket, no clock and no globals of its own, so the
 * simulator runs exactly what production runs.
 */
import type { StorageEngine } from '@kv/lsm-storage/core';
import { HedgeBudget, LatencyTracker } from '@kv/quorum';
import { decodeFrame, type Hello, type Identity } from '@kv/wire';
import type { Admission } from './admission/admission.ts';
import type { ClientBudget } from './admission/byte-budget.ts';
import { ClientServer, type Reply } from './client-server.ts';
import { BallotCeiling } from './clock/ballot-ceiling.ts';
import { MemberClocks } from './clock/member-clocks.ts';
import { readCeiling } from './clock/stamp-source.ts';
import { Coordinator, type Refused } from './coordinator/coordinator.ts';
import { ReplicaAccess } from './coordinator/replica-access.ts';
import { SiblingServer } from './coordinator/siblings/sibling-server.ts';
import { strongParts } from './coordinator/strong/strong-parts.ts';
import { VoterAccess } from './coordinator/strong/voter-access.ts';
import { type Counters, createCounters } from './counters.ts';
import { DiskRoom } from './disk-room.ts';
import { ClusterNodeError, RequestError } from './errors.ts';
import { FrameRouter } from './frame-router.ts';
import { checkHello, helloOf } from './handshake.ts';
import { Healer } from './healing/healer.ts';
import type { Losses } from './healing/losses.ts';
import { nothingLost } from './healing/losses.ts';
import { restatedRecords } from './healing/restated-records.ts';
import { HintedHandoff } from './hints/hinted-handoff.ts';
import { Membership } from './membership/membership.ts';
import { type ClusterNodeConfig, type NodeParts, openParts } from './open-parts.ts';
import type { ClusterNodeOptions } from './options.ts';
import { namedLog } from './named-log.ts';
import { PeerRequests } from './peer-requests.ts';
import type { ClusterNodePorts, Timer } from './ports.ts';
import { Deletions } from './purge/deletions.ts';
import { purgeParts } from './purge/purge-parts.ts';
import type { Purger } from './purge/purger.ts';
import { RecurringFaults } from './recurring-faults.ts';
import { RangeTrees } from './repair/range-trees.ts';
import { RecordCopy } from './repair/record-copy.ts';
import { ConfirmedTime } from './repair/confirmed-time.ts';
import { type RepairDebt, Repairer } from './repair/repairer.ts';
import { TreeServer } from './repair/tree-server.ts';
import { Replica } from './replica/replica.ts';
import { ReplicaServer } from './replica/replica-server.ts';
import type {
  ChangeRequest,
  ChangeResult,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  PutResult,
} from './requests.ts';
import { scanParts } from './scan/scan-parts.ts';
import type { ScanRequest, ScanResult } from './scan/scan-request.ts';
import type { Scanner } from './scan/scanner.ts';
import { type NodeStatus, statusOf } from './status.ts';
import { StorageDamage } from './storage-damage.ts';
import { StorageFailures } from './storage-failures.ts';
import { defaultStrategies, type Strategies } from './strategies.ts';
import type { Topology } from './topology/topology.ts';
import type { TopologyChangeResult } from './topology/topology-changer.ts';
import type { Refreshed } from './topology/topology-refresher.ts';
import { type KeyspaceChangeRequest, TopologyService } from './topology/topology-service.ts';

export class ClusterNode {
  readonly id: string;
  readonly counters: Counters = createCounters();
  readonly #ports: ClusterNodePorts;
  readonly #identity: Identity;
  readonly #engine: StorageEngine;
  readonly #options: ClusterNodeOptions;
  readonly #topology: TopologyService;
  readonly #clocks: MemberClocks;
  readonly #room: DiskRoom;
  readonly #peers: PeerRequests;
  readonly #membership: Membership;
  readonly #faults: RecurringFaults;
  readonly #repairer: Repairer;
  readonly #handoff: HintedHandoff;
  readonly #purger: Purger;
  readonly #losses: Losses;
  readonly #healer: Healer;
  readonly #coordinator: Coordinator;
  readonly #clientServer: ClientServer;
  readonly #frames: FrameRouter;
  readonly #scanner: Scanner;
  #ticking: Timer | undefined;
  #state: 'opened' | 'running' | 'stopped' = 'opened';

  private constructor(ports: ClusterNodePorts, parts: NodeParts, strategies: Strategies) {
    const { clock, timers, random, transport, codec } = ports;
    const { identity, engine, options, dotActor } = parts;
    const { counters } = this;
    const self = identity.nodeId;
    const topology = () => this.topology;
    const ready = () => this.ready;
    const log = namedLog(ports.log, (member) => this.topology.member(member)?.name ?? member);
    const hlc = strategies.clock(readCeiling(engine));
    const addressOf = (member: string) => this.#membership.addressOf(member);
    const stateOf = (member: string) => this.#membership.stateOf(member);
    const epoch = () => this.topology.epoch;
    const peers = new PeerRequests({ transport, clock, random, hlc, addressOf, epoch, options });
    const room = new DiskRoom({ clock, log, counters });
    const damage = new StorageDamage({ log, counters });
    const failures = new StorageFailures(room, damage, (error) => this.#stopBecause(error));
    const members = () => this.topology.state.members.map(({ id }) => id);
    const clocks = new MemberClocks({ self, engine, clock, hlc, failures, log, members, options });
    const { stamps, offsets, corrected } = clocks;
    const deadlineClock = () => corrected.wallMs();
    const storageFailed = (error: unknown) => failures.ofWrite(error, () => undefined);
    const agreed = new TopologyService(
      {
        ...{ self, generation: identity.generation, engine, clock, clocks, timers, random, peers, stateOf, ready },
        storageFailed,
      },
      parts.topology,
    );
    const watermarks = strategies.watermarks({ engine, failures, topology });
    const losses = strategies.losses(engine);
    const ceiling = new BallotCeiling(engine, failures);
    const deletions = new Deletions();
    const makeTree = () => strategies.rangeTree(options.repairTreeLevels);
    const purging = { watermarks, deletions };
    const trees = new RangeTrees({ self, engine, damage, ...purging, makeTree }, agreed.store.current);
    const { decide, siblings, isNewer } = strategies;
    const replica = new Replica({ engine, counters, decide, siblings, hlc, trees, failures, ...purging });
    const access = new ReplicaAccess({ self, replica, peers, topology, losses });
    this.id = self;
    this.#ports = ports;
    this.#identity = identity;
    this.#engine = engine;
    this.#options = options;
    this.#topology = agreed;
    this.#clocks = clocks;
    this.#room = room;
    this.#peers = peers;
    const faults = new RecurringFaults({ clock, log });
    this.#faults = faults;
    this.#membership = new Membership(
      { clock, random, log, counters, faults, topology, peers, offsets, fatal: (error) => this.#stopBecause(error) },
      { self, generation: identity.generation, greetingMs: options.greetingMs },
    );
    const membership = this.#membership;
    const driven = { clock, clocks, timers, hlc, stamps, membership, counters, codec, options, strategies };
    const member = { id: self, generation: identity.generation };
    const nearness = { latencies: new LatencyTracker(), hedges: new HedgeBudget(options.standInShare) };
    const shared = {
      ...{ ...driven, ...nearness },
      ...{ deadlineClock, self, member, random, engine, trees, peers, topology, failures },
      ...{ ...purging, losses, ceiling },
    };
    const { acceptors, registers, strong } = strongParts(shared);
    const replicaServer = new ReplicaServer({ self, replica, registers, counters, topology, ready, losses });
    const treeServer = new TreeServer({ trees, watermarks, hlc, counters, damage, topology, ready });
    const records = new RecordCopy({
      access: new ReplicaAccess({ self, replica, peers, topology, losses: nothingLost }),
      voters: new VoterAccess({ self, acceptors, peers, topology, losses: nothingLost }),
      ...{ strong, topology, deadlineClock },
    });
    const confirmed = new ConfirmedTime({ engine, clock, failures });
    this.#repairer = new Repairer(
      {
        ...{ self, clock, random, peers, records, counters, trees, watermarks, damage, isNewer, membership, topology },
        confirmed,
        requestTimeoutMs: options.requestTimeoutMs,
      },
      { intervalMs: options.repairIntervalMs },
    );
    const storage = { engine, hlc, counters, failures, watermarks };
    this.#handoff = new HintedHandoff(
      { ...storage, self, clock: corrected, log, peers, access, membership, repairer: this.#repairer, topology, ready },
      options,
      strategies,
    );
    const { purgeServer, purger } = purgeParts(
      {
        ...{ ...shared, log, replica, acceptors, ready },
        ...{ handoff: this.#handoff, repairer: this.#repairer, now: deadlineClock },
      },
      options,
    );
    this.#purger = purger;
    this.#losses = losses;
    const own = { topology: agreed, stamps, watermarks, ceiling, confirmed, identity, dotActor };
    this.#healer = new Healer(
      { ...shared, log, handoff: this.#handoff, repairer: this.#repairer, restated: () => restatedRecords(own) },
      options,
    );
    const agreement = { topology, follower: agreed.follower, ready };
    const hints = this.#handoff.access;
    const coordinating = { self, ...driven, ...nearness, dotActor, access, hints, deadlineClock, strong, ...agreement };
    this.#coordinator = new Coordinator(coordinating);
    const siblingServer = new SiblingServer(coordinating);
    const { scanServer, scanner } = scanParts({ ...coordinating, engine, peers, damage, losses });
    const servers = { replicaServer, siblingServer, treeServer, scanServer, purgeServer, handoff: this.#handoff };
    this.#frames = new FrameRouter({ membership, topology: agreed, peers, counters, hlc, faults, ...servers });
    this.#scanner = scanner;
    this.#clientServer = new ClientServer({
      ...{ coordinator: this.#coordinator, scanner: this.#scanner, clock, hlc, codec, counters, options, topology },
      changeKeyspace: (request, done) => this.changeKeyspace(request, done),
      refresh: (done) => agreed.refresh(done),
    });
    agreed.store.onChange((current) => {
      log.info('topology-changed', { epoch: current.epoch });
      trees.follow(current);
      for (const each of [watermarks, deletions, losses, this.#purger]) each.follow(current);
      this.#repairer.follow();
    });
  }

  /**
   * Opens the member's folder: checks its identity, recovers its storage and raises its generation. Nothing is sent
   * before {@link start}.
   * @throws ClusterNodeError INVALID_TOPOLOGY, NOT_A_MEMBER, IDENTITY_MISSING, IDENTITY_MISMATCH, STORAGE_MISSING
   * @throws StorageError when the storage cannot be opened or is damaged
   */
  static async open(
    ports: ClusterNodePorts,
    config: ClusterNodeConfig,
    strategies: Strategies = defaultStrategies,
  ): Promise<ClusterNode> {
    return new ClusterNode(ports, await openParts(ports, config), strategies);
  }

  /** Begins to gossip; requests are served as soon as {@link ready}. */
  start(): void {
    if (this.#state !== 'opened') return;
    this.#state = 'running';
    this.#membership.start();
    this.#repairer.start();
    this.#tickLater();
  }

  /** False while this member makes sure that nobody has seen a later life of it, and once it has stopped. */
  get ready(): boolean {
    return this.#state === 'running' && this.#membership.mayServe;
  }

  /** See {@link NodeStatus.repairDebt}. */
  get repairDebt(): RepairDebt | undefined {
    return this.#repairer.debt();
  }

  get topology(): Topology {
    return this.#topology.store.current;
  }

  /** What to say first on every connection. */
  hello(role: Hello['role']): Hello {
    return helloOf(this.#identity, role, this.#ports.codec);
  }

  /** @throws ClusterNodeError or WireError when whoever said this hello has no business here */
  checkHello(theirs: Hello): void {
    checkHello(this.hello('node'), theirs, this.topology);
  }

  /** Takes in a complete frame from a member. A frame that is malformed or not expected changes nothing. */
  receive(from: string, bytes: Uint8Array): void {
    if (this.#state === 'running') this.#frames.receive(from, bytes);
  }

  /** No frame reaches the member at the moment, and those sent last may be lost. */
  linkLost(member: string): void {
    if (this.#state !== 'running') return;
    this.counters.linksLost += 1;
    this.#membership.unreachable(member);
    this.#peers.linkLost(member);
  }

  /**
   * Takes in a complete frame from a client, whose answer `reply` sends back, exactly once.
   * @param client one for each connection, see {@link Admission.client}. Default: one of its own
   * @throws WireError when the frame is malformed: the connection is of no use any more
   */
  serve(bytes: Uint8Array, reply: Reply, client: ClientBudget = this.admission.client()): void {
    this.counters.framesReceived += 1;
    this.#clientServer.serve(decodeFrame(bytes), bytes.length, reply, client);
  }

  /** Who may come in. Frames that are served are admitted here; who calls the other methods asks for admission first. */
  get admission(): Admission {
    return this.#clientServer.admission;
  }

  /** As {@link put}; without `refused` what would be refused ends as `unavailable`. @throws RequestError before anything is sent */
  get(request: GetRequest, done: (result: GetResult) => void, refused?: Refused): void {
    this.#coordinator.get(request, done, refused);
  }

  /**
   * Calls `done`, or `refused` when it finds out only later that it cannot begin, or that its keyspace was dropped.
   * @throws RequestError before anything is sent
   */
  put(request: PutRequest, done: (result: PutResult) => void, refused: Refused): void {
    this.#coordinator.put(request, done, refused);
  }

  /** As {@link put}. */
  delete(request: DeleteRequest, done: (result: PutResult) => void, refused: Refused): void {
    this.#coordinator.delete(request, done, refused);
  }

  /** Has a keyspace created, altered or dropped. The topology that comes of it is the next epoch. */
  changeKeyspace(request: KeyspaceChangeRequest, done: (result: TopologyChangeResult) => void): void {
    if (!this.ready) throw new RequestError('NOT_READY', 'this member is still starting');
    this.#topology.change(request, done);
  }

  /** Has this member learn what it may have missed while it was cut off, before it says that there is no such keyspace. */
  refreshTopology(done: Refreshed): void {
    this.#topology.refresh(done);
  }

  /** A put or delete of a key in a strong keyspace, under a condition if need be. @throws RequestError before anything is sent */
  change(request: ChangeRequest, done: (result: ChangeResult) => void, refused: Refused): void {
    this.#coordinator.change(request, done, refused);
  }

  /** @throws RequestError before anything is sent */
  scan(request: ScanRequest, done: (result: ScanResult) => void): void {
    this.#scanner.scan(request, done);
  }

  status(): NodeStatus {
    return statusOf({
      ...{ identity: this.#identity, topology: this.topology, membership: this.#membership, clocks: this.#clocks },
      ...{ wallMs: this.#ports.clock.wallMs(), ready: this.ready },
      storage: this.#engine.stats(),
      diskFullForMs: this.#room.fullForMs,
      repairDebt: this.repairDebt,
      purgeDebt: this.#purger.debt(),
      lostRanges: this.#losses.ranges.length,
      hints: this.#handoff.status(),
      counters: this.counters,
      requestBytes: this.admission.heldBytes,
    });
  }

  /** Stops serving and closes the storage. Idempotent. */
  async close(): Promise<void> {
    this.#halt();
    await this.#engine.close();
  }

  #halt(): void {
    this.#state = 'stopped';
    this.#repairer.stop();
    this.#handoff.stop();
    this.#purger.stop();
    this.#healer.stop();
    this.#ticking?.cancel();
  }

  #tickLater(): void {
    this.#ticking = this.#ports.timers.set(this.#options.tickMs, () => {
      this.#clocks.tick();
      this.#faults.tick();
      this.#membership.tick();
      this.#topology.tick();
      this.#peers.sweep(this.#ports.clock.monotonicMs());
      if (this.ready) this.#repairer.tick();
      if (this.ready) this.#handoff.tick();
      if (this.ready) this.#purger.tick();
      if (this.ready) this.#healer.tick();
      if (this.#state === 'running') this.#tickLater();
    });
  }

  /** What this member holds can no longer be trusted to be complete: it must not answer anything any more. */
  #stopBecause(error: unknown): void {
    if (this.#state === 'stopped') return;
    this.#halt();
    const cause = error instanceof Error ? error : new ClusterNodeError('STOPPED', String(error));
    this.#ports.log.error('stopped', { error: cause });
    this.#ports.fatal(cause);
  }
}
