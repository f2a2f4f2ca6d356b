/**
 * A cluster as a client knows it: the topology, fetched from any node and again when it seems out of date, and requests
 * that are carried to its nodes.
 */
import type { Version } from '@kv/quorum';
import {
  anyClusterId,
  changeIdAt,
  type FrameHeader,
  type Hello,
  type KeyspaceChange,
  type Message,
  negotiate,
} from '@kv/wire';
import { beginCall, type Call, within } from './call.ts';
import type { ClusterInfo } from './client.ts';
import { helloOf, hex } from './client-hello.ts';
import { closedError, KvError } from './errors.ts';
import { type Destination, KeyspaceCall, type KeyspaceCallDependencies, type Request } from './keyspace-call.ts';
import { checkChange } from './keyspace-change.ts';
import { KeyspaceGone } from './keyspace-gone.ts';
import { KeyspaceSeeker } from './keyspace-seeker.ts';
import type { CallOptions } from './options.ts';
import type { ClientPorts } from './ports.ts';
import { type RequestSpec, runRequest } from './request-run.ts';
import { restampedBy } from './restamp.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import type { Target } from './target.ts';
import { TopologyView } from './topology-view.ts';
import { judgeChange } from './verdict.ts';
import { WriteClock } from './write-clock.ts';

/** What a keyspace needs of the cluster. */
export type ClusterView = Pick<Cluster, 'begin' | 'inKeyspace' | 'met'>;

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
  /** What calls in keyspaces need of this. */
  readonly #inside: KeyspaceCallDependencies;

  constructor(ports: ClientPorts, target: Target) {
    const drawId = (): string => hex(ports.random.bytes(16));
    this.#ports = ports;
    this.#target = target;
    this.#clock = new WriteClock(ports.clock, drawId);
    this.#hello = helloOf(drawId());
    this.#seeker = new KeyspaceSeeker({
      ...{ ports, seeds: target.nodes, topology: () => this.topology },
      isClosed: () => this.#sessions.isClosed,
      fetchTopology: (address) => this.#fetchTopology(address),
    });
    this.#inside = {
      ...{ ports, clock: this.#clock, topology: () => this.topology },
      run: (request, to, call) => this.#run(request, to, call),
    };
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

  /** The time of a call begins here. @throws KvError INVALID_TIMEOUT, ABORTED */
  begin({ timeoutMs = this.#target.timeoutMs, signal }: CallOptions): Call {
    return beginCall({ timeoutMs, signal }, this.#ports);
  }

  /**
   * Does what a call does in its keyspace, which is looked for first where it is not known here; and once more, from
   * the beginning, where nodes do not know it any more by the id that is known here: it may have been made anew.
   * @throws KvError
   */
  async inKeyspace<Result>(
    keyspace: string,
    call: Call,
    run: (inside: KeyspaceCall) => Promise<Result>,
  ): Promise<Result> {
    if (this.topology.idOf(keyspace) === undefined) await this.#seeker.seek(keyspace, call);
    try {
      return await run(new KeyspaceCall(this.#inside, keyspace, call));
    } catch (error) {
      if (!(error instanceof KeyspaceGone)) throw error;
      await this.#seeker.seek(keyspace, call, error.keyspaceId);
    }
    try {
      return await run(new KeyspaceCall(this.#inside, keyspace, call));
    } catch (error) {
      throw error instanceof KeyspaceGone ? error.named(keyspace) : error;
    }
  }

  /** Has the keyspaces changed. `behind`: names of the members that are not known to go by it yet. @throws KvError */
  async changeKeyspace(
    change: KeyspaceChange,
    options: CallOptions,
  ): Promise<ClusterInfo & { readonly behind: readonly string[] }> {
    checkChange(change);
    const call = this.begin(options);
    const message = (): Message => {
      const id = changeIdAt(this.#clock.stamp().ms, hex(this.#ports.random.bytes(16)));
      return { type: 'change-keyspace', id, change };
    };
    const { addresses, epoch } = this.topology;
    const { topology, behind } = await this.#run(
      { kind: 'write', message: message(), restamp: restampedBy(this.#clock, message), judge: judgeChange },
      { keyspaceId: 0, epoch, addresses },
      call,
    );
    this.#learn(new TopologyView(topology, this.#target.nodes));
    const names = new Map(topology.members.map(({ id, name }) => [id, name]));
    return { ...this.topology.info, behind: behind.map((id) => names.get(id) ?? id) };
  }

  /** Fetches the topology again. @throws KvError UNREACHABLE */
  async refresh(options: CallOptions): Promise<void> {
    const call = this.begin(options);
    await within(call, this.#ports, { waited: this.#refreshFromAny(), question: 'what the cluster is' });
  }

  /** What is stamped from now on comes after this version. */
  met(version: Version): void {
    this.#clock.met(version);
  }

  /** Requests under way fail. Idempotent. */
  close(): void {
    this.#sessions.close();
  }

  async #refreshFromAny(): Promise<void> {
    const failures: string[] = [];
    for (const address of this.#sessions.bestFirst(this.topology.addresses)) {
      const failure = await this.#fetchTopology(address);
      if (failure === undefined) return;
      failures.push(`${address} (${failure})`);
    }
    if (this.#sessions.isClosed) throw closedError();
    throw new KvError('UNREACHABLE', `no node told the topology: ${failures.join(', ')}`);
  }

  #run<Result>(request: Request<Result>, to: Destination, call: Call): Promise<Result> {
    const { keyspaceId, epoch, addresses } = to;
    const candidates = this.#sessions.bestFirst(addresses);
    const header: RequestSpec<Result>['header'] = () => ({ keyspaceId, epoch, stamp: this.#clock.latest });
    const sessionWith = (address: string): Session | undefined => this.#sessions.with(address);
    const foundSilent = (address: string): void => this.#sessions.foundSilent(address);
    return runRequest({ ports: this.#ports, sessionWith, foundSilent }, { ...request, candidates, call, header });
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
