/**
 * What this member believes of the others: drives the gossip protocol, carries its messages, and says who is up. With each
 * exchange it asks what time it is there.
 *
 * It also says when this member may serve: once every other member was heard or found unreachable, so that a disk that
 * was wiped or rolled back is noticed (somebody has seen a higher generation) before it answers anything.
 */
import { Gossiper, type GossipEffect, type GossipMessage, type Liveness, type MemberView } from '@kv/gossip';
import type { GossipAck, GossipAck2, GossipSyn, Message } from '@kv/wire';
import type { ClockOffsets } from '../clock/clock-offsets.ts';
import type { Counters } from '../counters.ts';
import { ClusterNodeError } from '../errors.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock, Log, Random } from '../ports.ts';
import type { RecurringFaults } from '../recurring-faults.ts';
import type { Topology } from '../topology/topology.ts';

export interface MembershipDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  readonly faults: RecurringFaults;
  readonly topology: () => Topology;
  readonly peers: PeerRequests;
  readonly offsets: ClockOffsets;
  readonly fatal: (error: Error) => void;
}

export interface MembershipOptions {
  readonly self: string;
  readonly generation: number;
  /** Milliseconds after which this member serves even if it has not heard from everybody. */
  readonly greetingMs: number;
}

/** What is known of one member of the topology; `unheard` since this member started. */
export type MemberState = Liveness | 'unheard';

/** A later answer says little of what time it is. */
const longestRoundTripMs = 5000;

export class Membership {
  readonly #dependencies: MembershipDependencies;
  readonly #options: MembershipOptions;
  readonly #gossiper: Gossiper;
  /** Members that were neither heard nor found unreachable yet. */
  readonly #ungreeted: Set<string>;
  #greetingEnds = Number.POSITIVE_INFINITY;

  constructor(dependencies: MembershipDependencies, options: MembershipOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    const { clusterId, members } = dependencies.topology().state;
    const others = members.filter(({ id }) => id !== options.self);
    this.#ungreeted = new Set(others.map(({ id }) => id));
    this.#gossiper = new Gossiper(
      { random: dependencies.random },
      {
        clusterId,
        id: options.self,
        generation: options.generation,
        address: addressIn(dependencies.topology(), options.self),
        status: 'normal',
        seeds: others.map(({ address }) => address),
      },
    );
  }

  /** Greets every other member at once: a first round of gossip reaches only some. */
  start(): void {
    const { clock, topology } = this.#dependencies;
    this.#greetingEnds = clock.monotonicMs() + this.#options.greetingMs;
    const { clusterId } = topology().state;
    const digests = [{ id: this.#options.self, generation: this.#options.generation, heartbeat: 0 }];
    for (const member of this.#ungreeted) this.#ask(member, { type: 'gossip-syn', clusterId, digests, suspects: [] });
    this.tick();
  }

  tick(): void {
    this.#carryOut(this.#gossiper.tick(this.#dependencies.clock.monotonicMs()));
  }

  /** @param operationId of the frame */
  receive(from: string, message: GossipSyn | GossipAck | GossipAck2, operationId: number): void {
    const { clock, peers } = this.#dependencies;
    if (message.type === 'gossip-ack') peers.answer(from, operationId, message);
    this.#carryOut(this.#gossiper.receive(from, message, clock.monotonicMs()), operationId);
    if (message.type !== 'gossip-syn') this.#ungreeted.delete(from);
  }

  /** No frame reaches the member at the moment. */
  unreachable(member: string): void {
    this.#ungreeted.delete(member);
  }

  get mayServe(): boolean {
    return this.#ungreeted.size === 0 || this.#dependencies.clock.monotonicMs() >= this.#greetingEnds;
  }

  stateOf(member: string): MemberState {
    if (member === this.#options.self) return 'alive';
    return this.viewOf(member)?.liveness ?? 'unheard';
  }

  viewOf(member: string): MemberView | undefined {
    return this.#gossiper.member(member);
  }

  /** Those that a request may be sent to with hope. Who was not heard yet may well be up. */
  reachable(members: readonly string[]): string[] {
    return members.filter((member) => this.stateOf(member) !== 'down');
  }

  /** 0 for a member believed alive, more the less is believed of it: an order in which to ask. */
  doubtsAbout(member: string): number {
    return doubts[this.stateOf(member)];
  }

  /** Where a member listens: as it said itself, or as the topology says until it was heard. */
  addressOf(member: string): string {
    return this.viewOf(member)?.address ?? addressIn(this.#dependencies.topology(), member);
  }

  /** @param operationId of the frame that they come of */
  #carryOut(effects: readonly GossipEffect[], operationId = 0): void {
    for (const effect of effects) this.#carryOutOne(effect, operationId);
  }

  #carryOutOne(effect: GossipEffect, operationId: number): void {
    const { log, fatal, counters, faults } = this.#dependencies;
    switch (effect.type) {
      case 'send': {
        const to = effect.to ?? this.#memberAt(effect.address);
        if (to !== undefined && to !== this.#options.self) this.#send(to, effect.message, operationId);
        return;
      }
      case 'generation-conflict':
        fatal(generationBehind(this.#options, effect.seen));
        return;
      case 'refused':
        counters.framesRefused += 1;
        faults.met('gossip-refused', { from: effect.from, reason: effect.reason }, { detail: effect.detail });
        return;
      case 'member-joined':
      case 'member-alive':
      case 'member-restarted':
      case 'member-suspected':
        log.info(effect.type, { member: effect.member.id, generation: effect.member.generation });
        return;
      case 'member-down':
        log.warn(effect.type, { member: effect.member.id, generation: effect.member.generation });
        return;
      case 'status-changed':
      case 'address-changed':
      case 'member-forgotten':
      case 'leave-spread':
        return;
    }
  }

  #send(to: string, message: GossipMessage, operationId: number): void {
    const { clock, peers } = this.#dependencies;
    if (message.type === 'gossip-syn') this.#ask(to, message);
    else if (message.type === 'gossip-ack2') peers.tell(to, message);
    else peers.tell(to, { ...message, wallMs: Math.max(0, Math.trunc(clock.wallMs())) }, { operationId });
  }

  #ask(to: string, message: GossipSyn): void {
    const { clock, peers, offsets } = this.#dependencies;
    const sentAt = clock.monotonicMs();
    const answered = (answer: Message): void => {
      if (answer.type !== 'gossip-ack') return;
      offsets.heard({ member: to, sentAt, receivedAt: clock.monotonicMs(), wallMs: answer.wallMs });
    };
    const deadline = sentAt + longestRoundTripMs;
    peers.ask({ to, keyspaceId: 0, message, deadline, answered, failed: () => undefined });
  }

  #memberAt(address: string | null): string | undefined {
    return this.#dependencies.topology().state.members.find((member) => member.address === address)?.id;
  }
}

const doubts: Readonly<Record<MemberState, number>> = { alive: 0, unheard: 1, suspect: 2, down: 3 };

function addressIn(topology: Topology, id: string): string {
  return topology.member(id)?.address ?? '';
}

function generationBehind({ self, generation }: MembershipOptions, seen: number): ClusterNodeError {
  return new ClusterNodeError(
    'GENERATION_BEHIND',
    `member ${self} started with generation ${generation}, but others have seen its generation ${seen}: its data folder ` +
      'was emptied, rolled back or copied, and would have forgotten what it acknowledged. Restore the folder, or ' +
      'replace the member by a new one',
  );
}
