/**
 * Gets back from the other owners what rotted on this member's disk. For each damaged file that somebody met:
 *
 * 1. The engine says which keys cannot be read any more. They are lost from then on ({@link Losses}): what this member said of
 *    them it has forgotten, so that it must not be asked, nor take writes that it cannot compare.
 * 2. They are cut out of the store, with everything older that they may have hidden; what was written since stays. So nothing that
 *    was replaced or deleted comes forth, and the damage is gone from the disk.
 * 3. Once nothing is under way any more that it may have answered before, its range is compared with each other owner. What any of
 *    them holds comes back by that, as by all anti-entropy.
 * 4. When all of them were, the loss is over.
 *
 * What was acknowledged by others too is whole again then; what only this member ever had, by W = 1, is gone. As long as another
 * owner is away the loss stays, and the others serve.
 *
 * An acceptor that forgot its promises must not be asked either; but more: a proposal from before the loss that it had accepted
 * may still reach another owner. So the range of a strong keyspace is sealed first, at all owners, up to a ballot that is not
 * below any which this member was ever offered.
 */
import type { BatchOperation, StorageEngine } from '@kv/lsm-storage/core';
import { CorruptionError, StorageError } from '@kv/lsm-storage/core';
import { majority, type Stamp } from '@kv/quorum';
import type { TopologyKeyspace } from '@kv/wire';
import type { BallotCeiling } from '../clock/ballot-ceiling.ts';
import type { Counters } from '../counters.ts';
import type { HintedHandoff } from '../hints/hinted-handoff.ts';
import type { Membership } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Log } from '../ports.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import { nameOfRange, type Range } from '../repair/range-records.ts';
import type { Repairer } from '../repair/repairer.ts';
import type { StorageFailures } from '../storage-failures.ts';
import type { Topology } from '../topology/topology.ts';
import type { Losses } from './losses.ts';
import { whatWasLost, type WhatWasLost } from './lost-keys.ts';

export interface HealerDependencies {
  readonly self: string;
  readonly engine: StorageEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly peers: PeerRequests;
  readonly membership: Membership;
  readonly losses: Losses;
  readonly ceiling: BallotCeiling;
  readonly watermarks: Watermarks;
  readonly repairer: Repairer;
  readonly handoff: Pick<HintedHandoff, 'lost' | 'recount'>;
  readonly failures: StorageFailures;
  readonly topology: () => Topology;
  /** All that this member keeps for itself, as it is in memory. */
  readonly restated: () => readonly BatchOperation[];
}

export interface HealerOptions {
  /** See `ClusterNodeOptions.healAfterMs`. */
  readonly healAfterMs: number;
  readonly requestTimeoutMs: number;
}

/** One range of which something is lost, and how far its healing has come. */
interface Healing {
  readonly range: Range;
  /** Monotonic milliseconds: from when on it may be compared. */
  dueAt: number;
  readonly seal: Stamp;
  readonly sealed: Set<string>;
  readonly compared: Set<string>;
  busy: boolean;
  /** With whom the last step did not succeed: the next one begins with another owner, if there is one. */
  unwilling: string | undefined;
  /** Steps in a row that did not succeed. */
  failures: number;
}

/** What did not succeed is tried again after so many milliseconds, and each further time after twice as many. */
const retryMs = 1000;
/** What another owner has lost as well may never come back: it must not keep both of them busy. */
const longestRetryMs = 16_000;
const retryCutMs = 10_000;
/** Ranges that are healed at once: a file holds some of many, and what brings them back goes beside all other work. */
const mostAtOnce = 4;
/** It is told that ranges do not come back when so many steps in a row did not succeed: after a minute. */
const failuresTold = 8;
/** Damage elsewhere, a merge that came first, a disk that could not be read: later it may be otherwise. */
const passing: ReadonlySet<string> = new Set(['CORRUPTION', 'NOT_FOUND', 'IO_ERROR']);

export class Healer {
  readonly #dependencies: HealerDependencies;
  readonly #options: HealerOptions;
  /** Damaged files that are yet to be looked into. */
  readonly #files = new Set<string>();
  /** Files of which nothing can be got back: told once, and left as they are. */
  readonly #beyond = new Set<string>();
  readonly #healings = new Map<string, Healing>();
  /** Partitions whose hints are to be counted anew. */
  readonly #hints = new Set<number>();
  /** Members of whom it was told that a range does not come back by them: once each, until all have come back. */
  readonly #accused = new Set<string>();
  #cutting = false;
  #cutAt = 0;
  #lookAt = 0;
  #running = true;

