/**
 * Hands hints over to owners that are back, as writes like any other, each owner at the pace that it takes (see HintWindow).
 * A hint goes only once its owner acknowledged it, so whatever is interrupted is done again.
 */
import { HintWindow } from '@kv/quorum';
import type { ReplicaAccess } from '../coordinator/replica-access.ts';
import type { Counters } from '../counters.ts';
import type { Membership } from '../membership/membership.ts';
import type { Clock } from '../ports.ts';
import { rangeNamed } from '../repair/range-trees.ts';
import type { StorageFailures } from '../storage-failures.ts';
import type { Topology } from '../topology/topology.ts';
import type { Hint, HintsOfRange, HintStore } from './hint-store.ts';

export interface HintReplayerDependencies {
  readonly clock: Clock;
  readonly hints: HintStore;
  readonly access: ReplicaAccess;
  readonly membership: Membership;
  readonly counters: Counters;
  readonly failures: StorageFailures;
  readonly topology: () => Topology;
  /** Every hint for the owner was handed over or dropped. */
  readonly drained: (intendedOwner: string) => void;
  readonly requestTimeoutMs: number;
}

/** Hints read at once: few, for their values are in memory until they are handed over. */
const readAtOnce = 16;

export class HintReplayer {
  readonly #dependencies: HintReplayerDependencies;
  readonly #owners = new Map<string, OwnerReplay>();
  readonly #replayed = new Map<string, number>();
  #running = true;

  constructor(dependencies: HintReplayerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Hints that an owner acknowledged, since this member started. */
  replayedTo(owner: string): number {
    return this.#replayed.get(owner) ?? 0;
  }

  get replayedOwners(): readonly string[] {
    return [...this.#replayed.keys()];
  }

  /** Nothing more is sent after this. */
  stop(): void {
    this.#running = false;
  }

  tick(): void {
    const { hints } = this.#dependencies;
    this.#dropUnwanted();
    for (const owner of hints.ledger.owners) this.#replayOf(owner).pump();
    for (const owner of this.#owners.keys()) if (!hints.ledger.owners.includes(owner)) this.#ended(owner);
  }

  #replayOf(owner: string): OwnerReplay {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const replay = new OwnerReplay(this.#dependencies, owner, {
      mayGoOn: () => this.#running && this.#dependencies.membership.stateOf(owner) === 'alive',
      replayed: () => this.#replayed.set(owner, this.replayedTo(owner) + 1),
    });
    this.#owners.set(owner, replay);
    return replay;
  }

  #ended(owner: string): void {
    this.#owners.delete(owner);
    this.#dependencies.drained(owner);
  }

  /** Hints for members that are no more, for keyspaces that were dropped, and for who does not own the range any more. */
  #dropUnwanted(): void {
    const { hints, topology } = this.#dependencies;
    for (const owner of hints.ledger.owners) {
      for (const name of hints.ledger.rangesOf(owner)) {
        const range = rangeNamed(name);
        const keyspace = topology().keyspaceById(range.keyspaceId);
        const isOwner = keyspace !== undefined && topology().owners(keyspace, range.partition).includes(owner);
        if (isOwner) continue;
        hints.dropAll(
          { ...range, intendedOwner: owner },
          keyspace === undefined ? 'unknown-keyspace' : 'unknown-owner',
        );
      }
    }
  }
}

/** The hints of one owner on their way. */
class OwnerReplay {
  readonly #dependencies: HintReplayerDependencies;
  readonly #owner: string;
  readonly #window = new HintWindow();
  readonly #mayGoOn: () => boolean;
  readonly #replayed: () => void;
  /** Read and not sent yet. */
  #waiting: Hint[] = [];
  /** Where reading goes on; `undefined`: with the next range. */
  #range: HintsOfRange | undefined;
  #after: Uint8Array | undefined;
  /** Ranges left in this pass. A pass goes over all that is kept once; what failed or came later is for the next one. */
  #ranges: string[] = [];

  constructor(
    dependencies: HintReplayerDependencies,
    owner: string,
    { mayGoOn, replayed }: { mayGoOn: () => boolean; replayed: () => void },
  ) {
    this.#dependencies = dependencies;
    this.#owner = owner;
    this.#mayGoOn = mayGoOn;
    this.#replayed = replayed;
  }

  /** Sends what may go now. To be called now and then: it goes on by itself only while hints are acknowledged. */
  pump(): void {
    if (!this.#mayGoOn()) {
      this.#waiting = [];
      this.#range = undefined;
      this.#ranges = [];
      return;
    }
    if (this.#isIdle()) this.#ranges = [...this.#dependencies.hints.ledger.rangesOf(this.#owner)];
    this.#send();
  }

  #isIdle(): boolean {
    return this.#window.inFlight === 0 && this.#waiting.length === 0 && this.#range === undefined;
  }

  #send(): void {
    const { clock } = this.#dependencies;
    for (let hint = this.#next(); hint !== undefined; hint = this.#next()) {
      if (!this.#mayGoOn() || !this.#window.mayStart(sizeOf(hint), clock.monotonicMs())) return;
      this.#waiting.shift();
      this.#hand(hint);
    }
  }

  /** The next hint in line, read if none is. */
  #next(): Hint | undefined {
    while (this.#waiting.length === 0) {
      if (this.#range === undefined) {
        const name = this.#ranges.shift();
        if (name === undefined) return undefined;
        this.#range = { ...rangeNamed(name), intendedOwner: this.#owner };
        this.#after = undefined;
      }
      this.#waiting = this.#read(this.#range);
      this.#after = this.#waiting.at(-1)?.key;
      if (this.#waiting.length < readAtOnce) this.#range = undefined;
    }
    return this.#waiting[0];
  }

  /** What lies behind a damaged place is left to repair. */
  #read(range: HintsOfRange): Hint[] {
    const { hints, failures } = this.#dependencies;
    try {
      return [...hints.of(range, this.#after, readAtOnce)];
    } catch (error) {
      failures.damage.tell(error);
      return [];
    }
  }

  #hand(hint: Hint): void {
    const { access, clock, hints, counters, topology, requestTimeoutMs } = this.#dependencies;
    const startedAt = clock.monotonicMs();
    const bytes = sizeOf(hint);
    this.#window.started(bytes);
    const place = { ...hint, epoch: topology().epoch };
    access.write(this.#owner, place, hint.record, startedAt + requestTimeoutMs, {
      answered: () => {
        this.#window.succeeded(bytes, clock.monotonicMs() - startedAt);
        counters.hintsReplayed += 1;
        this.#replayed();
        hints.remove(hint);
        this.#send();
      },
      failed: (_, reason) => {
        this.#window.failed(bytes, clock.monotonicMs());
        if (reason === 'BELOW_WATERMARK') hints.dropRefused(hint);
      },
    });
  }
}

function sizeOf({ key, record }: Hint): number {
  return key.length + record.meta.length + record.value.length;
}
