/**
 * A cluster of real gossipers in one process, in virtual time: one seed gives one run, to the last message. Made for testing what
 * is built on gossip as much as gossip itself.
 */
import type { GossipEffect } from '../gossip-effect.ts';
import { Gossiper } from '../gossiper.ts';
import type { GossiperOptions } from '../gossiper-options.ts';
import type { GossipMessage } from '../messages/gossip-message.ts';
import { EventQueue } from './event-queue.ts';
import { SeededRandom } from './seeded-random.ts';

/** The shape of a simulated cluster and the weather on its network. */
export interface SimulatedClusterOptions {
  readonly seed: number;
  /** Members, named m001, m002 and so on. */
  readonly members: number;
  /** How many of the first members all others are told of as seeds. Default 1. */
  readonly seedMembers?: number;
  /** Probability that a message is lost. Default 0. */
  readonly loss?: number;
  /** Least and most milliseconds that a message travels, drawn uniformly. Default 1 to 20. */
  readonly delayMs?: readonly [number, number];
  /** Milliseconds between two ticks of a member. Default 250. */
  readonly tickMs?: number;
  /** Options of every gossiper. */
  readonly gossip?: Partial<GossiperOptions>;
}

/** Something that a member told its driver. */
export interface ObservedEffect {
  readonly at: number;
  readonly observer: string;
  readonly effect: Exclude<GossipEffect, { readonly type: 'send' }>;
}

/** A message as it went over the network, whether or not it arrived. */
export interface SentMessage {
  readonly from: string;
  readonly to: string;
  readonly message: GossipMessage;
}

interface SimulatedMember {
  readonly id: string;
  readonly address: string;
  generation: number;
  gossiper: Gossiper | null;
  paused: boolean;
  /** What arrives while paused is handled, in order, on resuming. */
  readonly waiting: (() => void)[];
}

export class SimulatedCluster {
  readonly #options: SimulatedClusterOptions;
  readonly #random: SeededRandom;
  readonly #queue = new EventQueue();
  readonly #members = new Map<string, SimulatedMember>();
  readonly #byAddress = new Map<string, SimulatedMember>();
  readonly #cuts = new Set<string>();
  readonly #seeds: readonly string[];
  /** Everything but the messages, in the order in which it happened. */
  readonly observed: ObservedEffect[] = [];
  /** Called with each message that is sent. */
  onSend: (sent: SentMessage) => void = () => undefined;

  /** Nobody runs until started. */
  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    for (let index = 1; index <= options.members; index += 1) {
      const id = `m${String(index).padStart(3, '0')}`;
      const member = { id, address: `${id}.test:7000`, generation: 0, gossiper: null, paused: false, waiting: [] };
      this.#members.set(id, member);
      this.#byAddress.set(member.address, member);
    }
    this.#seeds = [...this.#byAddress.keys()].slice(0, options.seedMembers ?? 1);
  }

  get now(): number {
    return this.#queue.now;
  }

  /** Ids of all members, running or not. */
  get ids(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Those that are neither crashed, nor paused, nor silent. */
  get running(): readonly Gossiper[] {
    return [...this.#members.values()].flatMap(({ gossiper, paused }) =>
      gossiper === null || paused || gossiper.activity !== 'gossiping' ? [] : [gossiper],
    );
  }

  /** The gossiper of a member that was started and not crashed. */
  gossiper(id: string): Gossiper {
    const { gossiper } = this.#member(id);
    if (gossiper === null) throw new Error(`member ${id} is not running`);
    return gossiper;
  }

  /** Starts, or starts again with the next generation; its first tick is within one heartbeat interval. */
  start(id: string, gossip: Partial<GossiperOptions> = {}): void {
    const member = this.#member(id);
    member.generation += 1;
    member.paused = false;
    const { address, generation } = member;
    const seeds = this.#seeds.filter((seed) => seed !== address);
    const random = new SeededRandom(Math.floor(this.#random.next() * 4_294_967_296));
    const base = { id, clusterId: 'simulated', address, generation, status: 'normal' as const, seeds };
    const gossiper = new Gossiper({ random }, { ...base, ...this.#options.gossip, ...gossip });
    member.gossiper = gossiper;
    this.#tickFrom(member, gossiper, this.now + this.#random.between(0, 1000));
  }

  startAll(): void {
    for (const id of this.#members.keys()) this.start(id);
  }

  /** Stops it without a word. */
  crash(id: string): void {
    const member = this.#member(id);
    member.gossiper = null;
    member.waiting.length = 0;
  }

  /** Freezes the process: it neither ticks nor hears, and what is sent to it waits. */
  pause(id: string): void {
    this.#member(id).paused = true;
  }

  /** Thaws it: the waiting messages come in first, then the tick. */
  resume(id: string): void {
    const member = this.#member(id);
    member.paused = false;
    for (const handle of member.waiting.splice(0)) handle();
  }

  leave(id: string): void {
    this.#carryOut(this.#member(id), this.gossiper(id).leave(this.now));
  }

  forget(observer: string, id: string): void {
    this.#carryOut(this.#member(observer), this.gossiper(observer).forget(id));
  }

  /** From now on messages from one to the other are lost; the way back stays open. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  /** Ends all cuts. */
  heal(): void {
    this.#cuts.clear();
  }

  /** Delivers a message, for instance one recorded earlier, as if `from` had sent it. */
  inject({ from, to, message }: SentMessage): void {
    const member = this.#member(to);
    if (member.gossiper !== null) this.#carryOut(member, member.gossiper.receive(from, message, this.now));
  }

  runFor(ms: number): void {
    const until = this.now + ms;
    while (this.#queue.runNext(until));
  }

  /** Runs until the condition holds, looking every `stepMs`; the milliseconds it took, or null after `limitMs`. */
  runUntil(condition: () => boolean, limitMs: number, stepMs = 250): number | null {
    const start = this.now;
    while (!condition()) {
      if (this.now - start >= limitMs) return null;
      this.runFor(stepMs);
    }
    return this.now - start;
  }

  #member(id: string): SimulatedMember {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  #tickFrom(member: SimulatedMember, gossiper: Gossiper, at: number): void {
    this.#queue.schedule(at, () => {
      if (member.gossiper !== gossiper || gossiper.activity === 'silent') return;
      if (!member.paused) this.#carryOut(member, gossiper.tick(this.now));
      this.#tickFrom(member, gossiper, this.now + (this.#options.tickMs ?? 250));
    });
  }

  #carryOut(member: SimulatedMember, effects: readonly GossipEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') {
        const target = effect.to === null ? this.#byAddress.get(effect.address ?? '') : this.#members.get(effect.to);
        if (target !== undefined) this.#transmit(member, target, effect.message);
      } else {
        this.observed.push({ at: this.now, observer: member.id, effect });
      }
    }
  }

  #transmit(from: SimulatedMember, to: SimulatedMember, message: GossipMessage): void {
    this.onSend({ from: from.id, to: to.id, message });
    const lost = this.#random.next() < (this.#options.loss ?? 0);
    const [least, most] = this.#options.delayMs ?? [1, 20];
    const arrivesAt = this.now + this.#random.between(least, most);
    if (lost || this.#cuts.has(`${from.id} ${to.id}`)) return;
    this.#queue.schedule(arrivesAt, () => {
      const handle = (): void => {
        if (to.gossiper !== null) this.#carryOut(to, to.gossiper.receive(from.id, message, this.now));
      };
      if (to.paused) to.waiting.push(handle);
      else handle();
    });
  }
}