  constructor(dependencies: HealerDependencies, options: HealerOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    dependencies.failures.damage.onFound((file) => this.#found(file));
  }

  /** Nothing is begun after this. */
  stop(): void {
    this.#running = false;
  }

  tick(): void {
    if (!this.#running) return;
    this.#lookAtCompactions();
    if (!this.#cutting) this.#cutNext();
    if (this.#hints.size > 0 && this.#dependencies.handoff.recount(this.#hints)) this.#hints.clear();
    if (!this.#cutting) this.#healOn();
  }

  #found(file: string): void {
    if (!this.#beyond.has(file)) this.#files.add(file);
  }

  /** What only merging reads, only merging finds damaged. */
  #lookAtCompactions(): void {
    const { clock, engine, failures } = this.#dependencies;
    if (clock.monotonicMs() < this.#lookAt) return;
    this.#lookAt = clock.monotonicMs() + retryCutMs;
    const { compactionFailure } = engine.stats();
    if (compactionFailure instanceof CorruptionError) failures.damage.tell(compactionFailure);
  }

  #cutNext(): void {
    const { clock } = this.#dependencies;
    const [file] = this.#files;
    if (file === undefined || clock.monotonicMs() < this.#cutAt) return;
    this.#cutting = true;
    this.#files.delete(file);
    this.#cut(file).then(
      () => (this.#cutting = false),
      (error: unknown) => {
        this.#cutting = false;
        this.#notCut(file, error);
      },
    );
  }

  async #cut(file: string): Promise<void> {
    const { engine, self, topology, losses, handoff, log, counters, restated } = this.#dependencies;
    const loss = await engine.lossOf(file);
    if (loss.runs.length === 0 || !this.#running) return;
    const lost = whatWasLost(loss.ranges, self, topology());
    const reason = this.#cannotHeal(lost);
    if (reason !== undefined) {
      this.#beyond.add(file);
      log.warn('storage-not-healed', { file, reason });
      return;
    }
    for (const { partition } of lost.hints) this.#hints.add(partition);
    handoff.lost(lost.hints);
    for (const { range } of lost.records) this.#healings.delete(nameOfRange(range));
    await losses.add(lost.records, lost.own ? restated() : []);
    for (const range of rangesIn(lost)) await this.#sealOwn(range);
    try {
      await engine.cutOut(loss);
    } finally {
      // Also where it failed half-way: a tree that still counts what is gone would be found the same as the others', and the loss over.
      await Promise.all(rangesIn(lost).map((range) => this.#dependencies.repairer.recount(range)));
    }
    counters.lossesCutOut += 1;
    log.warn('storage-cut-out', { file, ranges: rangesIn(lost).length });
  }

  /** Why what was lost cannot come back; `undefined`: it can. */
  #cannotHeal({ records }: WhatWasLost): string | undefined {
    for (const { range } of records) {
      const keyspace = this.#keyspaceOf(range);
      if (keyspace === undefined) continue;
      const others = this.#othersOf(range).length;
      if (others === 0) return 'NO_OTHER_OWNER';
      if (keyspace.mode === 'strong' && others < majority(others + 1)) return 'NO_MAJORITY_OF_OTHERS';
    }
    return undefined;
  }

  /** Before anything that was promised is forgotten. */
  async #sealOwn(range: Range): Promise<void> {
    const { watermarks, ceiling } = this.#dependencies;
    if (this.#keyspaceOf(range)?.mode !== 'strong') return;
    const durable = await new Promise<boolean>((done) => watermarks.seal(range, ceiling.seal, done));
    if (!durable) throw new StorageError('IO_ERROR', 'the seal could not be made durable');
  }

  #notCut(file: string, error: unknown): void {
    const { clock, failures, log } = this.#dependencies;
    if (!this.#running) return;
    if (error instanceof StorageError && error.code === 'INVALID_ARGUMENT') {
      this.#beyond.add(file);
      log.warn('storage-not-healed', { file, reason: 'NOT_REPLICATED' });
      return;
    }
    if (failures.room.wasMissing(error) || (error instanceof StorageError && passing.has(error.code))) {
      this.#cutAt = clock.monotonicMs() + retryCutMs;
      this.#files.add(file);
      if (error instanceof CorruptionError) failures.damage.tell(error);
    } else failures.ofWrite(error, () => undefined);
  }

  #healOn(): void {
    const { losses, clock } = this.#dependencies;
    const healings = losses.ranges.map((range) => this.#healingOf(range));
    let underWay = healings.filter(({ busy }) => busy).length;
    for (const healing of healings) {
      if (underWay >= mostAtOnce) return;
      if (healing.busy || clock.monotonicMs() < healing.dueAt) continue;
      this.#heal(healing);
      if (healing.busy) underWay += 1;
    }
  }

  #healingOf(range: Range): Healing {
    const { clock, ceiling } = this.#dependencies;
    const name = nameOfRange(range);
    const known = this.#healings.get(name);
    if (known !== undefined) return known;
    const isStrong = this.#keyspaceOf(range)?.mode === 'strong';
    const dueAt = clock.monotonicMs() + (isStrong ? 0 : this.#options.healAfterMs);
    const healing = {
      range,
      dueAt,
      seal: ceiling.seal,
      sealed: new Set<string>(),
      compared: new Set<string>(),
      busy: false,
      unwilling: undefined,
      failures: 0,
    };
    this.#healings.set(name, healing);
    return healing;
  }

  /** The next step of the range, with one other owner. */
  #heal(healing: Healing): void {
    const { membership } = this.#dependencies;
    const { range, sealed, compared } = healing;
    const keyspace = this.#keyspaceOf(range);
    if (keyspace === undefined) return;
    const others = this.#othersOf(range);
    const unsealed = keyspace.mode === 'strong' ? others.filter((other) => !sealed.has(other)) : [];
    const left = unsealed.length > 0 ? unsealed : others.filter((other) => !compared.has(other));
    if (left.length === 0) {
      if (others.length > 0) this.#lift(healing);
      return;
    }
    const alive = left.filter((other) => membership.stateOf(other) === 'alive');
    const peer = alive.find((other) => other !== healing.unwilling) ?? alive[0];
    if (peer === undefined) return;
    if (unsealed.length > 0) this.#seal(healing, peer);
    else if (this.#dependencies.repairer.isCounted(range)) this.#compare(healing, peer);
  }

  #seal(healing: Healing, peer: string): void {
    const { peers, clock } = this.#dependencies;
    const { range, seal, sealed } = healing;
    healing.busy = true;
    peers.ask({
      to: peer,
      keyspaceId: range.keyspaceId,
      message: { type: 'purge-seal', partition: range.partition, upTo: seal },
      deadline: clock.monotonicMs() + this.#options.requestTimeoutMs,
      answered: (reply) => {
        const isSealed = reply.type === 'purge-reply' && reply.outcome === 'clear';
        if (isSealed) sealed.add(peer);
        this.#stepped(healing, peer, isSealed);
      },
      failed: () => this.#stepped(healing, peer, false),
    });
  }

  #compare(healing: Healing, peer: string): void {
    const { repairer } = this.#dependencies;
    healing.busy = true;
    repairer.compare(healing.range, peer, (confirmed) => {
      if (confirmed) healing.compared.add(peer);
      this.#stepped(healing, peer, confirmed);
    });
  }

  #stepped(healing: Healing, peer: string, successfully: boolean): void {
    healing.unwilling = successfully ? undefined : peer;
    healing.failures = successfully ? 0 : healing.failures + 1;
    if (successfully) healing.busy = false;
    else this.#retry(healing);
    if (healing.failures === failuresTold) this.#accuse(healing, peer);
  }

  /** Often many ranges have the same cause. */
  #accuse({ range }: Healing, member: string): void {
    if (this.#accused.has(member)) return;
    this.#accused.add(member);
    this.#dependencies.log.warn('range-not-healed', {
      ...range,
      member,
      ranges: this.#dependencies.losses.ranges.length,
    });
  }

  #retry(healing: Healing): void {
    const waitMs = Math.min(longestRetryMs, retryMs * 2 ** Math.max(0, healing.failures - 1));
    healing.busy = false;
    healing.dueAt = this.#dependencies.clock.monotonicMs() + waitMs;
  }

  #lift(healing: Healing): void {
    const { losses, counters, log, failures } = this.#dependencies;
    const name = nameOfRange(healing.range);
    healing.busy = true;
    losses.lift(healing.range).then(
      () => {
        failures.room.wasThere();
        this.#healings.delete(name);
        if (losses.ranges.length === 0) this.#accused.clear();
        counters.rangesHealed += 1;
        log.info('range-healed', { ...healing.range });
      },
      (error: unknown) => failures.ofWrite(error, () => this.#retry(healing)),
    );
  }

  #keyspaceOf({ keyspaceId }: Range): TopologyKeyspace | undefined {
    return this.#dependencies.topology().keyspaceById(keyspaceId);
  }

  #othersOf(range: Range): readonly string[] {
    const { self, topology } = this.#dependencies;
    const keyspace = this.#keyspaceOf(range);
    if (keyspace === undefined) return [];
    return topology()
      .owners(keyspace, range.partition)
      .filter((owner) => owner !== self);
  }
}

function rangesIn({ records }: WhatWasLost): Range[] {
  return [...new Map(records.map(({ range }) => [nameOfRange(range), range])).values()];
}
