/**
 * A cluster as a client knows it: the topology, fetched from any node and again when it seems out of date, and requests
 * that go straight to a replica of their key.
 */
import type { AskedQuorum, Version } from '@kv/quorum';
import {
  anyClusterId,
  changeIdAt,
  type ChangeCondition,
  type ConflictRule,
  type Delete,
  type FrameHeader,
  type Hello,
  type KeyspaceChange,
  type Message,
  negotiate,
  type Put,
  type Scan,
  type ScanReply,
} from '@kv/wire';
import {
  type ChangeAnswer,
  changeMessage,
  type KeyChange,
  conditionOf,
  conflictError,
  judgeKeyChange,
  refuseCondition,
} from './change.ts';
import type { ClusterInfo } from './client.ts';
import { helloOf, hex } from './client-hello.ts';
import { KvError } from './errors.ts';
import { checkChange } from './keyspace-change.ts';
import { KeyspaceSeeker } from './keyspace-seeker.ts';
import {
  type CallOptions,
  checkedTtl,
  checkTimeout,
  type DeleteOptions,
  type ReadOptions,
  type SetOptions,
  type WriteOptions,
} from './options.ts';
import type { ClientPorts } from './ports.ts';
import { type RequestSpec, runRequest, type StampRefusal } from './request-run.ts';
import { startOf } from './scan.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { besideOthers, checkSiblingOptions } from './siblings.ts';
import { refuseSloppy, sloppyIn } from './sloppiness.ts';
import type { Target } from './target.ts';
import { type Route, TopologyView } from './topology-view.ts';
import { type EncodedValue, plain } from './value.ts';
import { update, type UpdateAnswer, type UpdateJob, updateSiblings, type UpdateSiblingsJob } from './update.ts';
import {
  judgeChange,
  judgeRead,
  judgeScan,
  judgeSiblings,
  judgeWrite,
  type ReadAnswer,
  type SiblingsAnswer,
  type WriteAnswer,
} from './verdict.ts';
import { WriteClock } from './write-clock.ts';

/** What a keyspace needs of the cluster. */
export type ClusterView = Pick<
  Cluster,
  'conflictOf' | 'read' | 'readSiblings' | 'scan' | 'put' | 'delete' | 'change' | 'update' | 'updateSiblings' | 'met'
>;

/** How often the topology is fetched at most while nodes come and go. */
const refreshEveryMs = 1000;

export class Cluster {
  readonly #ports: ClientPorts;
  readonly #target: Target;
  readonly #sessions: Sessions;
  readonly #clock: WriteClock;
  readonly #hello: Hello;
  #topology: TopologyView | undefined;
  /** A node was lost since the topology was fetched: it may have moved. */
  #isStale = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  readonly #seeker: KeyspaceSeeker;

