/**
 * An owner table under change, with everything that its cost needs: copies, partitions owned and slack by server, and
 * copies moved. A trial changes a few owners; it is kept if the cost falls (or rises by less than the caller allows)
 * and taken back otherwise. Its price is that of the few lists that change, not of the ring.
 */
import type { SpreadRule } from '../spread-rule.ts';
import { type Goals, movementCost, quotaExcess, serverCost, wantedSlack } from './goals.ts';
import { RecencyLists } from './recency-lists.ts';

/** Per server: copies held, partitions owned, and virtual nodes that could go without a copy moving. */
class Tallies {
  readonly copies: Int32Array;
  readonly owned: Int32Array;
  readonly slack: Int32Array;

  constructor(servers: number) {
    this.copies = new Int32Array(servers);
    this.owned = new Int32Array(servers);
    this.slack = new Int32Array(servers);
  }

  clear(server: number): void {
    this.copies[server] = 0;
    this.owned[server] = 0;
    this.slack[server] = 0;
  }
}

function add(tally: Int32Array, server: number, change: number): void {
  tally[server] = (tally[server] ?? 0) + change;
}

export class Placement {
  readonly lists: RecencyLists;
  readonly servers: number;
  readonly partitions: number;
  readonly #goals: Goals;
  readonly #now: Tallies;
  /** Copies moved to servers that should not gain, less those that had to move. */
  #extra: number;
  /** By partition: 1 if its owner holds the next partition too. */
  readonly #slackAt: Uint8Array;

  /** The trial: its number marks what it touched, so that nothing has to be cleared. */
  #trial = 0;
  readonly #change: Tallies;
  #extraChange = 0;
  readonly #touchedServers: number[] = [];
  readonly #serverMark: Int32Array;
  readonly #ownersBefore: { readonly partition: number; readonly owner: number }[] = [];
  readonly #listsBefore: Int32Array;
  readonly #touchedLists: number[] = [];
  readonly #listMark: Int32Array;
  readonly #slackBefore: { readonly partition: number; readonly slack: number }[] = [];
  readonly #touchedSlack: number[] = [];
  readonly #slackMark: Int32Array;

  /** Takes the owners over. Every server that takes part must own a partition, and nobody else. */
  constructor(owners: Int32Array, rule: SpreadRule, goals: Goals) {
    this.lists = new RecencyLists(owners, rule);
    this.servers = rule.rackOf.length;
    this.partitions = owners.length;
    this.#goals = goals;
    this.#now = new Tallies(this.servers);
    this.#change = new Tallies(this.servers);
    this.#extra = -(goals.before?.forced ?? 0);
    this.#slackAt = new Uint8Array(this.partitions);
    this.#serverMark = new Int32Array(this.servers);
    this.#listMark = new Int32Array(this.partitions);
    this.#slackMark = new Int32Array(this.partitions);
    this.#listsBefore = new Int32Array(this.lists.holders.length);
    this.#count();
  }

  get extraMoves(): number {
    return this.#extra;
  }

