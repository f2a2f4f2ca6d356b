/**
 * A cluster for tests, of real ReadOperations and WriteOperations: replicas that keep the highest version they were sent,
 * and a network that reorders, duplicates, loses and cuts. Everything that may go either way asks `choose`: a test draws,
 * or goes through every way there is.
 */
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
  readonly choose: Choose;
  readonly inFlight: Message[] = [];
  /** Every version that was ever durable anywhere, in text form. */
  readonly everStored = new Set<string>();
  readonly #stored = new Map<string, Version>();
  #met = 0;

  constructor(n: number, choose: Choose) {
    this.names = ['a', 'b', 'c', 'd', 'e'].slice(0, n);
    this.choose = choose;
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
  /** Repairs sent and not acknowledged before the answer. */
  unconfirmedRepairs = 0;
  readonly failures = new Set<string>();
  readonly #repairs = new Set<string>();
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, replicas: readonly string[], needed: number, floor: Floor) {
    this.#cluster = cluster;
    this.floor = floor;
    this.operation = new ReadOperation<string>({ replicas, needed, epoch: 1 }, 0);
    this.run(this.operation.start());
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
      else this.#conclude(effect.result);
    }
  }

  #fetch(from: string, want: 'value' | 'version'): void {
    const serve = (): (() => void) => {
      const version = this.#cluster.held(from);
      const withValue = want === 'value' && version !== undefined;
      const held: Held<string> = { version, ...(withValue && { value: valueOf(version) }) };
      return () => this.run(this.operation.receive(from, held, 0));
    };
    this.#cluster.inFlight.push({ type: 'fetch', to: from, serve, fail: this.#failing(from) });
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
    this.#cluster.inFlight.push({ type: 'store', to, serve, fail: this.#failing(to) });
  }

  #failing(replica: string): (answer: 'refused' | 'unreachable') => void {
    return (answer) => {
      this.failures.add(replica);
      this.run(this.operation.fail(replica, answer, 'by-model', 0));
    };
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
  readonly #cluster: Cluster;
  readonly #version: Version;

  constructor(cluster: Cluster, replicas: readonly string[], needed: number, version: Version, floor: Floor) {
    this.#cluster = cluster;
    this.#version = version;
    this.floor = floor;
    this.operation = new WriteOperation({ replicas, needed, epoch: 1 }, version, 0);
    this.run(this.operation.start());
  }

  expire(): void {
    this.run(this.operation.expire());
  }

  run(effects: readonly WriteEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'answer') this.answers.push(effect.result);
      else this.#send(effect.to);
    }
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
