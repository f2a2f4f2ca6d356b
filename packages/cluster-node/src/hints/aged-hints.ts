/**
 * Hints past their age go: after so long an absence repair is cheaper. But a hint may be all that is left of a write that was
 * acknowledged sloppily while its owners were away. So one goes only once every other owner that is alive holds what it
 * says, and at least one does; while none is alive it stays, whatever its age.
 */
import { compareVersions } from '@kv/quorum';
import { versionOfMeta } from '@kv/wire';
import type { HeldRecord, ReplicaAccess } from '../coordinator/replica-access.ts';
import type { Membership } from '../membership/membership.ts';
import type { Clock } from '../ports.ts';
import { belowWatermark } from '../purge/below-watermark.ts';
import { nameOfRange, rangeNamed } from '../repair/range-records.ts';
import type { PlannedPlace } from '../replica/replica.ts';
import type { Topology } from '../topology/topology.ts';
import type { HintMeta, HintsOfRange, HintStore } from './hint-store.ts';

export interface AgedHintsDependencies {
  readonly clock: Clock;
  readonly hints: HintStore;
  readonly access: ReplicaAccess;
  readonly membership: Membership;
  readonly topology: () => Topology;
}

export interface AgedHintsOptions {
  /** How long an owner may take for one answer. */
  readonly requestTimeoutMs: number;
}

/** Hints read at once: their metas, not their values. */
const readAtOnce = 64;

export class AgedHints {
  readonly #dependencies: AgedHintsDependencies;
  readonly #requestTimeoutMs: number;
  #running = true;
  #isUnderWay = false;

  constructor(dependencies: AgedHintsDependencies, { requestTimeoutMs }: AgedHintsOptions) {
    this.#dependencies = dependencies;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Goes over all groups that may hold aged hints, one hint after the other, unless that is under way. */
  tick(): void {
    if (this.#isUnderWay) return;
    const { hints, clock } = this.#dependencies;
    const groups = hints.ledger.aged(clock.wallMs());
    if (groups.length === 0) return;
    this.#isUnderWay = true;
    void this.#settleAll(groups.map(({ owner, range }) => ({ ...rangeNamed(range), intendedOwner: owner })));
  }

  /** Nothing more is sent after this. */
  stop(): void {
    this.#running = false;
  }

  async #settleAll(groups: readonly HintsOfRange[]): Promise<void> {
    for (const group of groups) {
      if (this.#running && this.#holders(group).length > 0) await this.#settle(group);
    }
    this.#isUnderWay = false;
  }

  async #settle(group: HintsOfRange): Promise<void> {
    const { hints, clock } = this.#dependencies;
    const counted = { owner: group.intendedOwner, range: nameOfRange(group) };
    hints.ledger.beginLook(counted);
    let oldestMs = Number.POSITIVE_INFINITY;
    let dropped = 0;
    for (let page = hints.metasOf(group, undefined, readAtOnce); ; ) {
      for (const hint of page) {
        const { ms } = versionOfMeta(hint.meta);
        if (hints.ledger.isTooOld(ms, clock.wallMs()) && (await this.#isHeld(hint))) {
          hints.drop(hint);
          dropped += 1;
        } else {
          oldestMs = Math.min(oldestMs, ms);
        }
      }
      if (page.length < readAtOnce || !this.#running) break;
      page = hints.metasOf(group, page.at(-1)?.key, readAtOnce);
    }
    hints.ledger.endLook(counted, oldestMs);
    if (dropped > 0) hints.tellDropped(group, dropped, 'too-old');
  }

  /** Owners that may hold the group's hints as well as the intended one, and can be asked now. */
  #holders({ partition, keyspaceId, intendedOwner }: HintsOfRange): string[] {
    const { topology, membership } = this.#dependencies;
    const keyspace = topology().keyspaceById(keyspaceId);
    const owners = keyspace === undefined ? [] : topology().owners(keyspace, partition);
    return owners.filter((owner) => owner !== intendedOwner && membership.stateOf(owner) === 'alive');
  }

  async #isHeld(hint: HintMeta): Promise<boolean> {
    const answers = await Promise.all(this.#holders(hint).map((owner) => this.#holds(owner, hint)));
    return answers.length > 0 && answers.every(Boolean);
  }

  /** Whether the owner holds what the hint says, which it is given if it does not. */
  async #holds(owner: string, hint: HintMeta): Promise<boolean> {
    const version = versionOfMeta(hint.meta);
    const held = await this.#heldBy(owner, hint);
    if (held?.version !== undefined && compareVersions(held.version, version) >= 0) return true;
    const record = held === undefined ? undefined : this.#dependencies.hints.recordOf(hint);
    if (record === undefined) return false;
    return new Promise((resolve) => {
      this.#dependencies.access.write(owner, this.#placeOf(hint), record, this.#deadline(), {
        answered: () => resolve(true),
        // What it wrote may have been deleted and forgotten since: nobody will ever miss it.
        failed: (_, reason) => resolve(reason === belowWatermark.code),
      });
    });
  }

  /** `undefined` when the owner did not say. */
  #heldBy(owner: string, hint: HintMeta): Promise<HeldRecord | undefined> {
    return new Promise((resolve) => {
      this.#dependencies.access.read(owner, this.#placeOf(hint), 'version', this.#deadline(), {
        answered: resolve,
        failed: () => resolve(undefined),
      });
    });
  }

  #placeOf({ partition, keyspaceId, key }: HintMeta): PlannedPlace {
    return { partition, keyspaceId, key, epoch: this.#dependencies.topology().epoch };
  }

  #deadline(): number {
    return this.#dependencies.clock.monotonicMs() + this.#requestTimeoutMs;
  }
}
