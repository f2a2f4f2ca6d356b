/**
 * The search: threshold accepting (Dueck and Scheuer 1990), simulated annealing without exponentials, whose results
 * could differ between machines. Each step draws one of six small changes; it stays if it is better, or worse by less
 * than a threshold that sinks to nothing.
 */
import type { Before, Goals } from './goals.ts';
import type { Placement } from './placement.ts';
import type { RandomSequence } from './random-sequence.ts';

type Changes = readonly (readonly [partition: number, server: number])[];

/** How often each kind of change is drawn. Joins look for places of the joiner, leaves for heirs. */
interface Mix {
  readonly relocate: number;
  readonly handOver: number;
  readonly swapNear: number;
  readonly swapChanged: number;
  readonly reassign: number;
  readonly swapFar: number;
}

const joinMix: Mix = { relocate: 45, handOver: 15, swapNear: 15, swapChanged: 5, reassign: 10, swapFar: 10 };
const leaveMix: Mix = { relocate: 10, handOver: 35, swapNear: 20, swapChanged: 20, reassign: 10, swapFar: 5 };

/** Trials per change of servers: these for 256 partitions, more for more. */
const trials = 60_000;
const fewestTrials = 20_000;
/** Draws without a trial, per trial, after which the search gives up: there is nothing left to change. */
const drawsPerTrial = 20;
/** Balanced enough to stop early, in tolerances. */
const closeEnough = 0.6;
const firstThreshold = 0.4;
/** A search that goes on from the result of another must not undo it. */
const laterThreshold = 0.1;
/** A change is not even tried if it misses quotas by more than this costs. */
const quotaBarrier = 1.5;

export class OwnerSearch {
  readonly #placement: Placement;
  readonly #goals: Goals;
  readonly #before: Before;
  readonly #random: RandomSequence;
  readonly #mix: Mix;
  /** Partitions whose owner is another than before, and partitions with a copy that need not have moved. */
  #changed: number[] = [];
  #unwanted: number[] = [];

  constructor(placement: Placement, goals: Goals, before: Before, random: RandomSequence) {
    this.#placement = placement;
    this.#goals = goals;
    this.#before = before;
    this.#random = random;
    this.#mix = before.gains.includes(1) ? joinMix : leaveMix;
  }