  constructor(ports: ClientPorts, target: Target) {
    const drawId = (): string => hex(ports.random.bytes(16));
    this.#ports = ports;
    this.#target = target;
    this.#clock = new WriteClock(ports.clock, drawId);
    this.#hello = helloOf(drawId());
    this.#seeker = new KeyspaceSeeker({
      topology: () => this.topology,
      seeds: target.nodes,
      fetchTopology: (address) => this.#fetchTopology(address),
    });
    this.#sessions = new Sessions(ports, {
      hello: () => ({ ...this.#hello, clusterId: this.#topology?.clusterId ?? anyClusterId }),
      checkHello: (theirs) => this.#checkHello(theirs),
      heard: (header) => this.#heard(header),
      lost: () => (this.#isStale = true),
    });
  }

  /** What is known of the cluster. Only after {@link connect}. */
  get topology(): TopologyView {
    if (this.#topology === undefined) throw new KvError('CLOSED', 'the client is not connected');
    return this.#topology;
  }

  /**
   * Learns the topology from the first node that answers.
   * @throws KvError UNREACHABLE naming every address that was tried
   */
  async connect(): Promise<void> {
    const reasons: string[] = [];
    for (const address of this.#target.nodes) {
      const failure = await this.#fetchTopology(address);
      if (failure === undefined) return;
      reasons.push(`${address} (${failure})`);
    }
    this.close();
    throw new KvError('UNREACHABLE', `no node answered at ${reasons.join(', ')}: is it running? npm start`);
  }

  /** @throws KvError */
  async read(keyspace: string, key: Uint8Array, options: ReadOptions): Promise<ReadAnswer> {
    const route = await this.#route(keyspace, key, { name: 'r', number: options.r, level: options.level });
    refuseSloppy(keyspace, route, options);
    const replicas = route.mode === 'eventual' ? { r: route.needed, ...sloppyIn(options) } : {};
    const message: Message = { type: 'get', key, want: 'value', ...replicas };
    const answer = await this.#run({ kind: 'read', message, judge: judgeRead(route.nameOf) }, route, options);
    if (answer.version !== undefined) this.#clock.met(answer.version);
    return answer;
  }

  /** @throws KvError UNKNOWN_KEYSPACE */
  conflictOf(keyspace: string): ConflictRule | Promise<ConflictRule> {
    if (this.topology.hasKeyspace(keyspace)) return this.topology.conflictOf(keyspace);
    return this.#seeker.seek(keyspace).then(() => this.topology.conflictOf(keyspace));
  }

  /** @throws KvError */
  async readSiblings(keyspace: string, key: Uint8Array, options: ReadOptions): Promise<SiblingsAnswer> {
    const route = await this.#route(keyspace, key, { name: 'r', number: options.r, level: options.level });
    refuseSloppy(keyspace, route, options);
    const message: Message = { type: 'get-siblings', key, r: route.needed };
    const answer = await this.#run({ kind: 'read', message, judge: judgeSiblings(route.nameOf) }, route, options);
    if (answer.version !== undefined) this.#clock.met(answer.version);
    return answer;
  }

  /** @throws KvError */
  async scan(keyspace: string, scan: Scan, options: ReadOptions): Promise<ScanReply> {
    const quorum = { name: 'r', number: options.r, level: options.level } as const;
    const begin = startOf(scan, (key) => this.topology.partitionOf(key));
    const route = await this.#routeBy(keyspace, (topology) => topology.routeToPartition(keyspace, begin, quorum));
    const message: Message = { ...scan, r: route.needed };
    return this.#run({ kind: 'read', message, judge: judgeScan(route.nameOf) }, route, options);
  }

  /** @throws KvError */
  put(keyspace: string, key: Uint8Array, value: EncodedValue, options: SetOptions): Promise<WriteAnswer> {
    return this.#write(keyspace, { key, value }, options);
  }

  /** @throws KvError */
  delete(keyspace: string, key: Uint8Array, options: DeleteOptions): Promise<WriteAnswer> {
    return this.#write(keyspace, { key, value: undefined }, options);
  }

  /**
   * In a strong keyspace: stores the value, or removes it if there is none to store, if the condition holds.
   * @throws KvError
   */
  async change(
    keyspace: string,
    key: Uint8Array,
    value: EncodedValue | undefined,
    asked: { readonly condition: ChangeCondition; readonly wantCurrent: boolean },
    options: CallOptions,
  ): Promise<ChangeAnswer> {
    const route = await this.#route(keyspace, key, { name: 'w', number: undefined });
    refuseSloppy(keyspace, route, options);
    return this.#change(route, { key, value, ...asked }, options);
  }

  /** In a strong keyspace. @throws KvError */
  async update(job: Omit<UpdateJob, 'options'> & { readonly options: CallOptions }): Promise<UpdateAnswer> {
    const { keyspace, key, options } = job;
    const route = await this.#route(keyspace, key, { name: 'w', number: undefined });
    if (route.mode !== 'strong') {
      const message = `update needs a strong keyspace, and ${keyspace} is ${route.mode}`;
      throw new KvError('NOT_SUPPORTED', message, { outcome: 'rejected' });
    }
    refuseSloppy(keyspace, route, options);
    const { timeoutMs = this.#target.timeoutMs } = options;
    checkTimeout(timeoutMs);
    return update(this, this.#ports, { ...job, options: { ...options, timeoutMs } });
  }

  /** In a keyspace with siblings. @throws KvError */
  async updateSiblings(
    job: Omit<UpdateSiblingsJob, 'options'> & { readonly options: CallOptions },
  ): Promise<UpdateAnswer> {
    const { timeoutMs = this.#target.timeoutMs } = job.options;
    checkTimeout(timeoutMs);
    return updateSiblings(this, this.#ports, { ...job, options: { ...job.options, timeoutMs } });
  }

  /** Has the keyspaces changed. `behind`: names of the members that are not known to go by it yet. @throws KvError */
  async changeKeyspace(
    change: KeyspaceChange,
    options: CallOptions,
  ): Promise<ClusterInfo & { readonly behind: readonly string[] }> {
    checkChange(change);
    const message = (): Message => {
      const id = changeIdAt(this.#clock.stamp().ms, hex(this.#ports.random.bytes(16)));
      return { type: 'change-keyspace', id, change };
    };
    const { addresses, epoch } = this.topology;
    const { topology, behind } = await this.#run(
      { kind: 'write', message: message(), restamp: this.#restampedBy(message), judge: judgeChange },
      { keyspaceId: 0, epoch, addresses },
      options,
    );
    this.#learn(new TopologyView(topology, this.#target.nodes));
    const names = new Map(topology.members.map(({ id, name }) => [id, name]));
    return { ...this.topology.info, behind: behind.map((id) => names.get(id) ?? id) };
  }

  /** Fetches the topology again. @throws KvError UNREACHABLE */
  async refresh(): Promise<void> {
    const failures: string[] = [];
    for (const address of this.#sessions.bestFirst(this.topology.addresses)) {
      const failure = await this.#fetchTopology(address);
      if (failure === undefined) return;
      failures.push(`${address} (${failure})`);
    }
    throw new KvError('UNREACHABLE', `no node told the topology: ${failures.join(', ')}`);
  }

  /** What is stamped from now on comes after this version. */
  met(version: Version): void {
    this.#clock.met(version);
  }

  /** Requests under way fail. Idempotent. */
  close(): void {
    this.#sessions.close();
  }

  /** Of what may be a change: in every strong keyspace it is. @throws KvError for a condition in an eventual one */
  async #write(
    keyspace: string,
    { key, value }: { readonly key: Uint8Array; readonly value: EncodedValue | undefined },
    options: SetOptions,
  ): Promise<WriteAnswer> {
    const route = await this.#route(keyspace, key, { name: 'w', number: options.w, level: options.level });
    refuseSloppy(keyspace, route, options);
    checkSiblingOptions(keyspace, route, options);
    // Said with every try: each has the same deadline then, though the keyspace's default may change meanwhile.
    const mortal = value && { ...value, ttlMs: checkedTtl(options.ttlMs ?? route.ttlMs) };
    if (route.mode === 'eventual') {
      refuseCondition(keyspace, options);
      const version = this.#clock.stamp();
      const write: Put | Delete =
        mortal === undefined ? { type: 'delete', key, version } : { type: 'put', key, version, ...plain(mortal) };
      return this.#writeVersion(write, route, options);
    }
    const change = { key, value: mortal, condition: conditionOf(options), wantCurrent: false };
    const answer = await this.#change(route, change, options);
    if (answer.outcome === 'applied') return { ...answer, winner: undefined, certain: true };
    throw conflictError(answer);
  }

  async #writeVersion(write: Put | Delete, route: Route, options: WriteOptions): Promise<WriteAnswer> {
    const isBeside = route.conflict === 'siblings';
    const message: Message = isBeside
      ? besideOthers(write, options, route.needed)
      : { ...write, w: route.needed, ...sloppyIn(options) };
    const restamp = this.#restampedBy(() => ({ ...message, version: this.#clock.stamp() }));
    const request = { kind: 'write', message, restamp, onlyThere: isBeside, judge: judgeWrite(route.nameOf) } as const;
    // A replica of the key makes the write itself: tried again there it is the same one, at another it would be a second.
    const answer = await this.#run(request, isBeside ? { ...route, addresses: route.replicas } : route, options);
    if (answer.winner !== undefined) this.#clock.met(answer.winner);
    return answer;
  }

  async #change(route: Route, change: KeyChange, options: CallOptions): Promise<ChangeAnswer> {
    const message = (): Message => changeMessage(change, this.#clock.stamp());
    const restamp = this.#restampedBy(message);
    const request = { kind: 'write', message: message(), restamp, judge: judgeKeyChange(route.nameOf) } as const;
    const answer = await this.#run(request, route, options);
    if (answer.version !== undefined) this.#clock.met(answer.version);
    return answer;
  }

  /** `message`: the same write under a stamp of now. */
  #restampedBy(message: () => Message): (because: StampRefusal) => Message {
    return (because) => {
      if (because === 'STAMP_TOO_FAR_AHEAD') this.#clock.refusedAsAhead();
      return message();
    };
  }

  #route(keyspace: string, key: Uint8Array, quorum: AskedQuorum): Route | Promise<Route> {
    return this.#routeBy(keyspace, (topology) => topology.route(keyspace, key, quorum));
  }

  #routeBy(keyspace: string, route: (topology: TopologyView) => Route): Route | Promise<Route> {
    if (this.topology.hasKeyspace(keyspace)) return route(this.topology);
    return this.#seeker.seek(keyspace).then(() => route(this.topology));
  }

  #run<Result>(
    request: Pick<RequestSpec<Result>, 'kind' | 'message' | 'restamp' | 'onlyThere' | 'judge'>,
    { keyspaceId, epoch, addresses }: Pick<Route, 'keyspaceId' | 'epoch' | 'addresses'>,
    { timeoutMs = this.#target.timeoutMs, signal }: CallOptions,
  ): Promise<Result> {
    checkTimeout(timeoutMs);
    const candidates = this.#sessions.bestFirst(addresses);
    const header: RequestSpec<Result>['header'] = () => ({ keyspaceId, epoch, stamp: this.#clock.latest });
    const sessionWith = (address: string): Session | undefined => this.#sessions.with(address);
    const foundSilent = (address: string): void => this.#sessions.foundSilent(address);
    return runRequest(
      { ports: this.#ports, sessionWith, foundSilent },
      { ...request, candidates, timeoutMs, signal, header },
    );
  }

  #checkHello(theirs: Hello): void {
    negotiate(this.#hello, theirs);
    const expected = this.#topology?.clusterId ?? theirs.clusterId;
    if (theirs.clusterId === expected) return;
    throw new Error(`needed a node of cluster ${expected}, got one of ${theirs.clusterId}`);
  }

  #heard({ stamp, epoch }: FrameHeader): void {
    this.#clock.heard(stamp);
    if (this.#topology !== undefined && (this.#isStale || epoch > this.#topology.epoch)) this.#refreshSoon();
  }

  /** Fetches the topology again, from whoever is there. */
  #refreshSoon(): void {
    const now = this.#ports.clock.monotonicMs();
    const session = this.#sessions.anyOpen();
    if (session === undefined || now < this.#refreshedAt + refreshEveryMs) return;
    this.#refreshedAt = now;
    this.#isStale = false;
    this.#askTopology(session, () => undefined);
  }

  /** Why the topology could not be fetched from the node, or undefined when it was. */
  #fetchTopology(address: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const session = this.#sessions.with(address);
      if (session === undefined) resolve('the client was closed');
      else this.#askTopology(session, resolve);
    });
  }

  #askTopology(session: Session, done: (failure: string | undefined) => void): void {
    const header = { epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: this.#clock.latest };
    const forget = session.ask(() => ({ type: 'topology-request' }), {
      header: () => header,
      answered: ({ message }) => {
        timer.cancel();
        if (message.type === 'topology') this.#learn(new TopologyView(message, this.#target.nodes));
        done(message.type === 'topology' ? undefined : `answered with ${message.type}`);
      },
      lost: (reason) => {
        timer.cancel();
        done(reason);
      },
      unsendable: (error) => {
        throw error;
      },
    });
    const timer = this.#ports.timers.set(answerWithinMs, () => {
      forget();
      done(`no answer in ${answerWithinMs} ms`);
    });
  }

  #learn(topology: TopologyView): void {
    if (this.#topology === undefined || topology.epoch >= this.#topology.epoch) this.#topology = topology;
  }
}

/** How long a node may take to tell its topology, the time to reach it included. */
const answerWithinMs = 3000;
