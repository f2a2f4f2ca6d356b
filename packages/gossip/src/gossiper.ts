/** One member's side of the gossip: rounds, exchanges, judgement of the silent. Plain and synchronous; the driver owns the rest. */
import { judgeMembers } from './detection/failure-judgement.ts';
import { LocalHealth } from './detection/local-health.ts';
import { type Passage, TickClock } from './detection/tick-clock.ts';
import { GossipError } from './errors.ts';
import { answerDigests, digestsToShow, statesWanted } from './exchange.ts';
import type { GossipEffect, MemberView } from './gossip-effect.ts';
import { GossipCounters, type GossipStatistics } from './gossip-statistics.ts';
import {
  type ForgottenMember,
  type GossiperOptions,
  type ResolvedOptions,
  resolveOptions,
} from './gossiper-options.ts';
import { type MemberRecord, viewOf } from './members/member-record.ts';
import { isMemberStatus, type Digest, type MemberState, type MemberStatus } from './members/member-state.ts';
import { Membership } from './members/membership.ts';
import { isBoundedText } from './messages/bounded-text.ts';
import { gossipLimits } from './messages/gossip-limits.ts';
import type { GossipAck, GossipMessage, GossipSyn } from './messages/gossip-message.ts';
import { type Refusal, refused, validateMessage } from './messages/message-validation.ts';
import { choosePeers } from './peer-selection.ts';
import { type Random, sample } from './random.ts';

/** What a gossiper takes from outside. */
export interface GossiperDependencies {
  readonly random: Random;
  /** Which unknown ids may become members, for clusters that keep a list; must answer alike for as long. Default: all. */
  readonly admits?: ((id: string) => boolean) | undefined;
}

/** `spreading-leave`: this member has left and still tells so. `silent`: every call returns no effects any more. */
export type GossipActivity = 'gossiping' | 'spreading-leave' | 'silent';

/**
 * Cluster membership and failure detection for one member.
 *
 * Call {@link tick} every 100 to 250 ms, or when {@link nextTickAt} is due, and {@link receive} for each message; carry out the
 * effects in their order. `now` is one monotonic clock in milliseconds; a time that runs backwards counts as standing still.
 */
export class Gossiper {
  readonly #options: ResolvedOptions;
  readonly #random: Random;
  readonly #membership: Membership;
  readonly #health: LocalHealth;
  readonly #clock: TickClock;
  #activity: GossipActivity = 'gossiping';
  #nextRoundAt = Number.NEGATIVE_INFINITY;
  /** When the own state last rose. */
  #renewedAt = 0;
  /** Members held alive that the running round asked. */
  #asked = 0;
  /** Answers since the running round began. */
  #answers = 0;
  /** Rounds of telling that this member left; meaningful while `spreading-leave`. */
  #leaveRoundsToGo = 0;
  readonly #counters = new GossipCounters();

  /** @throws GossipError `INVALID_OPTION` */
  constructor(dependencies: GossiperDependencies, options: GossiperOptions) {
    this.#options = resolveOptions(options);
    this.#random = dependencies.random;
    this.#membership = new Membership(this.#options, dependencies.admits ?? (() => true));
    this.#health = new LocalHealth(this.#options.maxLocalHealth);
    this.#clock = new TickClock(this.#options.heartbeatIntervalMs, this.#options.maxLocalPauseMs);
  }

  get id(): string {
    return this.#options.id;
  }

  get activity(): GossipActivity {
    return this.#activity;
  }

  /** 0 = well; the silence that this member allows to the others is multiplied by 1 + localHealth. */
  get localHealth(): number {
    return this.#health.score;
  }

  /** What must not come back. Keep it and give it to the next run as the option `forgotten`. */
  get forgotten(): readonly ForgottenMember[] {
    return this.#membership.forgotten;
  }

  get statistics(): GossipStatistics {
    return this.#counters.snapshot();
  }

