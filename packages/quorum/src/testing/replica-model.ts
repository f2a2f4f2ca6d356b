/**
 * A cluster for tests, of real ReadOperations and WriteOperations: replicas that keep the highest version they were sent,
 * and a network that reorders, duplicates, loses and cuts, and fallbacks that keep hints. Everything that may go either way
 * asks `choose`: a test draws, or goes through every way there is.
 */
import type { ReplicaPlan } from '../replica-plan.ts';
import { type Held, type ReadEffect, ReadOperation, type ReadResult } from '../read-operation.ts';
import { compareVersions, formatVersion, newerOf, type Version } from '../version.ts';
import { type WriteEffect, WriteOperation, type WriteResult } from '../write-operation.ts';

/** Picks one of `options` ways, 0 to `options − 1`; 0 is the quiet one, in which nothing goes wrong. */
export type Choose = (options: number) => number;

/** What befalls a message. A request that is cut is reported as unreachable, before or after it was served. */
export type Fate = 'delivered' | 'duplicated' | 'lost' | 'refused' | 'cut-before' | 'cut-after';

interface Request {
  readonly type: 'fetch' | 'store';
  readonly to: string;
  /** Serves the request at the replica; the function returned delivers the reply to the coordinator. */
  readonly serve: () => () => void;
  readonly fail: (answer: 'refused' | 'unreachable') => void;
  /** What the replica did with a copy of this request. */
  verdict?: 'served' | 'refused';
}

export type Message = Request | { readonly type: 'reply'; readonly deliver: () => void };

export class Cluster {
  readonly names: readonly string[];
  /** Servers that own nothing of the key. */
  readonly fallbacks: readonly string[];
  readonly choose: Choose;
  readonly inFlight: Message[] = [];
  /** Every version that was ever durable anywhere, in text form. */
  readonly everStored = new Set<string>();
  readonly #stored = new Map<string, Version>();
  #met = 0;

  constructor(n: number, choose: Choose, fallbacks = 0) {
    this.names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, n);
    this.fallbacks = ['x', 'y', 'z'].slice(0, fallbacks);
    this.choose = choose;
  }

  /** A plan made with a view of the cluster that may be wrong. */
  anyPlan(needed: number, sloppy: boolean): ReplicaPlan {
    const down = this.names.filter(() => this.choose(6) === 5);
    const servers = [...this.names, ...this.fallbacks];
    const coordinator = servers[this.choose(servers.length)] ?? 'a';
    return { replicas: this.anyOrder(), needed, epoch: 1, down, sloppy, fallbacks: this.fallbacks, coordinator };
  }

  hint(keeper: string, owner: string): Version | undefined {
    return this.#stored.get(hintName(keeper, owner));
  }

  keepHint(keeper: string, owner: string, version: Version): Version {
    return this.store(hintName(keeper, owner), version);
  }

  newestHint(keeper: string): Version | undefined {
    return this.names.map((owner) => this.hint(keeper, owner)).reduce(newerOf, undefined);
  }

  held(name: string): Version | undefined {
    return this.#stored.get(name);
  }

  /** Replicas are monotone: an older version never replaces a newer one. Returns what is held now. */
  store(name: string, version: Version): Version {
    const held = newerOf(this.#stored.get(name), version) ?? version;
    this.#stored.set(name, held);
    this.everStored.add(formatVersion(version));
    return held;
  }

  holdersOf(version: Version): number {
    return this.names.filter((name) => isAtLeast(this.held(name), version)).length;
  }

  /** An order of all replicas, the nearest first. */
  anyOrder(): string[] {
    const rest = [...this.names];
    return this.names.flatMap(() => rest.splice(this.choose(rest.length), 1));
  }

  /**
   * The message at `index` meets its fate.
   * @throws Error when there is no end to messages: two thousand are more than any test's operations need.
   */
  meet(index: number, fate: Fate): void {
    const message = this.inFlight[index];
    this.#met += 1;
    if (message === undefined || this.#met > 2_000) throw new Error('operations that do not end');
    if (fate !== 'duplicated') this.inFlight.splice(index, 1);
    if (fate === 'lost') return;
    if (message.type !== 'reply') this.#serve(message, fate);
    else if (fate === 'delivered' || fate === 'duplicated') message.deliver();
  }

  /** A refusal is for good: a replica that refused one copy of a request refuses all, and none if it served one. */
  #serve(request: Request, fate: Fate): void {
    if (fate === 'cut-before') return this.#reply(() => request.fail('unreachable'));
    request.verdict ??= fate === 'refused' ? 'refused' : 'served';
    if (request.verdict === 'refused') return this.#reply(() => request.fail('refused'));
    const acknowledge = request.serve();
    this.#reply(fate === 'cut-after' ? () => request.fail('unreachable') : acknowledge);
  }

  #reply(deliver: () => void): void {
    this.inFlight.push({ type: 'reply', deliver });
  }
}

/** What had been answered when an operation began: the floor for what it may return. */
export interface Floor {
  readonly read: Version | undefined;
  readonly durable: Version | undefined;
}

