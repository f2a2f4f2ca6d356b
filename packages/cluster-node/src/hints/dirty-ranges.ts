/**
 * Ranges of which an owner misses something that nobody keeps for it any more, because a hint was dropped. Repair begins
 * with them: here, if this member owns the range too, else wherever an owner is alive to be told.
 */
import type { Membership } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Log } from '../ports.ts';
import type { Repairer } from '../repair/repairer.ts';
import { nameOfRange, type Range } from '../repair/range-trees.ts';
import type { Topology } from '../topology/topology.ts';
import type { DropCause } from './hint-store.ts';

export interface DirtyRangesDependencies {
  readonly self: string;
  readonly membership: Membership;
  readonly peers: PeerRequests;
  readonly repairer: Repairer;
  readonly topology: () => Topology;
  readonly log: Log;
}

export class DirtyRanges {
  readonly #dependencies: DirtyRangesDependencies;
  /** What is yet to be told. Bounded by what there is: ranges times their owners. */
  readonly #untold = new Map<string, { readonly range: Range; readonly intendedOwner: string }>();
  /** Causes that were logged, by owner: once each until the owner's hints are gone. */
  readonly #logged = new Set<string>();

  constructor(dependencies: DirtyRangesDependencies) {
    this.#dependencies = dependencies;
  }

  dropped(range: Range, intendedOwner: string, cause: DropCause): void {
    const { log } = this.#dependencies;
    const said = `${cause} ${intendedOwner}`;
    if (!this.#logged.has(said)) log.warn('hints-dropped', { member: intendedOwner, cause });
    this.#logged.add(said);
    const { partition, keyspaceId } = range;
    this.#untold.set(`${nameOfRange(range)} ${intendedOwner}`, { range: { partition, keyspaceId }, intendedOwner });
  }

  /** No hints are kept for the owner any more: the next time that some are dropped is news again. */
  drained(intendedOwner: string): void {
    for (const cause of ['full', 'too-old', 'unknown-owner', 'rotten'])
      this.#logged.delete(`${cause} ${intendedOwner}`);
  }

  /** Another member dropped hints. What makes no sense here is ignored. */
  heard(range: Range, intendedOwner: string): void {
    const { self, repairer } = this.#dependencies;
    if (intendedOwner !== self && this.#ownersOf(range).includes(self)) repairer.mark(range, intendedOwner);
  }

  tick(): void {
    for (const [name, { range, intendedOwner }] of this.#untold) {
      if (this.#tell(range, intendedOwner)) this.#untold.delete(name);
    }
  }

  /** False when there is nobody to tell at the moment. */
  #tell(range: Range, intendedOwner: string): boolean {
    const { self, membership, peers, repairer } = this.#dependencies;
    const owners = this.#ownersOf(range);
    if (!owners.includes(intendedOwner)) return true;
    if (owners.includes(self)) {
      repairer.mark(range, intendedOwner);
      return true;
    }
    const others = owners.filter((owner) => owner !== intendedOwner);
    const alive = others.filter((owner) => membership.stateOf(owner) === 'alive');
    const { partition, keyspaceId } = range;
    for (const to of alive) peers.tell(to, { type: 'range-dirty', partition, intendedOwner }, { keyspaceId });
    return alive.length > 0 || others.length === 0;
  }

  #ownersOf({ partition, keyspaceId }: Range): readonly string[] {
    const topology = this.#dependencies.topology();
    const keyspace = topology.keyspaceById(keyspaceId);
    return keyspace === undefined ? [] : topology.owners(keyspace, partition);
  }
}
