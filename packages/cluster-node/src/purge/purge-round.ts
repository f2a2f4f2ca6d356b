/**
 * One attempt of the first owner of a range to have its purge watermark raised. In this order, each step only once all of the
 * one before is durable, and only if this owner can be compared with each of the others: else what was sealed would be refused
 * for long, and nothing would come of it.
 *
 * 1. Every member of the cluster takes no hint up to the stamp any more, and keeps none.
 * 2. Every owner takes no write up to it from outside. From here on nothing stamped so can appear anywhere but by repair.
 * 3. This owner is compared with each of the others, and so has the newest of all that they have; and then once more, and so
 *    each of the others has it too.
 * 4. The watermark holds, for whoever hears of it: every other owner, and this one last, so that a round is made again
 *    until all have.
 *
 * Whatever fails leaves the watermark where it was. What was sealed stays sealed, which refuses only what is older than anybody
 * should still be writing.
 */
import type { Stamp } from '@kv/quorum';
import type { Message } from '@kv/wire';
import type { Membership } from '../membership/membership.ts';
import type { PeerRequests } from '../peer-requests.ts';
import type { Clock } from '../ports.ts';
import type { Range } from '../repair/range-records.ts';
import type { PurgeServer, PurgeStep } from './purge-server.ts';

export interface PurgeRoundDependencies {
  readonly self: string;
  readonly clock: Clock;
  readonly peers: PeerRequests;
  readonly membership: Membership;
  readonly server: PurgeServer;
  /** Compares the range with another owner and repairs what differs. `done`: whether both are now the same. */
  readonly compare: (range: Range, peer: string, done: (confirmed: boolean) => void) => void;
  /** Whether this member itself has counted and can read all that it stores of the range. */
  readonly canCompare: (range: Range) => boolean;
  readonly requestTimeoutMs: number;
}

export interface PurgePlan {
  readonly range: Range;
  readonly upTo: Stamp;
  /** Of the cluster. */
  readonly members: readonly string[];
  readonly owners: readonly string[];
}

/** Who kept the watermark from rising, and why: `MEMBER_AWAY`, `HINTS_KEPT`, `NOT_COMPARED`, or a code of the member. */
export interface HeldBack {
  readonly member: string;
  readonly reason: string;
}

export class PurgeRound {
  readonly #dependencies: PurgeRoundDependencies;
  readonly #plan: PurgePlan;
  readonly #done: (heldBack: HeldBack | undefined) => void;
  #over = false;

  /** `done` is called once: with nothing when the watermark has risen. */
  constructor(dependencies: PurgeRoundDependencies, plan: PurgePlan, done: (heldBack: HeldBack | undefined) => void) {
    this.#dependencies = dependencies;
    this.#plan = plan;
    this.#done = done;
  }

  start(): void {
    const { members, owners } = this.#plan;
    const others = owners.filter((owner) => owner !== this.#dependencies.self);
    const compare = (then: () => void) => () => this.#compareAll(others, then);
    const ask = (whom: readonly string[], step: PurgeStep, then: () => void) => () => this.#askAll(whom, step, then);
    const raise = ask(others, 'purge-raise', () => this.#raiseOwn());
    const seal = ask(members, 'purge-hints', ask(owners, 'purge-seal', compare(compare(raise))));
    compare(seal)();
  }

  #askAll(members: readonly string[], type: PurgeStep, then: () => void): void {
    const { membership, self } = this.#dependencies;
    const away = members.find((member) => member !== self && membership.stateOf(member) !== 'alive');
    if (away !== undefined) {
      this.#end({ member: away, reason: 'MEMBER_AWAY' });
      return;
    }
    let left = members.length;
    if (left === 0) then();
    for (const member of members) {
      this.#ask(member, type, () => {
        left -= 1;
        if (left === 0 && !this.#over) then();
      });
    }
  }

  #ask(member: string, type: PurgeStep, cleared: () => void): void {
    const { self, server, peers, clock, requestTimeoutMs } = this.#dependencies;
    const { range, upTo } = this.#plan;
    const take = (reply: Message): void => {
      if (reply.type === 'purge-reply' && reply.outcome === 'clear') cleared();
      else if (reply.type === 'purge-reply') this.#end({ member, reason: 'HINTS_KEPT' });
      else this.#end({ member, reason: reply.type === 'error' ? reply.code : 'MALFORMED' });
    };
    if (member === self) {
      server.take(range, { type, upTo }, take);
      return;
    }
    const message = { type, partition: range.partition, upTo } as const;
    peers.ask({
      to: member,
      keyspaceId: range.keyspaceId,
      message,
      deadline: clock.monotonicMs() + requestTimeoutMs,
      answered: take,
      failed: (_, reason) => this.#end({ member, reason }),
    });
  }

  /** One after the other: repair is never urgent. */
  #compareAll([peer, ...others]: readonly string[], then: () => void): void {
    if (this.#over) return;
    if (peer === undefined) {
      then();
      return;
    }
    const { compare, canCompare, self } = this.#dependencies;
    compare(this.#plan.range, peer, (confirmed) => {
      if (confirmed) this.#compareAll(others, then);
      else this.#end({ member: canCompare(this.#plan.range) ? peer : self, reason: 'NOT_COMPARED' });
    });
  }

  #raiseOwn(): void {
    if (!this.#over) this.#ask(this.#dependencies.self, 'purge-raise', () => this.#end(undefined));
  }

  #end(heldBack: HeldBack | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(heldBack);
  }
}