  /** All members known, this one included, sorted by id in code unit order. */
  members(): readonly MemberView[] {
    const views = this.#membership.others.map(viewOf);
    const position = views.findIndex((view) => view.id > this.id);
    views.splice(position < 0 ? views.length : position, 0, this.#viewOfSelf());
    return views;
  }

  /** One member; undefined if it is not known, or not any more. */
  member(id: string): MemberView | undefined {
    if (id === this.id) return this.#viewOfSelf();
    const record = this.#membership.record(id);
    return record === undefined ? undefined : viewOf(record);
  }

  /** How suspicious the member's silence is at `now`, see {@link PhiAccrualDetector}; 0 for this one and for unknown ones. */
  phi(id: string, now: number): number {
    return this.#membership.record(id)?.liveness.phi(now) ?? 0;
  }

  /** When {@link tick} has something to do at the latest; never more than a heartbeat interval away. Infinity when silent. */
  get nextTickAt(): number {
    if (this.#activity === 'silent') return Number.POSITIVE_INFINITY;
    const { patience } = this.#health;
    const earliest = this.#membership.others.reduce(
      (soonest, { liveness }) => Math.min(soonest, liveness.deadline(patience)),
      this.#nextRoundAt,
    );
    return Math.max(0, earliest);
  }

  /** Passes the time: judges who was silent for too long and starts a round if one is due. */
  tick(now: number): GossipEffect[] {
    if (this.#activity === 'silent') return [];
    const passage = this.#clock.tick(now);
    if (passage.late) {
      this.#counters.lateTicks += 1;
      this.#health.noteTrouble();
    }
    this.#excusePause(passage);
    // Whoever leaves asks nobody any more, and has no part in judging the silent.
    const { others } = this.#membership;
    const judged = this.#activity === 'gossiping' ? others : [];
    const effects = judgeMembers(judged, this.#options, this.#health.patience, passage.now);
    effects.push(...this.#membership.buryLeft(passage.now));
    if (passage.now >= this.#nextRoundAt) effects.push(...this.#startRound(passage.now));
    return effects;
  }

  /**
   * Takes in a message that the transport says is `from` that member; who may speak is for the transport to prove. A message that
   * does not hold what it should is refused whole: an effect, a count, no change and no exception.
   */
  receive(from: string, message: GossipMessage, now: number): GossipEffect[] {
    if (this.#activity === 'silent') return [];
    const passage = this.#clock.receive(now);
    this.#excusePause(passage);
    this.#counters.messagesReceived += 1;
    const validation = validateMessage(message, {
      clusterId: this.#options.clusterId,
      maxGenerationJump: this.#options.maxGenerationJump,
      versionOf: (id) => this.#membership.versionOf(id),
    });
    if (validation.outcome === 'refused') return [this.#refuse(from, validation)];
    const refusal = this.#refusalOfSender(from, validation.message);
    if (refusal !== null) return [this.#refuse(from, refusal)];
    this.#heedSuspects(from, validation.message.suspects);
    return this.#takeIn(from, validation.message, passage.now);
  }

  /** Changes what this member says of itself; spreads from the next round on. Nothing once it has left or is silent. */
  setStatus(status: Exclude<MemberStatus, 'left'>): void {
    if (!isMemberStatus(status) || (status as MemberStatus) === 'left') {
      throw new GossipError('INVALID_ARGUMENT', `status needs joining, normal or leaving, got ${String(status)}`);
    }
    if (this.#activity === 'gossiping' && status !== this.#membership.self.status) {
      this.#renewSelf({ status });
    }
  }

  /** Changes where this member says it is reached; spreads from the next round on. Nothing once it has left or is silent. */
  setAddress(address: string): void {
    if (!isBoundedText(address, gossipLimits.addressBytes)) {
      throw new GossipError('INVALID_ARGUMENT', `address needs text of 1 to ${gossipLimits.addressBytes} bytes`);
    }
    if (this.#activity === 'gossiping' && address !== this.#membership.self.address) {
      this.#renewSelf({ address });
    }
  }

  /**
   * Leaves for good: the status becomes `left`, is told at once to a few members and for 2 + log2(members) rounds more. Keep
   * ticking until `leave-spread`. To come back, start with a higher generation.
   */
  leave(now: number): GossipEffect[] {
    if (this.#activity !== 'gossiping') return [];
    const passage = this.#clock.receive(now);
    this.#excusePause(passage);
    this.#activity = 'spreading-leave';
    this.#renewSelf({ status: 'left' });
    const reachable = this.#reachable().length;
    this.#leaveRoundsToGo = reachable === 0 ? 0 : 2 + Math.ceil(Math.log2(reachable + 1));
    return this.#spreadLeave();
  }

  /**
   * Takes a member out, for one that will not come back by itself: gossip of it is ignored from now on, up to `throughGeneration`
   * (default: the generation known here). Only this table changes; an operator's decision is to be told to each member.
   * @throws GossipError `INVALID_ARGUMENT` for this member itself or what is no id or generation
   */
  forget(id: string, throughGeneration?: number): GossipEffect[] {
    const generation = throughGeneration ?? 0;
    if (id === this.id || !isBoundedText(id, gossipLimits.idBytes)) {
      throw new GossipError('INVALID_ARGUMENT', 'forget needs the id of another member');
    }
    if (!Number.isSafeInteger(generation) || generation < 0) {
      throw new GossipError('INVALID_ARGUMENT', `forget needs a generation from 0 to 2^53 - 1, got ${generation}`);
    }
    if (this.#activity === 'silent') return [];
    if (throughGeneration === undefined && this.#membership.record(id) === undefined) return [];
    return this.#membership.forget(id, generation);
  }

  #renewSelf(change: { readonly status?: MemberStatus; readonly address?: string } = {}): void {
    this.#membership.renewSelf(change);
    this.#renewedAt = this.#clock.now;
  }

  #viewOfSelf(): MemberView {
    const liveness = this.#membership.self.status === 'left' ? 'down' : 'alive';
    return { ...this.#membership.self, liveness, lastHeardAt: this.#renewedAt };
  }

  #excusePause({ pausedMs, now }: Passage): void {
    if (pausedMs === 0) return;
    this.#counters.pauses += 1;
    this.#health.noteTrouble();
    for (const { liveness } of this.#membership.others) liveness.excuse(pausedMs, now);
  }

  #reachable(): MemberRecord[] {
    return this.#membership.others.filter(({ liveness }) => liveness.liveness !== 'down');
  }

  #startRound(now: number): GossipEffect[] {
    this.#closeRound();
    // A round that is overdue by more than an interval is skipped and not made up for.
    const scheduled = this.#nextRoundAt + this.#options.heartbeatIntervalMs;
    this.#nextRoundAt = scheduled > now ? scheduled : now + this.#options.heartbeatIntervalMs;
    if (this.#activity === 'spreading-leave') return this.#spreadLeave();
    this.#renewSelf();
    const seeds = this.#options.seeds.filter((seed) => seed !== this.#membership.self.address);
    const { peers, alive } = choosePeers(this.#membership.others, seeds, this.#options.fanout, this.#random);
    this.#asked = alive;
    return peers.map(({ id, address }) => this.#send(id, address, this.#newSyn()));
  }

  #closeRound(): void {
    this.#counters.rounds += 1;
    if (this.#answers > 0) this.#health.closeRound('answered');
    else this.#health.closeRound(this.#asked >= 2 ? 'unanswered' : 'idle');
    this.#answers = 0;
    this.#asked = 0;
  }

  /** Pushes the own state without being asked: the one who leaves cannot wait to be. */
  #spreadLeave(): GossipEffect[] {
    if (this.#leaveRoundsToGo === 0) {
      this.#activity = 'silent';
      return [{ type: 'leave-spread' }];
    }
    this.#leaveRoundsToGo -= 1;
    const { self } = this.#membership;
    return sample(this.#random, this.#reachable(), this.#options.fanout).map(({ state }) =>
      this.#send(state.id, state.address, { ...this.#head(), type: 'gossip-ack2', states: [self] }),
    );
  }

  #refusalOfSender(from: string, message: GossipMessage): Refusal | null {
    if (!isBoundedText(from, gossipLimits.idBytes)) return refused('malformed', 'from');
    if (from === this.id) return refused('own-id', 'from');
    if (!this.#membership.banned(from)) return null;
    const shown: readonly Digest[] = message.type === 'gossip-syn' ? message.digests : message.states;
    const generation = shown.find(({ id }) => id === from)?.generation ?? 0;
    return this.#membership.bars(from, generation) ? refused('forgotten-sender', 'from') : null;
  }

  /** Counted, so that a flood of refusals shows, and bounded in what it says of the message. */
  #refuse(from: string, { reason, detail }: Refusal): GossipEffect {
    this.#counters.refusals[reason] += 1;
    return { type: 'refused', from: isBoundedText(from, gossipLimits.idBytes) ? from : '', reason, detail };
  }

  #heedSuspects(from: string, suspects: readonly string[]): void {
    if (this.#membership.record(from) === undefined) return;
    for (const id of suspects) {
      // Peers do not hear this member: its own voice or ears may be at fault.
      if (id === this.id) this.#health.noteTrouble();
      else if (id !== from) this.#membership.record(id)?.liveness.confirm(from);
    }
  }

  #takeIn(from: string, message: GossipMessage, now: number): GossipEffect[] {
    switch (message.type) {
      case 'gossip-syn':
        return this.#answerSyn(from, message);
      case 'gossip-ack':
        return this.#answerAck(from, message, now);
      case 'gossip-ack2':
        return this.#mergeAll(from, message.states, now);
    }
  }

  #answerSyn(from: string, { digests }: GossipSyn): GossipEffect[] {
    const { self } = this.#membership;
    const own = digests.find(({ id }) => id === this.id);
    if (own !== undefined && isAhead(own, self)) return this.#surrender(own.generation);
    const { wanted, states } = answerDigests(this.#membership, digests, this.#random);
    const address = this.#membership.record(from)?.state.address ?? null;
    return [this.#send(from, address, { ...this.#head(), type: 'gossip-ack', digests: wanted, states })];
  }

  #answerAck(from: string, message: GossipAck, now: number): GossipEffect[] {
    this.#answers += 1;
    const effects = this.#mergeAll(from, message.states, now);
    if (this.#isSilenced()) return effects;
    const states = statesWanted(this.#membership, message.digests);
    const address = this.#membership.record(from)?.state.address ?? null;
    if (states.length > 0) effects.push(this.#send(from, address, { ...this.#head(), type: 'gossip-ack2', states }));
    return effects;
  }

  #mergeAll(from: string, states: readonly MemberState[], now: number): GossipEffect[] {
    const effects: GossipEffect[] = [];
    let turnedAway = 0;
    for (const state of states) {
      const outcome = this.#membership.merge(state, from, now);
      if (outcome.type === 'conflict') return [...effects, ...this.#surrender(outcome.seen)];
      if (outcome.type === 'merged') effects.push(...outcome.effects);
      else turnedAway += 1;
    }
    if (turnedAway > 0) effects.push(this.#refuse(from, refused('table-full', `${turnedAway} unknown members`)));
    return effects;
  }

  /** Somebody else is, or was, this member with a later state: to go on would be to speak for two. */
  #surrender(seen: number): GossipEffect[] {
    this.#activity = 'silent';
    return [{ type: 'generation-conflict', seen }];
  }

  #isSilenced(): boolean {
    return this.#activity === 'silent';
  }

  #newSyn(): GossipSyn {
    return { ...this.#head(), type: 'gossip-syn', digests: digestsToShow(this.#membership, this.#random) };
  }

  #head(): { clusterId: string; suspects: string[] } {
    const accused = this.#membership.others.filter(({ leftAt, liveness }) => leftAt === null && liveness.accused);
    const ids = accused.map(({ state }) => state.id);
    const { suspects: room } = gossipLimits;
    return {
      clusterId: this.#options.clusterId,
      suspects: ids.length <= room ? ids : sample(this.#random, ids, room),
    };
  }

  #send(to: string | null, address: string | null, message: GossipMessage): GossipEffect {
    this.#counters.messagesSent += 1;
    return { type: 'send', to, address, message };
  }
}

function isAhead(seen: Digest, self: MemberState): boolean {
  return seen.generation > self.generation || (seen.generation === self.generation && seen.heartbeat > self.heartbeat);
}
