/**
 * One run: a cluster comes up, clients work while the nemesis does too, then all faults end, every key is read at R =
 * N, the nodes shut down and their disks are looked into.
 */
import { clockSampleKeptMs } from '@kv/cluster-node';
import { AcceptorMemory } from '../checkers/acceptor-memory.ts';
import { ClockHears } from '../checkers/clock-hears.ts';
import { OneTopology } from '../checkers/one-topology.ts';
import { ReplicaMemory } from '../checkers/replica-memory.ts';
import { listenToNodes } from '../cluster/listen-to-nodes.ts';
import { ScanClient } from '../cluster/scan-client.ts';
import { SimulatedClient } from '../cluster/simulated-client.ts';
import { SimulatedCluster } from '../cluster/simulated-cluster.ts';
import { readDamagedCopies, readStoredCopies } from '../cluster/stored-copies.ts';
import { compareVersions, majority, sameVersion, type Version } from '@kv/quorum';
import { shortVersion, type StoredCopy, type Violation } from '../history.ts';
import type { PlantedBug } from '../planted-bugs/planted-bug.ts';
import { totalPowerLoss } from '../world/disk/crash.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { World } from '../world/world.ts';
import { Administrator } from './administrator.ts';
import { drawBounds } from './draw-bounds.ts';
import { drawFaultPlan, type FaultEpisode, type PlannedKind } from './fault-plan.ts';
import { FinalReads } from './final-reads.ts';
import { Nemesis } from './nemesis.ts';
import { calmed, drawOptions, type ScenarioOptions, toleratesLoss } from './options.ts';
import { forgets, needsLeaps } from './purge-options.ts';
import { configOf, keysOf } from './keyspaces/keyspace-options.ts';
import { type KeyspaceHistory, Recorder } from './recorder.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { Workload } from './workload.ts';

export interface SimulationSettings {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly without?: ReadonlySet<PlannedKind>;
  readonly bug?: PlantedBug;
  readonly onTrace?: (line: string) => void;
}

/** Virtual milliseconds within which each step must be done; no step comes near it unless something is wrong. */
const limits = {
  ready: 60_000,
  workload: 600_000,
  healed: 60_000,
  handedOver: 30_000,
  lossesHealed: 120_000,
  repaired: 600_000,
  finalReads: 600_000,
  forgotten: 20_000,
  closed: 60_000,
} as const;

/** Time for what was under way at the end of the faults, and after the last reads for their repairs, to arrive. */
const settleMs = 8000;

/** Reads of a key from all its replicas before it is taken for one that a damaged disk cannot answer. */
const triesOfAll = 3;

export class Simulation {
  readonly world: World;
  readonly options: ScenarioOptions;
  readonly plan: readonly FaultEpisode[];
  readonly recorder: Recorder;
  readonly #settings: SimulationSettings;
  readonly #random: SeededRandom;
  readonly #cluster: SimulatedCluster;
  readonly #clients: readonly SimulatedClient[];
  readonly #scanners: readonly ScanClient[];
  /** Of each key the versions that are deletions or have a time to live. */
  readonly #mortal = new Map<string, Version[]>();
  readonly #memory: ReplicaMemory;
  readonly #acceptorMemory = new AcceptorMemory();
  readonly #clockHears = new ClockHears();
  readonly #topologies = new OneTopology();
  readonly #administrator: Administrator;
  readonly #violations: Violation[] = [];
  /** Deletions stamped before this must be gone in the end, in milliseconds since 1970. */
  #forgottenUpTo = 0;

