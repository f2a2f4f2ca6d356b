/**
 * What one call does in its keyspace: each request goes straight to a replica of its key, in the time that the call has
 * left. It fails with KeyspaceGone where nodes do not know the keyspace by the id that is known here.
 */
import type { AskedQuorum, Version } from '@kv/quorum';
import type { ChangeCondition, ConflictRule, Delete, Message, Put, Scan, ScanReply } from '@kv/wire';
import type { Call } from './call.ts';
import {
  type ChangeAnswer,
  changeMessage,
  conditionOf,
  conflictError,
  judgeKeyChange,
  type KeyChange,
  refuseCondition,
} from './change.ts';
import { KvError } from './errors.ts';
import { goneOr } from './keyspace-gone.ts';
import { type CallOptions, checkedTtl, type DeleteOptions, type ReadOptions, type SetOptions } from './options.ts';
import type { ClientPorts } from './ports.ts';
import type { RequestSpec } from './request-run.ts';
import { restampedBy } from './restamp.ts';
import { startOf } from './scan.ts';
import { besideOthers, checkSiblingOptions } from './siblings.ts';
import { refuseSloppy, sloppyIn } from './sloppiness.ts';
import type { Route, TopologyView } from './topology-view.ts';
import { update, type UpdateAnswer, type UpdateJob, updateSiblings, type UpdateSiblingsJob } from './update.ts';
import { type EncodedValue, plain } from './value.ts';
import {
  judgeRead,
  judgeScan,
  judgeSiblings,
  judgeWrite,
  type ReadAnswer,
  type SiblingsAnswer,
  type WriteAnswer,
} from './verdict.ts';
import type { WriteClock } from './write-clock.ts';

/** A request without where it goes and how long it may take. */
export type Request<Result> = Pick<RequestSpec<Result>, 'kind' | 'message' | 'restamp' | 'onlyThere' | 'judge'>;

/** Where a request goes. */
export type Destination = Pick<Route, 'keyspaceId' | 'epoch' | 'addresses'>;

export interface KeyspaceCallDependencies {
  readonly ports: Pick<ClientPorts, 'clock' | 'timers' | 'random'>;
  readonly clock: WriteClock;
  /** As it is known at the moment. */
  readonly topology: () => TopologyView;
  /** Rejects with a KvError. */
  run<Result>(request: Request<Result>, to: Destination, call: Call): Promise<Result>;
}

export class KeyspaceCall {
  readonly #dependencies: KeyspaceCallDependencies;
  readonly #keyspace: string;
  readonly #call: Call;

  constructor(dependencies: KeyspaceCallDependencies, keyspace: string, call: Call) {
    this.#dependencies = dependencies;
    this.#keyspace = keyspace;
    this.#call = call;
  }

  /** @throws KvError UNKNOWN_KEYSPACE */
  get conflict(): ConflictRule {
    return this.#dependencies.topology().conflictOf(this.#keyspace);
  }