  /** Copies that are where they were not before. Counted anew each time. */
  get moves(): number {
    let count = 0;
    for (let partition = 0; partition < this.partitions; partition++) {
      for (let place = 0; place < this.lists.length; place++) {
        const server = this.holder(partition, place);
        if (this.#goals.before?.held[partition * this.servers + server] !== 1) count++;
      }
    }
    return count;
  }

  owner(partition: number): number {
    return this.lists.owners[partition] ?? 0;
  }

  /** The holder at this place of the partition's list, most recent first. */
  holder(partition: number, place: number): number {
    return this.lists.holders[partition * this.lists.length + place] ?? 0;
  }

  owned(server: number): number {
    return this.#now.owned[server] ?? 0;
  }

  hasSlack(server: number): boolean {
    return (this.#now.slack[server] ?? 0) >= wantedSlack * this.owned(server) - 1;
  }

  /** How far the copies of the server are from its ideal, in tolerances. */
  #deviation(server: number): number {
    const distance = Math.abs((this.#now.copies[server] ?? 0) - (this.#goals.ideals[server] ?? 0));
    return distance / (this.#goals.tolerances[server] ?? 1);
  }

  /** Whether the copies of every server are so many tolerances, or fewer, from its ideal. */
  isBalanced(tolerances: number): boolean {
    for (let server = 0; server < this.servers; server++) if (this.#deviation(server) > tolerances) return false;
    return true;
  }

  /** Whether the copy is one that moved, to a server that should not gain. */
  isUnwanted(partition: number, server: number): boolean {
    const before = this.#goals.before;
    return before !== undefined && before.gains[server] !== 1 && before.held[partition * this.servers + server] !== 1;
  }

  /** How much farther from its quota the server would be with this many partitions more. */
  quotaChange(server: number, more: number): number {
    const { quotas } = this.#goals;
    return quotaExcess(quotas, server, this.owned(server) + more) - quotaExcess(quotas, server, this.owned(server));
  }

  /** Whether the server can give up a partition without vanishing from the ring, or is to vanish. */
  canGive(server: number): boolean {
    return this.owned(server) > 1 || this.#goals.quotas.most[server] === 0;
  }

  quotasMissed(): number {
    let missed = 0;
    for (let server = 0; server < this.servers; server++) {
      missed += quotaExcess(this.#goals.quotas, server, this.owned(server));
    }
    return missed;
  }

  /** Gives each partition to its server, in turn. Kept, and true, if the cost rises by at most `allowed`. */
  try(changes: readonly (readonly [partition: number, server: number])[], allowed: number): boolean {
    this.#begin();
    for (const [partition, server] of changes) this.#give(partition, server);
    this.#recountSlack();
    if (this.#costChange() <= allowed) {
      this.#keep();
      return true;
    }
    this.#takeBack();
    return false;
  }

  #count(): void {
    const { length } = this.lists;
    for (let partition = 0; partition < this.partitions; partition++) {
      add(this.#now.owned, this.owner(partition), 1);
      for (let place = 0; place < length; place++) {
        const holder = this.holder(partition, place);
        add(this.#now.copies, holder, 1);
        if (this.isUnwanted(partition, holder)) this.#extra++;
      }
      if (!this.#holdsNext(partition)) continue;
      this.#slackAt[partition] = 1;
      add(this.#now.slack, this.owner(partition), 1);
    }
  }

  #holdsNext(partition: number): boolean {
    return this.lists.has(partition + 1 === this.partitions ? 0 : partition + 1, this.owner(partition));
  }

  #begin(): void {
    this.#trial++;
    this.#extraChange = 0;
    this.#touchedServers.length = 0;
    this.#ownersBefore.length = 0;
    this.#touchedLists.length = 0;
    this.#touchedSlack.length = 0;
    this.#slackBefore.length = 0;
  }

  #give(partition: number, server: number): void {
    const owner = this.owner(partition);
    if (owner === server) return;
    this.#ownersBefore.push({ partition, owner });
    this.#tally(this.#change.owned, owner, -1);
    this.#tally(this.#change.owned, server, 1);
    this.#detachSlack(partition, owner);
    this.lists.owners[partition] = server;
    let at = partition;
    for (let step = 0; step < 2 * this.partitions && this.#renew(at); step++) {
      at = at === 0 ? this.partitions - 1 : at - 1;
      this.#touchSlack(at);
    }
  }

  /** Makes the list again from the next one; false if it comes out as it was, and so do all before it. */
  #renew(partition: number): boolean {
    const { lists } = this;
    const { length, holders, computed } = lists;
    lists.compute(partition);
    const base = partition * length;
    let first = 0;
    while (first < length && holders[base + first] === computed[first]) first++;
    if (first === length) return false;
    this.#saveList(partition, base);
    for (let i = first; i < length; i++) {
      const left = holders[base + i] ?? 0;
      if (!includes(computed, first, length, left)) this.#tallyCopy(partition, left, -1);
      const entered = computed[i] ?? 0;
      if (!includes(holders, base + first, base + length, entered)) this.#tallyCopy(partition, entered, 1);
    }
    for (let i = first; i < length; i++) holders[base + i] = computed[i] ?? 0;
    return true;
  }

  #saveList(partition: number, base: number): void {
    if (this.#listMark[partition] === this.#trial) return;
    this.#listMark[partition] = this.#trial;
    this.#touchedLists.push(partition);
    for (let i = base; i < base + this.lists.length; i++) this.#listsBefore[i] = this.lists.holders[i] ?? 0;
  }

  #tallyCopy(partition: number, server: number, change: number): void {
    this.#tally(this.#change.copies, server, change);
    if (this.isUnwanted(partition, server)) this.#extraChange += change;
  }

  #tally(tally: Int32Array, server: number, change: number): void {
    if (this.#serverMark[server] !== this.#trial) {
      this.#serverMark[server] = this.#trial;
      this.#touchedServers.push(server);
      this.#change.clear(server);
    }
    add(tally, server, change);
  }

  #touchSlack(partition: number): void {
    if (this.#slackMark[partition] === this.#trial) return;
    this.#slackMark[partition] = this.#trial;
    this.#touchedSlack.push(partition);
    this.#slackBefore.push({ partition, slack: this.#slackAt[partition] ?? 0 });
  }

  /** The partition changes hands: what slack it was to the old owner is gone. */
  #detachSlack(partition: number, owner: number): void {
    this.#touchSlack(partition);
    if (this.#slackAt[partition] === 1) this.#tally(this.#change.slack, owner, -1);
    this.#slackAt[partition] = 0;
  }

  #recountSlack(): void {
    for (const partition of this.#touchedSlack) {
      const slack = this.#holdsNext(partition) ? 1 : 0;
      const change = slack - (this.#slackAt[partition] ?? 0);
      if (change === 0) continue;
      this.#slackAt[partition] = slack;
      this.#tally(this.#change.slack, this.owner(partition), change);
    }
  }

  #costChange(): number {
    const goals = this.#goals;
    const { copies, owned, slack } = this.#now;
    const change = this.#change;
    let cost = movementCost(goals, this.#extra + this.#extraChange) - movementCost(goals, this.#extra);
    for (const server of this.#touchedServers) {
      const [held, has, spare] = [copies[server] ?? 0, owned[server] ?? 0, slack[server] ?? 0];
      const nowHeld = held + (change.copies[server] ?? 0);
      const nowHas = has + (change.owned[server] ?? 0);
      const nowSpare = spare + (change.slack[server] ?? 0);
      cost += serverCost(goals, server, nowHeld, nowHas, nowSpare) - serverCost(goals, server, held, has, spare);
    }
    return cost;
  }

  #keep(): void {
    this.#extra += this.#extraChange;
    for (const server of this.#touchedServers) {
      add(this.#now.copies, server, this.#change.copies[server] ?? 0);
      add(this.#now.owned, server, this.#change.owned[server] ?? 0);
      add(this.#now.slack, server, this.#change.slack[server] ?? 0);
    }
  }

  #takeBack(): void {
    const { lists } = this;
    for (const { partition, owner } of this.#ownersBefore.reverse()) lists.owners[partition] = owner;
    for (const partition of this.#touchedLists) {
      const base = partition * lists.length;
      for (let i = base; i < base + lists.length; i++) lists.holders[i] = this.#listsBefore[i] ?? 0;
    }
    for (const { partition, slack } of this.#slackBefore) this.#slackAt[partition] = slack;
  }
}

function includes(numbers: Int32Array, from: number, to: number, wanted: number): boolean {
  for (let i = from; i < to; i++) if (numbers[i] === wanted) return true;
  return false;
}