  constructor(settings: SimulationSettings) {
    const { scenario, seed, without, bug, onTrace } = settings;
    const random = new SeededRandom(`${seed}/scenario`);
    const { faults } = scenarios[scenario];
    const drawn = drawOptions(random.fork('options'), scenario);
    const options = faults ? drawn : calmed(drawn);
    const clocks = () => [...this.#cluster.nodes.values()].map(({ machine }) => machine.wallClock);
    const { purge } = options.cluster;
    const recorder = new Recorder(options.keyspaces, clocks, forgets(purge) ? { forgetsAfterMs: purge.afterMs } : {});
    this.#memory = new ReplicaMemory((key, version) => {
      const latestMs = Math.max(...clocks().map((clock) => clock.latestMs(clockSampleKeptMs)));
      const isOld = (mortal: Version): boolean => mortal.ms <= latestMs - purge.afterMs;
      const mortal = forgets(purge) ? (this.#mortal.get(key) ?? []) : [];
      return mortal.some((each) => isOld(each) && compareVersions(version, each) <= 0);
    });
    this.#settings = settings;
    this.#random = random;
    this.options = options;
    this.recorder = recorder;
    this.world = new World({
      seed,
      network: options.network,
      operationsUnderWay: () => recorder.underWay,
      ...(onTrace !== undefined && { onTrace }),
    });
    this.#cluster = new SimulatedCluster(this.world, {
      options: options.cluster,
      keyspaces: options.keyspaces.map(configOf),
      disk: options.disk,
      clockSpreadMs: options.clockSpreadMs,
      replacements: bug ?? {},
      random: random.fork('cluster'),
      failed: (what) => this.#violated('node-failed', what),
    });
    this.#administrator = new Administrator({
      world: this.world,
      nodes: this.#cluster.nodes,
      random: random.fork('administrator'),
      topologies: this.#topologies,
    });
    this.#clients = this.#makeClients(options.workload.clients);
    this.#scanners = this.#makeScanners();
    const names = { nodes: [...this.#cluster.nodes.keys()], clients: this.#clients.map(({ name }) => name) };
    const { durationMs } = options.workload;
    const casualty = toleratesLoss(options) ? random.fork('casualty').pick(names.nodes) : undefined;
    const plan = { ...names, durationMs, casualty, ...(without !== undefined && { without }) };
    this.plan = faults ? drawFaultPlan(random.fork('faults'), plan) : [];
  }

  get histories(): readonly KeyspaceHistory[] {
    const scans = this.#scanners.flatMap((scanner) => scanner.scans);
    return this.recorder.histories.map((history) => {
      return { ...history, scans: scans.filter(({ keyspaceId }) => keyspaceId === history.keyspace.id) };
    });
  }

  /** What was found while it ran, in addition to what the history tells. */
  get violations(): readonly Violation[] {
    const whileRunning = [this.#memory, this.#acceptorMemory, this.#clockHears, this.#topologies];
    return [...this.#violations, ...whileRunning.flatMap(({ violations }) => violations)];
  }

  /** Returns what the replicas hold in the end. */
  async run(): Promise<StoredCopy[]> {
    await this.#comeUp();
    await this.#work();
    await this.#settle();
    return this.#lookIntoDisks();
  }

  async #comeUp(): Promise<void> {
    listenToNodes(this.world, this.#cluster.topology.members, {
      claimed: (claim) => this.#memory.claim(claim),
      reported: (claim) => this.#memory.reported(claim),
      promised: (claim) => this.#acceptorMemory.claim(claim),
      mortal: (key, version) => this.#noteMortal(key, version),
      stamped: (versions) => this.#clockHears.hear(versions),
    });
    for (const node of this.#cluster.nodes.values()) node.start(true);
    await this.#until('the nodes were not ready', limits.ready, () => this.#cluster.ready);
  }

  async #work(): Promise<void> {
    const { world, recorder } = this;
    const nemesis = new Nemesis(world, this.#cluster.nodes, recorder);
    const workload = new Workload(
      {
        world,
        recorder,
        clients: this.#clients,
        random: this.#random.fork('workload'),
        faultActive: () => nemesis.active,
      },
      this.options.keyspaces,
      this.options.workload,
    );
    nemesis.begin(this.plan);
    for (const scanner of this.#scanners) scanner.begin();
    for (const { at, byMs } of this.options.leaps) world.scheduler.after(at, () => this.#leap(byMs));
    workload.begin();
    const names = this.options.keyspaces.map((keyspace) => configOf(keyspace).name);
    this.#administrator.begin(this.options.workload.durationMs, names);
    await world.run(this.options.workload.durationMs);
    await this.#until('operations did not end', limits.workload, () => workload.ended);
    nemesis.heal();
    for (const scanner of this.#scanners) scanner.stop();
    if (!scenarios[this.#settings.scenario].faults) this.#checkCalm();
  }

  async #settle(): Promise<void> {
    await this.#until('the nodes were not ready after the faults', limits.healed, () => this.#cluster.ready);
    await this.world.run(settleMs);
    await this.#handOver();
    await this.#beHealed();
    const isRepaired = await this.#beRepaired();
    await this.#forget();
    const repairsByReads = this.#repairsByReads;
    const { world, recorder } = this;
    const lessened = (failures: number): boolean => failures >= triesOfAll && this.#someDiskIsDamaged;
    const reading = { world, recorder, clients: this.#clients, lessened };
    const finalReads = new FinalReads(reading, this.options.keyspaces);
    finalReads.begin();
    await this.#until('not every key could be read after the faults', limits.finalReads, () => finalReads.ended);
    await this.world.run(settleMs);
    this.#administrator.look();
    this.#topologies.settled(
      [...this.#cluster.nodes].flatMap(([name, { node }]) =>
        node === undefined ? [] : { node: name, epoch: node.topology.epoch },
      ),
    );
    const repaired = this.#repairsByReads - repairsByReads;
    // While deletions are being forgotten, readers find one here and nothing there.
    if (isRepaired && repaired > 0 && !forgets(this.options.cluster.purge))
      this.#violated('repaired-unread', `reads still found ${repaired} replicas that were behind`);
  }

  /** Every member is back, so no hint may be left after a while. */
  async #handOver(): Promise<void> {
    const left = (): number =>
      [...this.#cluster.nodes.values()]
        .flatMap(({ node }) => node?.status().hints ?? [])
        .reduce((sum, { count }) => sum + count, 0);
    await this.world.run(limits.handedOver, () => left() === 0);
    if (left() > 0 && !this.#someDiskIsDamaged)
      this.#violated('hints-drained', `${left()} hints are left though every member is back`);
  }

  /** What rotted, and was found, comes back from the other owners. Some may have rotted where nobody read it. */
  async #beHealed(): Promise<void> {
    const nodes = [...this.#cluster.nodes.values()];
    if (nodes.some(({ isOut, machine }) => isOut || machine.disk.wiped)) return;
    const lost = (): number => nodes.reduce((sum, { node }) => sum + (node?.status().lostRanges ?? 0), 0);
    if (lost() > 0) await this.world.run(limits.lossesHealed, () => lost() === 0);
    if (lost() > 0) this.#violated('losses-healed', `${lost()} ranges are not whole again though every member is back`);
  }

  /** Until every owner of a range has compared it with every other one, beginning after now; false: they never will. */
  async #beRepaired(): Promise<boolean> {
    if (this.options.cluster.repairIntervalMs > limits.repaired || this.#someDiskIsDamaged) return false;
    const since = this.world.now;
    const isDone = (): boolean =>
      [...this.#cluster.nodes.values()].every(({ node }) => (node?.repairDebt?.ageMs ?? 0) < this.world.now - since);
    for (let step = 0; !isDone() && step < limits.repaired / 1000; step += 1) await this.world.run(1000);
    if (!isDone()) throw new Error(`not all was compared within ${limits.repaired / 1000} virtual seconds`);
    return true;
  }

  /** All that is deleted by now gets old enough to be forgotten. */
  async #forget(): Promise<void> {
    const { purge } = this.options.cluster;
    if (!forgets(purge)) return;
    const clocks = [...this.#cluster.nodes.values()].map(({ machine }) => machine.wallClock.wallMs());
    if (needsLeaps(purge)) {
      this.#forgottenUpTo = Math.min(...clocks);
      this.#leap(2 * purge.afterMs);
      await this.world.run(limits.forgotten);
    } else await this.world.run(purge.afterMs + limits.forgotten);
  }

  #noteMortal(key: string, version: Version): void {
    const known = this.#mortal.get(key) ?? [];
    if (!known.some((each) => sameVersion(each, version))) this.#mortal.set(key, [...known, version]);
  }

  #leap(byMs: number): void {
    for (const { wallClock } of this.world.machines()) wallClock.jump(byMs);
  }

  /** Where all members are there and nothing is damaged, nobody holds deletions back. */
  #checkForgotten(copies: readonly StoredCopy[]): void {
    for (const { replica, key, deletion } of copies) {
      if (deletion !== undefined && deletion.ms < this.#forgottenUpTo)
        this.#violated('deletion-kept', `${replica} still holds the deletion ${shortVersion(deletion)} of ${key}`);
    }
  }

  get #someDiskIsDamaged(): boolean {
    return [...this.#cluster.nodes.values()].some(({ machine: { disk } }) => disk.wiped || disk.rot.happened);
  }

  get #repairsByReads(): number {
    return [...this.#cluster.nodes.values()].reduce((sum, { node }) => sum + (node?.counters.repairsSent ?? 0), 0);
  }

  async #lookIntoDisks(): Promise<StoredCopy[]> {
    const nodes = [...this.#cluster.nodes.values()];
    const topology = nodes.find(({ node }) => node !== undefined)?.node?.topology;
    if (topology === undefined) throw new TypeError('no node is running');
    await this.#await('the nodes did not close', Promise.all(nodes.map((node) => node.close())));
    // What was closed must be durable: nothing that is lost now may be missed.
    for (const node of nodes) node.crash(totalPowerLoss);
    const everybodyIsIn = [...this.#cluster.nodes.values()].every((node) => !node.isOut);
    const mayForget = forgets(this.options.cluster.purge);
    const places = this.options.keyspaces
      .filter(({ mode }) => mode === 'eventual')
      .flatMap((keyspace) => keysOf(keyspace).map((key) => ({ keyspaceId: keyspace.id, key, forgets: mayForget })));
    const read = Promise.all(
      nodes
        .filter(({ machine }) => !machine.disk.wiped)
        .map((node) => {
          const readCopies = node.machine.disk.rot.happened ? readDamagedCopies : readStoredCopies;
          return readCopies(node, topology, places);
        }),
    );
    const copies = (await this.#await('the disks could not be read', read)).flat();
    if (everybodyIsIn && !this.#someDiskIsDamaged) this.#checkForgotten(copies);
    return copies;
  }

  #makeClients(count: number): SimulatedClient[] {
    const { workload, clockSpreadMs } = this.options;
    const { tryTimeoutMs, timeoutMs } = workload;
    const clocks = this.#random.fork('client-clocks');
    return Array.from({ length: count }, (_, index) => {
      const name = `client-${index + 1}`;
      const machine = this.world.machine(name, { clockAheadMs: clocks.between(-clockSpreadMs, clockSpreadMs) });
      return new SimulatedClient(this.world, machine, {
        nodes: this.#cluster.addresses,
        ownersOf: (keyspaceId, key) => this.#cluster.ownersOf(keyspaceId, key),
        epoch: 1,
        tryTimeoutMs,
        timeoutMs,
        random: this.#random.fork(name),
      });
    });
  }

  /** One for each keyspace that can be scanned, in half of the seeds; half of them look for some of the keys only. */
  #makeScanners(): ScanClient[] {
    const random = this.#random.fork('scanners');
    const scanned = this.options.keyspaces.filter(
      ({ mode, conflict }) => mode === 'eventual' && conflict !== 'siblings',
    );
    return scanned.flatMap((keyspace) => {
      const { id, name, replicas } = keyspace;
      const draws = random.fork(name);
      if (draws.chance(0.5)) return [];
      const bounds = draws.fork('bounds');
      const isBounded = bounds.chance(0.5);
      const keys = keysOf(keyspace);
      return new ScanClient(this.world, this.world.machine(`scanner-${id}`), {
        nodes: this.#cluster.addresses,
        keyspaceId: id,
        r: draws.pick([majority(replicas), majority(replicas), draws.integer(1, replicas)]),
        limit: draws.pick([1, 3, 100]),
        tryTimeoutMs: this.options.workload.tryTimeoutMs,
        pauseMs: draws.logBetween(200, 10_000),
        random: draws.fork('client'),
        drawBounds: () => (isBounded ? drawBounds(bounds, keys) : { prefix: '' }),
      });
    });
  }

  #checkCalm(): void {
    const { operations, succeeded } = this.recorder.counts;
    if (succeeded < operations) this.#violated('calm', `${operations - succeeded} operations failed without a fault`);
  }

  /** Lets time pass until `done`; a violation when the limit comes first, and then the run ends. */
  async #until(otherwise: string, limitMs: number, done: () => boolean): Promise<void> {
    await this.world.run(limitMs, done);
    if (!done()) throw new Error(`${otherwise} within ${limitMs / 1000} virtual seconds`);
  }

  async #await<T>(otherwise: string, promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => void (settled = true);
    promise.then(settle, settle);
    await this.#until(otherwise, limits.closed, () => settled);
    return promise;
  }

  #violated(check: string, message: string): void {
    this.#violations.push({ check, operations: [], message: `${message} (at ${this.world.now.toFixed(1)})` });
  }
}