  /** @throws KvError */
  async read(key: Uint8Array, options: ReadOptions): Promise<ReadAnswer> {
    const route = this.#route(key, { name: 'r', number: options.r, level: options.level });
    refuseSloppy(this.#keyspace, route, options);
    const replicas = route.mode === 'eventual' ? { r: route.needed, ...sloppyIn(options) } : {};
    const message: Message = { type: 'get', key, want: 'value', ...replicas };
    return this.#met(await this.#run({ kind: 'read', message, judge: judgeRead(route.nameOf) }, route));
  }

  /** @throws KvError */
  async readSiblings(key: Uint8Array, options: ReadOptions): Promise<SiblingsAnswer> {
    const route = this.#route(key, { name: 'r', number: options.r, level: options.level });
    refuseSloppy(this.#keyspace, route, options);
    const message: Message = { type: 'get-siblings', key, r: route.needed };
    return this.#met(await this.#run({ kind: 'read', message, judge: judgeSiblings(route.nameOf) }, route));
  }

  /** @throws KvError */
  async scan(scan: Scan, options: ReadOptions): Promise<ScanReply> {
    const topology = this.#dependencies.topology();
    const quorum = { name: 'r', number: options.r, level: options.level } as const;
    const begin = startOf(scan, (key) => topology.partitionOf(key));
    const route = topology.routeToPartition(this.#keyspace, begin, quorum);
    const message: Message = { ...scan, r: route.needed };
    return this.#run({ kind: 'read', message, judge: judgeScan(route.nameOf) }, route);
  }

  /** @throws KvError */
  put(key: Uint8Array, value: EncodedValue, options: SetOptions): Promise<WriteAnswer> {
    return this.#write({ key, value }, options);
  }

  /** @throws KvError */
  delete(key: Uint8Array, options: DeleteOptions): Promise<WriteAnswer> {
    return this.#write({ key, value: undefined }, options);
  }

  /**
   * In a strong keyspace: stores the value, or removes it if there is none to store, if the condition holds.
   * @throws KvError
   */
  async change(
    key: Uint8Array,
    value: EncodedValue | undefined,
    asked: { readonly condition: ChangeCondition; readonly wantCurrent: boolean },
    options: CallOptions,
  ): Promise<ChangeAnswer> {
    const route = this.#route(key, { name: 'w', number: undefined });
    refuseSloppy(this.#keyspace, route, options);
    return this.#change(route, { key, value, ...asked });
  }

  /** In a strong keyspace. @throws KvError */
  async update(job: Omit<UpdateJob, 'call'>): Promise<UpdateAnswer> {
    const route = this.#route(job.key, { name: 'w', number: undefined });
    if (route.mode !== 'strong') {
      const message = `update needs a strong keyspace, and ${this.#keyspace} is ${route.mode}`;
      throw new KvError('NOT_SUPPORTED', message, { outcome: 'rejected' });
    }
    refuseSloppy(this.#keyspace, route, job.options);
    return update(this, this.#dependencies.ports, { ...job, call: this.#call });
  }

  /** In a keyspace with siblings. @throws KvError */
  updateSiblings(job: UpdateSiblingsJob): Promise<UpdateAnswer> {
    return updateSiblings(this, job);
  }

  /** Of what may be a change: in every strong keyspace it is. @throws KvError for a condition in an eventual one */
  async #write(
    { key, value }: { readonly key: Uint8Array; readonly value: EncodedValue | undefined },
    options: SetOptions,
  ): Promise<WriteAnswer> {
    const route = this.#route(key, { name: 'w', number: options.w, level: options.level });
    refuseSloppy(this.#keyspace, route, options);
    checkSiblingOptions(this.#keyspace, route, options);
    // Said with every try: each has the same deadline then, though the keyspace's default may change meanwhile.
    const mortal = value && { ...value, ttlMs: checkedTtl(options.ttlMs ?? route.ttlMs) };
    if (route.mode === 'eventual') {
      refuseCondition(this.#keyspace, options);
      const version = this.#dependencies.clock.stamp();
      const write: Put | Delete =
        mortal === undefined ? { type: 'delete', key, version } : { type: 'put', key, version, ...plain(mortal) };
      return this.#writeVersion(write, route, options);
    }
    const change = { key, value: mortal, condition: conditionOf(options), wantCurrent: false };
    const answer = await this.#change(route, change);
    if (answer.outcome === 'applied') return { ...answer, winner: undefined, certain: true };
    throw conflictError(answer);
  }

  async #writeVersion(write: Put | Delete, route: Route, options: SetOptions): Promise<WriteAnswer> {
    const { clock } = this.#dependencies;
    const isBeside = route.conflict === 'siblings';
    const message: Message = isBeside
      ? besideOthers(write, options, route.needed)
      : { ...write, w: route.needed, ...sloppyIn(options) };
    const restamp = restampedBy(clock, () => ({ ...message, version: clock.stamp() }));
    const request = { kind: 'write', message, restamp, onlyThere: isBeside, judge: judgeWrite(route.nameOf) } as const;
    // A replica of the key makes the write itself: tried again there it is the same, elsewhere it would be a second.
    const answer = await this.#run(request, isBeside ? { ...route, addresses: route.replicas } : route);
    if (answer.winner !== undefined) clock.met(answer.winner);
    return answer;
  }

  async #change(route: Route, change: KeyChange): Promise<ChangeAnswer> {
    const { clock } = this.#dependencies;
    const message = (): Message => changeMessage(change, clock.stamp());
    const restamp = restampedBy(clock, message);
    const request = { kind: 'write', message: message(), restamp, judge: judgeKeyChange(route.nameOf) } as const;
    return this.#met(await this.#run(request, route));
  }

  #met<Answer extends { readonly version: Version | undefined }>(answer: Answer): Answer {
    if (answer.version !== undefined) this.#dependencies.clock.met(answer.version);
    return answer;
  }

  #route(key: Uint8Array, quorum: AskedQuorum): Route {
    return this.#dependencies.topology().route(this.#keyspace, key, quorum);
  }

  /** @throws KvError, KeyspaceGone */
  async #run<Result>(request: Request<Result>, to: Destination): Promise<Result> {
    try {
      return await this.#dependencies.run(request, to, this.#call);
    } catch (error) {
      throw goneOr(error, to.keyspaceId);
    }
  }
}