export class Reader {
  readonly operation: ReadOperation<string>;
  readonly answers: ReadResult<string>[] = [];
  readonly floor: Floor;
  /** Replicas that hold the answer, or something newer, at the moment of the answer. */
  holders = 0;
  readonly plan: ReplicaPlan;
  /** Repairs sent and not acknowledged before the answer. */
  unconfirmedRepairs = 0;
  readonly failures = new Set<string>();
  readonly #repairs = new Set<string>();
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, plan: ReplicaPlan, floor: Floor) {
    this.#cluster = cluster;
    this.floor = floor;
    this.plan = plan;
    this.operation = new ReadOperation<string>(plan, 0);
    this.run(this.operation.start());
  }

  get isOver(): boolean {
    return this.operation.answered;
  }

  late(): void {
    this.run(this.operation.late());
  }

  expire(): void {
    this.run(this.operation.expire());
  }

  standIn(): void {
    this.run(this.operation.standIn());
  }

  run(effects: readonly ReadEffect<string>[]): void {
    for (const effect of effects) {
      if (effect.type === 'fetch') this.#fetch(effect.from, effect.want);
      else if (effect.type === 'repair') this.#repair(effect.to, effect.version);
      else if (effect.type === 'fetch-hint') this.#fetchHint(effect.from);
      else this.#conclude(effect.result);
    }
  }

  #fetchHint(from: string): void {
    const serve = (): (() => void) => {
      const version = this.#cluster.newestHint(from);
      const held: Held<string> = { version, ...(version !== undefined && { value: valueOf(version) }) };
      return () => this.run(this.operation.receiveHint(from, held, 0));
    };
    const fail = (answer: 'refused' | 'unreachable'): void => {
      this.failures.add(from);
      this.run(this.operation.hintFailed(from, answer, 'by-model', 0));
    };
    this.#cluster.inFlight.push({ type: 'fetch', to: from, serve, fail });
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    const serve = (): (() => void) => {
      const version = this.#cluster.held(from);
      const withValue = want === 'value' && version !== undefined;
      const held: Held<string> = { version, ...(withValue && { value: valueOf(version) }) };
      return () => this.run(this.operation.receive(from, held, 0));
    };
    const fail = (answer: 'refused' | 'unreachable'): void => {
      this.failures.add(from);
      this.run(this.operation.fail(from, answer, 'by-model', 0));
    };
    this.#cluster.inFlight.push({ type: 'fetch', to: from, serve, fail });
  }

  #repair(to: string, version: Version): void {
    const name = `${formatVersion(version)} to ${to}`;
    this.#repairs.add(name);
    const serve = (): (() => void) => {
      const held = this.#cluster.store(to, version);
      return () => {
        this.#repairs.delete(name);
        this.run(this.operation.repaired(to, held));
      };
    };
    const fail = (): void => this.run(this.operation.repairFailed(to));
    this.#cluster.inFlight.push({ type: 'store', to, serve, fail });
  }

  #conclude(result: ReadResult<string>): void {
    this.answers.push(result);
    this.unconfirmedRepairs = this.#repairs.size;
    if (result.outcome === 'found') this.holders = this.#cluster.holdersOf(result.version);
  }
}

export class Writer {
  readonly operation: WriteOperation;
  readonly answers: WriteResult[] = [];
  readonly floor: Floor;
  readonly plan: ReplicaPlan;
  /** Every hint that was handed to somebody: who was to keep it, and for whom. */
  readonly hints: { readonly to: string; readonly intendedOwner: string; readonly answered: boolean }[] = [];
  readonly #cluster: Cluster;
  readonly #version: Version;

  constructor(cluster: Cluster, plan: ReplicaPlan, version: Version, floor: Floor) {
    this.#cluster = cluster;
    this.#version = version;
    this.floor = floor;
    this.plan = plan;
    this.operation = new WriteOperation(plan, version, 0);
    this.run(this.operation.start());
  }

  get isOver(): boolean {
    return this.operation.over;
  }

  late(): void {
    this.run(this.operation.late());
  }

  expire(): void {
    this.run(this.operation.expire());
  }

  run(effects: readonly WriteEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'answer') this.answers.push(effect.result);
      else if (effect.type === 'hint') this.#hint(effect.to, effect.intendedOwner);
      else this.#send(effect.to);
    }
  }

  #hint(to: string, owner: string): void {
    this.hints.push({ to, intendedOwner: owner, answered: this.answers.length > 0 });
    const serve = (): (() => void) => {
      const held = this.#cluster.keepHint(to, owner, this.#version);
      return () => this.run(this.operation.hinted(to, owner, held, 0));
    };
    const fail = (answer: 'refused' | 'unreachable'): void =>
      this.run(this.operation.hintFailed(to, owner, answer, 'by-model', 0));
    this.#cluster.inFlight.push({ type: 'store', to: hintName(to, owner), serve, fail });
  }

  #send(to: string): void {
    const serve = (): (() => void) => {
      const held = this.#cluster.store(to, this.#version);
      return () => this.run(this.operation.acknowledge(to, held, 0));
    };
    const fail = (answer: 'refused' | 'unreachable'): void => this.run(this.operation.fail(to, answer, 'by-model', 0));
    this.#cluster.inFlight.push({ type: 'store', to, serve, fail });
  }
}

/** A plan of owners alone, all believed up. */
export function strictPlan(replicas: readonly string[], needed: number): ReplicaPlan {
  return { replicas, needed, epoch: 1 };
}

function hintName(keeper: string, owner: string): string {
  return `${keeper} for ${owner}`;
}

export function valueOf(version: Version): string {
  return `value of ${formatVersion(version)}`;
}

export function isAtLeast(held: Version | undefined, floor: Version | undefined): boolean {
  return floor === undefined || (held !== undefined && compareVersions(held, floor) >= 0);
}

export function returned(result: ReadResult<string>): Version | undefined {
  return result.outcome === 'found' ? result.version : undefined;
}

export function isAnswer(result: ReadResult<string>): boolean {
  return result.outcome === 'found' || result.outcome === 'absent';
}

export const actor: string = '0'.repeat(32);
export const nothingYet: Floor = { read: undefined, durable: undefined };
