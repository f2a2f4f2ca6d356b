/**
 * There is one topology of each epoch: every node that goes by an epoch goes by the same, none goes back to an earlier one
 * while it lives, and a change is in it if and only if that is what its asker may have been told, at once at every node that
 * the asked one does not believe down and did not name. Checked while the simulation runs.
 */
import { encodeTopologyRecord, type TopologyState } from '@kv/wire';
import type { Violation } from '../history.ts';

export type ChangeOutcome = 'changed' | 'refused' | 'unavailable' | 'unknown';

export class OneTopology {
  readonly #violations: Violation[] = [];
  /** Of each epoch that a node went by, what it was. */
  readonly #known = new Map<number, string>();
  /** Of each life of a node. */
  readonly #epochOf = new Map<string, number>();
  readonly #decided = new Set<string>();
  readonly #told = new Map<string, ChangeOutcome>();

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** A node goes by this topology. @param node its name and generation */
  seen(node: string, state: TopologyState): void {
    const before = this.#epochOf.get(node) ?? 0;
    if (state.epoch === before) return;
    if (state.epoch < before) this.#violated(`${node} went back from epoch ${before} to ${state.epoch}`);
    this.#epochOf.set(node, state.epoch);
    for (const id of state.changes) this.#decided.add(id);
    this.#compare(`${node} goes by`, state);
  }

  /** A change ended; `state`: the topology that it was told to have led to. */
  told(id: string, outcome: ChangeOutcome, state?: TopologyState): void {
    this.#told.set(id, outcome);
    if (state !== undefined) this.#compare(`the change ${id} led to`, state);
  }

  /** At the moment in which a change was told as made. `bound`: those who must go by it from now on. */
  toldAs(made: TopologyState, bound: readonly { readonly node: string; readonly epoch: number }[]): void {
    for (const { node, epoch } of bound) {
      if (epoch >= made.epoch) continue;
      this.#violated(`epoch ${made.epoch} was told as made while ${node}, not named as behind, went by epoch ${epoch}`);
    }
  }

  /** All is healed and told: who runs goes by the same epoch, and every change that was promised is in some epoch. */
  settled(running: readonly { readonly node: string; readonly epoch: number }[]): void {
    const epochs = new Set(running.map(({ epoch }) => epoch));
    if (epochs.size > 1) {
      this.#violated(`after all healed, ${running.map(({ node, epoch }) => `${node} is at ${epoch}`).join(', ')}`);
    }
    for (const [id, outcome] of this.#told) {
      const isDecided = this.#decided.has(id);
      if (outcome === 'changed' && !isDecided) this.#violated(`the change ${id} was told as made and is in no epoch`);
      const isMade = outcome === 'refused' || outcome === 'unavailable';
      if (isMade && isDecided) this.#violated(`the change ${id} was told as ${outcome} and was made`);
    }
  }

  #compare(who: string, state: TopologyState): void {
    const found = withoutAddresses(state);
    const known = this.#known.get(state.epoch);
    if (known === undefined) this.#known.set(state.epoch, found);
    else if (known !== found) this.#violated(`${who} another topology of epoch ${state.epoch} than was known of it`);
  }

  #violated(message: string): void {
    this.#violations.push({ check: 'one-topology', operations: [], message });
  }
}

/** Addresses are each member's own to say. */
function withoutAddresses(state: TopologyState): string {
  const members = state.members.map((member) => ({ ...member, address: '' }));
  return encodeTopologyRecord({ ...state, members }).join();
}
