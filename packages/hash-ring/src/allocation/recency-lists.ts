/**
 * The holders of every partition, kept while owners change. The idea: read counter-clockwise, a preference list is a
 * least-recently-used list. The holders of a partition are those of the next one, with its own owner moved to the front
 * and, if that was not among them, one pushed out: of the same rack if that rack has its due, else the least recent of
 * those that the spread rule does not guarantee. So a change of owner runs counter-clockwise only until the lists agree
 * again, a few partitions later, instead of needing new walks.
 */
import { holdersAsMet } from '../clockwise-walk.ts';
import type { SpreadRule } from '../spread-rule.ts';

export class RecencyLists {
  readonly owners: Int32Array;
  /** Entries `partition * length` and following: the holders, most recent first. */
  readonly holders: Int32Array;
  readonly length: number;
  /** The list that `compute` made. */
  readonly computed: Int32Array;
  readonly #rule: SpreadRule;
  /** Whether no rack is guaranteed a copy: then the one pushed out is simply the least recent. */
  readonly #plain: boolean;

  /** Takes the owners over: whoever changes one must `compute` and store the lists that follow from it. */
  constructor(owners: Int32Array, rule: SpreadRule) {
    this.owners = owners;
    this.length = rule.length;
    this.#rule = rule;
    this.#plain = rule.extra.length === 1 && rule.least.every((least) => least === 0);
    this.computed = new Int32Array(rule.length);
    this.holders = new Int32Array(owners.length * rule.length);
    this.#fill();
  }

  /** Makes the list of `partition` from that of the next one. */
  compute(partition: number): void {
    const { length, holders, computed } = this;
    const server = this.owners[partition] ?? 0;
    const base = (partition + 1 === this.owners.length ? 0 : partition + 1) * length;
    const out = this.#takesPart(server) ? this.#pushedOut(base, server) : -1;
    if (out >= 0) computed[0] = server;
    for (let i = 0; i < out; i++) computed[i + 1] = holders[base + i] ?? 0;
    for (let i = out + 1; i < length; i++) computed[i] = holders[base + i] ?? 0;
  }

  has(partition: number, server: number): boolean {
    const base = partition * this.length;
    for (let i = base; i < base + this.length; i++) if (this.holders[i] === server) return true;
    return false;
  }

  /** The place in the list that the server takes over: its own, or that of the one that it pushes out. */
  #pushedOut(base: number, server: number): number {
    const { length, holders } = this;
    const { rackOf, least } = this.#rule;
    const rack = rackOf[server] ?? 0;
    if (this.#plain) {
      for (let i = 0; i < length - 1; i++) if (rackOf[holders[base + i] ?? 0] === rack) return i;
      return length - 1;
    }
    let inRack = 0;
    let lastOfRack = -1;
    for (let i = 0; i < length; i++) {
      const holder = holders[base + i] ?? 0;
      if (holder === server) return i;
      if (rackOf[holder] !== rack) continue;
      inRack++;
      lastOfRack = i;
    }
    return inRack > (least[rack] ?? 0) ? lastOfRack : this.#leastRecentExtra(base, rack, lastOfRack);
  }

  #leastRecentExtra(base: number, rack: number, lastOfRack: number): number {
    const { rackOf, rackZone, least } = this.#rule;
    for (let i = this.length - 1; i >= 0; i--) {
      if (i === lastOfRack) return i;
      const other = rackOf[this.holders[base + i] ?? 0] ?? 0;
      if (rackZone[other] !== rackZone[rack] || other === rack) continue;
      if (this.#countUpTo(base, i, other) > (least[other] ?? 0)) return i;
    }
    return this.length - 1;
  }

  /** How many of the rack there are, if the one at `place` is the last of them; else 0. */
  #countUpTo(base: number, place: number, rack: number): number {
    const { rackOf } = this.#rule;
    let count = 0;
    for (let i = 0; i < this.length; i++) {
      if (rackOf[this.holders[base + i] ?? 0] !== rack) continue;
      if (i > place) return 0;
      count++;
    }
    return count;
  }

  #takesPart(server: number): boolean {
    return this.length > 0 && (this.#rule.rackOf[server] ?? -1) >= 0;
  }

  /** The first list by a walk, the others each from the next one. */
  #fill(): void {
    const first = [...holdersAsMet(this.owners, 0, this.#rule)].map((met) => met.server);
    this.holders.set(first, 0);
    for (let partition = this.owners.length - 1; partition > 0; partition--) {
      this.compute(partition);
      this.holders.set(this.computed, partition * this.length);
    }
  }
}