  run(): void {
    const placement = this.#placement;
    const most = trials * Math.min(4, Math.max(1, placement.partitions / 256));
    const threshold = this.#isFirst() ? firstThreshold : laterThreshold;
    let draws = 0;
    for (let trial = 0; trial < most; ) {
      if (draws++ % 128 === 0) {
        this.#goals.quotaWeight = 0.5 + (5 * trial) / most;
        this.#survey();
        if (this.#changed.length === 0 || this.#isDone(trial)) return;
      }
      if (draws > drawsPerTrial * most) return;
      const changes = this.#draw();
      if (changes === undefined) continue;
      const phase = trial++ / (0.85 * most);
      placement.try(changes, phase < 1 ? threshold * (1 - phase) * this.#random.next() : 0);
    }
  }

  #survey(): void {
    const placement = this.#placement;
    this.#changed = [];
    this.#unwanted = [];
    for (let partition = 0; partition < placement.partitions; partition++) {
      if (placement.owner(partition) !== this.#before.owners[partition]) this.#changed.push(partition);
      if (placement.extraMoves <= 0) continue;
      for (let place = 0; place < placement.lists.length; place++) {
        if (!placement.isUnwanted(partition, placement.holder(partition, place))) continue;
        this.#unwanted.push(partition);
        break;
      }
    }
  }

  #isDone(trial: number): boolean {
    const placement = this.#placement;
    if (placement.quotasMissed() > 0) return false;
    if (!this.#isFirst()) return placement.isBalanced(1);
    if (placement.extraMoves > this.#before.budget) return false;
    for (let server = 0; trial < fewestTrials && server < placement.servers; server++) {
      if (!placement.hasSlack(server)) return false;
    }
    return placement.isBalanced(closeEnough);
  }

  /** Later searches only mend what the first left unbalanced, and stop as soon as they have. */
  #isFirst(): boolean {
    return this.#goals.movementWeight === 1;
  }

  #draw(): Changes | undefined {
    const mix = this.#mix;
    const partition = this.#pick();
    let kind = this.#random.below(100);
    if ((kind -= mix.relocate) < 0) return this.#relocate(partition);
    if ((kind -= mix.handOver) < 0) return this.#handOver();
    if ((kind -= mix.swapNear) < 0) return this.#swapNear(partition);
    if ((kind -= mix.swapChanged) < 0) return this.#swap(partition, this.#oneOf(this.#changed));
    if ((kind -= mix.reassign) < 0) return this.#reassign(partition);
    return this.#swap(partition, this.#random.below(this.#placement.partitions));
  }

  /** A changed partition, or one near a copy that need not have moved. */
  #pick(): number {
    if (this.#unwanted.length === 0 || this.#random.below(10) >= 4) return this.#oneOf(this.#changed);
    return this.#near(this.#oneOf(this.#unwanted), 0, this.#placement.lists.length + 2);
  }

  /** The partition goes back to its owner before; its owner now takes another one, anywhere or near. */
  #relocate(partition: number): Changes | undefined {
    const placement = this.#placement;
    const owner = placement.owner(partition);
    const returning = this.#before.owners[partition] ?? -1;
    const other = this.#random.below(4) === 0 ? this.#near(partition, -8, 8) : this.#random.below(placement.partitions);
    const giver = placement.owner(other);
    if (returning < 0 || returning === owner || giver === owner || other === partition) return undefined;
    if (returning !== giver && !this.#mayTrade(giver, returning)) return undefined;
    return [
      [partition, returning],
      [other, owner],
    ];
  }

  /** A partition anywhere goes to one that holds a copy of it anyway; maybe that one passes on another in turn. */
  #handOver(): Changes | undefined {
    const placement = this.#placement;
    const partition = this.#random.below(placement.partitions);
    const owner = placement.owner(partition);
    const heir = this.#anyHolder(partition);
    if (heir === owner) return undefined;
    if (this.#random.below(3) > 0) return this.#mayTrade(owner, heir) ? [[partition, heir]] : undefined;
    const other = this.#nextOwnedBy(heir, this.#random.below(placement.partitions));
    if (other === partition) return undefined;
    const backToOwner = this.#random.below(2) === 0 && placement.lists.has(other, owner);
    const third = backToOwner ? owner : this.#anyHolder(other);
    if (third === heir || (third !== owner && !this.#mayTrade(owner, third))) return undefined;
    return [
      [partition, heir],
      [other, third],
    ];
  }

  #swapNear(partition: number): Changes | undefined {
    const one = this.#near(partition, -6, 6);
    return this.#swap(one, this.#near(one, 1, 7));
  }

  #swap(one: number, other: number): Changes | undefined {
    const [ofOne, ofOther] = [this.#placement.owner(one), this.#placement.owner(other)];
    if (ofOne === ofOther) return undefined;
    return [
      [one, ofOther],
      [other, ofOne],
    ];
  }

  /** The partition goes to its owner before, to anybody, or to an owner near by. */
  #reassign(partition: number): Changes | undefined {
    const placement = this.#placement;
    const owner = placement.owner(partition);
    const candidates = [
      (): number => this.#before.owners[partition] ?? -1,
      (): number => this.#random.below(placement.servers),
      (): number => placement.owner(this.#near(partition, -6, 6)),
    ];
    const heir = candidates[this.#random.below(3)]?.() ?? -1;
    if (heir < 0 || heir === owner || !this.#mayTrade(owner, heir)) return undefined;
    return [[partition, heir]];
  }

  #mayTrade(giver: number, taker: number): boolean {
    const placement = this.#placement;
    if (!placement.canGive(giver) || (this.#goals.quotas.most[taker] ?? 0) === 0) return false;
    const missed = placement.quotaChange(giver, -1) + placement.quotaChange(taker, 1);
    return missed * this.#goals.quotaWeight <= quotaBarrier;
  }

  #anyHolder(partition: number): number {
    return this.#placement.holder(partition, this.#random.below(this.#placement.lists.length));
  }

  #nextOwnedBy(server: number, from: number): number {
    let partition = from;
    while (this.#placement.owner(partition) !== server) partition = this.#near(partition, 1, 1);
    return partition;
  }

  /** A partition so far from this one, clockwise. */
  #near(partition: number, least: number, most: number): number {
    const { partitions } = this.#placement;
    const distance = least + this.#random.below(most - least + 1);
    return (((partition + distance) % partitions) + partitions) % partitions;
  }

  #oneOf(numbers: readonly number[]): number {
    return numbers[this.#random.below(numbers.length)] ?? 0;
  }
}
