/**
 * Drives one exchange with another owner of a range, and repairs what it finds: the newer version goes to whoever has an
 * older one or none, so that whichever order things happen in, the newest stays. Of sets of siblings each may know what the other
 * does not: theirs is merged here, and what that comes to is merged there.
 */
import { compareKeys, type Difference, Exchange, type ExchangeEffect, type ExchangeRequest } from '@kv/anti-entropy';
import type { Counters } from '../counters.ts';
import { type Stamp, zeroStamp } from '@kv/quorum';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock } from '../ports.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import type { StorageDamage } from '../storage-damage.ts';
import type { Topology } from '../topology/topology.ts';
import type { PlannedPlace } from '../replica/replica.ts';
import type { RangeTree } from './range-tree.ts';
import type { RecordCopy } from './record-copy.ts';
import type { Range, RangeTrees } from './range-trees.ts';
import { toMessage, toResponse } from './tree-messages.ts';

export interface ExchangeDriverDependencies {
  readonly self: string;
  readonly clock: Clock;
  readonly peers: PeerRequests;
  readonly counters: Counters;
  readonly trees: RangeTrees;
  readonly watermarks: Watermarks;
  readonly topology: () => Topology;
  readonly damage: StorageDamage;
  readonly isNewer: typeof isNewerVersion;
  readonly records: RecordCopy;
  readonly requestTimeoutMs: number;
}

/** Repairs under way at once: repair is never urgent enough to be in the way. */
const repairsAtOnce = 8;

/** `undefined`: there is none. */
export function isNewerVersion(ours: Uint8Array | undefined, theirs: Uint8Array | undefined): boolean {
  return theirs === undefined || (ours !== undefined && compareKeys(ours, theirs) > 0);
}

export class ExchangeDriver {
  readonly #dependencies: ExchangeDriverDependencies;
  readonly #range: Range;
  readonly #merges: boolean;
  readonly #peer: string;
  readonly #done: (confirmed: boolean) => void;
  readonly #exchange: Exchange;
  /** Differences that were told and are yet to be repaired. */
  #waiting: Difference[] = [];
  #repairing = 0;
  /** What to go on with when they are. */
  #next: (() => void) | undefined;
  #allRepaired = true;
  /** Their purge watermark when they were asked first; they may have a higher one by now. */
  #theirWatermark: Stamp = zeroStamp;

  /**
   * `done` is called once: whether all that was written before now is with both. `merges`: the range is one of sets of
   * siblings.
   */
  constructor(
    dependencies: ExchangeDriverDependencies,
    { range, merges, tree, peer }: { range: Range; merges: boolean; tree: RangeTree; peer: string },
    done: (confirmed: boolean) => void,
  ) {
    this.#dependencies = dependencies;
    this.#range = range;
    this.#merges = merges;
    this.#peer = peer;
    this.#done = done;
    this.#exchange = new Exchange(tree.tree, dependencies.trees.listOf(range));
  }

  start(): void {
    this.#step(() => this.#exchange.start());
  }

  /** What it has to list may be damaged here: then nothing can be said of the range. */
  #step(next: () => ExchangeEffect[]): void {
    let effects: ExchangeEffect[];
    try {
      effects = next();
    } catch (error) {
      this.#dependencies.damage.tell(error);
      this.#done(false);
      return;
    }
    this.#run(effects);
  }

  #run(effects: readonly ExchangeEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'different') this.#waiting.push(...effect.differences);
      else if (effect.type === 'request') this.#next = () => this.#ask(effect.request);
      else this.#next = () => this.#done(effect.outcome !== 'refused' && this.#allRepaired);
    }
    this.#advance();
  }

  #advance(): void {
    while (this.#repairing < repairsAtOnce) {
      const difference = this.#waiting.shift();
      if (difference === undefined) break;
      this.#repairing += 1;
      this.#repair(difference);
    }
    if (this.#repairing > 0) return;
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }

  #ask(request: ExchangeRequest): void {
    const { peers, watermarks } = this.#dependencies;
    const { partition, keyspaceId } = this.#range;
    peers.ask({
      to: this.#peer,
      keyspaceId,
      message: toMessage(request, { partition, watermark: watermarks.of(this.#range).watermark }),
      deadline: this.#deadline(),
      answered: (message) => {
        if (message.type === 'tree-compare-reply') this.#hear(message.watermark);
        const response = toResponse(message);
        if (response === undefined) this.#done(false);
        else this.#step(() => this.#exchange.receive(response));
      },
      failed: () => this.#done(false),
    });
  }

  #hear(watermark: Stamp): void {
    if (this.#theirWatermark === zeroStamp) this.#theirWatermark = watermark;
    this.#dependencies.watermarks.raise(this.#range, watermark);
  }

  #repair({ key, ours, theirs }: Difference): void {
    const { self, counters, isNewer } = this.#dependencies;
    if (this.#merges && ours !== undefined && theirs !== undefined) {
      counters.exchangeRepairsFetched += 1;
      this.#copy(key, this.#peer, self, (copied) => (copied ? this.#giveBack(key, theirs) : this.#repaired(false)));
      return;
    }
    const oursIsNewer = isNewer(ours, theirs);
    const [from, to] = oursIsNewer ? [self, this.#peer] : [this.#peer, self];
    if (oursIsNewer) counters.exchangeRepairsSent += 1;
    else counters.exchangeRepairsFetched += 1;
    this.#copy(key, from, to, (copied) => this.#repaired(copied));
  }

  /** Their set was merged with ours: unless theirs was all of it, they lack something. */
  #giveBack(key: Uint8Array, theirs: Uint8Array): void {
    const { self, counters, records } = this.#dependencies;
    records.holds({ place: this.#placeOf(key), from: self, deadline: this.#deadline() }, theirs, (same) => {
      if (same) {
        this.#repaired(true);
        return;
      }
      counters.exchangeRepairsSent += 1;
      this.#copy(key, self, this.#peer, (copied) => this.#repaired(copied));
    });
  }

  #copy(key: Uint8Array, from: string, to: string, done: (copied: boolean) => void): void {
    const { records, self, watermarks } = this.#dependencies;
    const readUnder = from === self ? watermarks.of(this.#range).watermark : this.#theirWatermark;
    records.copy({ place: this.#placeOf(key), from, to, readUnder, deadline: this.#deadline() }, done);
  }

  #placeOf(key: Uint8Array): PlannedPlace {
    return { ...this.#range, key, epoch: this.#dependencies.topology().epoch };
  }

  #repaired(successfully: boolean): void {
    this.#repairing -= 1;
    if (!successfully) this.#allRepaired = false;
    this.#advance();
  }

  #deadline(): number {
    return this.#dependencies.clock.monotonicMs() + this.#dependencies.requestTimeoutMs;
  }
}
