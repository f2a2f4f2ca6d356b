/**
 * One write at its coordinator: send to every owner at once, answer when W distinct servers are durable (Dynamo §4.5).
 * For an owner that is down, fails or is late, another server keeps the write as a hint until the owner is back (§4.6):
 * in a sloppy write a healthy server that owns nothing of the key, which then counts like any other; where there is none,
 * and in a strict write, the coordinator itself, which never counts for it.
 *
 * A plain synchronous object: the driver carries out its effects and feeds back what comes in. After the `answer` effect
 * further acknowledgements are neither awaited nor cancelled; the operation goes on only to place hints for owners that
 * then still fail or stay late, until all owners are provided for or its deadline passes: see {@link WriteOperation.over}.
 */
import type { Receipt } from './receipt.ts';
import { countedFallbacks, reachableServers, type ReplicaPlan } from './replica-plan.ts';
import { fallback, type Part, primary, RequestLedger } from './request-ledger.ts';
import { Tally } from './tally.ts';
import { compareVersions, newerOf, type Version } from './version.ts';

/**
 * - `applied`: W distinct servers are durable and none that answered holds a newer version.
 * - `superseded`: durable likewise, and a newer version, the `winner`, won.
 * - `rejected`: nothing was stored: nothing was sent, or everyone refused.
 * - `unknown`: it may have been stored, now or later; the receipt names who holds it.
 */
export type WriteOutcome = 'applied' | 'superseded' | 'rejected' | 'unknown';

export interface WriteResult {
  readonly outcome: WriteOutcome;
  readonly version: Version;
  /** The newer version that won, when the outcome is `superseded`. */
  readonly winner?: Version;
  /**
   * False for a `superseded` write that was sloppy or has 2W ≤ N: two write quorums need not meet then, so the `winner`
   * may itself have lost to an acknowledged version that no server which answered holds. In either case the loser may be
   * read until the winner has been repaired.
   */
  readonly certain: boolean;
  /** Why a write is `rejected` or `unknown`. */
  readonly reason?: WriteFailure;
  readonly receipt: Receipt;
}

/**
 * `too-few-replicas`: fewer than W can still answer. `deadline`: time ran out first. `refused`: everyone refused. The
 * others are of writes into a set of siblings, which refused it as the `SiblingErrorCode` of that name says; a write of any kind
 * is `write-too-old` where nobody can know any more whether it was made before.
 */
export type WriteFailure =
  | 'too-few-replicas'
  | 'deadline'
  | 'refused'
  | 'too-many-siblings'
  | 'write-too-old'
  | 'invalid-context';

export type WriteEffect =
  | { readonly type: 'send'; readonly to: string }
  /** `to` is to keep the write until `intendedOwner` has it. */
  | { readonly type: 'hint'; readonly to: string; readonly intendedOwner: string }
  | { readonly type: 'answer'; readonly result: WriteResult };

export class WriteOperation {
  readonly #plan: ReplicaPlan;
  readonly #version: Version;
  /** Owners and the fallbacks of a sloppy plan: each server counts once, whatever it keeps. */
  readonly #tally: Tally;
  readonly #ledger: RequestLedger;
  readonly #unusedFallbacks: string[];
  /** Owners that are durable, or for whom a hint is. */
  readonly #provided = new Set<string>();
  /** Who was handed the hint for an owner and has not failed to keep it. */
  readonly #keepers = new Map<string, string>();
  /** Owners whose hint only the coordinator can keep. It does once the write cannot be `rejected` any more. */
  readonly #owed = new Set<string>();
  #winner: Version | undefined;
  #answered = false;
  #over = false;

  /** @param startedAt monotonic milliseconds, the origin of the receipt's latencies */
  constructor(plan: ReplicaPlan, version: Version, startedAt: number) {
    this.#plan = plan;
    this.#version = version;
    this.#unusedFallbacks = [...countedFallbacks(plan)];
    this.#tally = new Tally([...plan.replicas, ...this.#unusedFallbacks], plan.needed);
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** True once there will be no more effects: every owner, or a hint for it, is durable, or the deadline has passed. */
  get over(): boolean {
    return this.#over || (this.#answered && this.#plan.replicas.every((owner) => this.#provided.has(owner)));
  }

  /** When too few servers are up the write is rejected, and nothing is sent. */
  start(): WriteEffect[] {
    if (this.#answered) return [];
    const { replicas, needed, down = [] } = this.#plan;
    const reachable = reachableServers(this.#plan);
    if (reachable < needed) return this.#answer('rejected', 'too-few-replicas', reachable);
    const sends = replicas.flatMap((to): WriteEffect[] => {
      if (down.includes(to)) return [];
      this.#ledger.asked(primary(to));
      return [{ type: 'send', to }];
    });
    for (const owner of down) this.#tally.fail(owner);
    return [...sends, ...down.flatMap((owner) => this.#provideFor(owner))];
  }

  /**
   * An owner is durable; `held` is the version that it holds now: this one or a newer one. An older one would mean
   * that it did not store the write, and is ignored, as is what it said before it held something newer.
   */
  acknowledge(owner: string, held: Version, now: number): WriteEffect[] {
    return this.#ledger.isOwner(owner) ? this.#durable(primary(owner), owner, held, now) : [];
  }

  /** As `acknowledge`, of the hint for `intendedOwner` that a server was to keep. */
  hinted(keeper: string, intendedOwner: string, held: Version, now: number): WriteEffect[] {
    const part = fallback(keeper, intendedOwner);
    return this.#ledger.hasAsked(part) ? this.#durable(part, intendedOwner, held, now) : [];
  }

  /**
   * An owner refused (it did nothing), or could not be reached (it may have done it). What may have been done is not
   * undone by the refusal of a second try, nor what is durable by a failure.
   */
  fail(owner: string, answer: 'refused' | 'unreachable', reason: string, now: number): WriteEffect[] {
    if (!this.#ledger.isOwner(owner)) return [];
    return this.#failed(primary(owner), owner, { answer, reason }, now);
  }

  /** As `fail`, of the hint for `intendedOwner` that a server was to keep: the next fallback is asked to. */
  hintFailed(
    keeper: string,
    intendedOwner: string,
    answer: 'refused' | 'unreachable',
    reason: string,
    now: number,
  ): WriteEffect[] {
    const part = fallback(keeper, intendedOwner);
    if (!this.#ledger.hasAsked(part)) return [];
    if (this.#keepers.get(intendedOwner) === keeper) this.#keepers.delete(intendedOwner);
    return this.#failed(part, intendedOwner, { answer, reason }, now);
  }

  /** Owners that have not answered by now are late: hints are placed for them, and they may still answer. */
  late(): WriteEffect[] {
    if (this.#over) return [];
    const isPending = (owner: string): boolean => this.#ledger.answerOf(primary(owner))?.answer === 'pending';
    return this.#plan.replicas.filter(isPending).flatMap((owner) => this.#provideFor(owner));
  }

  /** The deadline passed. The coordinator keeps a hint for every owner that was not provided for by then. */
  expire(): WriteEffect[] {
    if (this.#over) return [];
    const { replicas, coordinator } = this.#plan;
    const unprovided = replicas.filter((owner) => !this.#provided.has(owner));
    for (const owner of unprovided) if (this.#keepers.get(owner) !== coordinator) this.#owed.add(owner);
    const reason = this.#tally.outcome === 'unreachable' ? 'too-few-replicas' : 'deadline';
    const effects = this.#answered ? this.#placeOwed() : this.#answer('unknown', reason);
    this.#over = true;
    return effects;
  }

  #durable(part: Part, owner: string, held: Version, now: number): WriteEffect[] {
    if (this.#over) return [];
    const known = this.#ledger.answerOf(part)?.version ?? this.#version;
    if (compareVersions(held, known) < 0) return [];
    this.#provided.add(owner);
    this.#owed.delete(owner);
    if (this.#answered) return [];
    const superseded = compareVersions(held, this.#version) > 0;
    this.#ledger.answered(part, { answer: superseded ? 'superseded' : 'applied', version: held }, now);
    if (superseded) this.#winner = newerOf(this.#winner, held);
    this.#tally.acknowledge(part.replica);
    return this.#settle();
  }

  #failed(
    part: Part,
    owner: string,
    answer: { readonly answer: 'refused' | 'unreachable'; readonly reason: string },
    now: number,
  ): WriteEffect[] {
    if (this.#over) return [];
    const known = this.#ledger.answerOf(part)?.answer;
    if (known === 'applied' || known === 'superseded' || known === 'unreachable') return [];
    this.#ledger.answered(part, answer, now);
    this.#tally.fail(part.replica);
    const hints = this.#provideFor(owner);
    return this.#answered ? hints : [...hints, ...this.#settle()];
  }

  /** Finds a server that keeps the write for an owner, unless one does. */
  #provideFor(owner: string): WriteEffect[] {
    if (this.#provided.has(owner) || this.#keepers.has(owner)) return [];
    const to = this.#unusedFallbacks.shift();
    if (to !== undefined) return [this.#hand(to, owner)];
    this.#owed.add(owner);
    return this.#answered ? this.#placeOwed() : [];
  }

  /** The coordinator is asked once for each owner: when it cannot keep a hint, nobody is left who could. */
  #placeOwed(): WriteEffect[] {
    const { coordinator } = this.#plan;
    const owners = [...this.#owed];
    this.#owed.clear();
    if (coordinator === undefined) return [];
    const open = owners.filter((owner) => !this.#ledger.hasAsked(fallback(coordinator, owner)));
    return open.map((owner) => this.#hand(coordinator, owner));
  }

  #hand(to: string, intendedOwner: string): WriteEffect {
    this.#ledger.asked(fallback(to, intendedOwner));
    this.#keepers.set(intendedOwner, to);
    return { type: 'hint', to, intendedOwner };
  }

  #settle(): WriteEffect[] {
    switch (this.#tally.outcome) {
      case 'pending':
        return [];
      case 'met':
        return this.#answer(this.#winner === undefined ? 'applied' : 'superseded');
      case 'unreachable':
        return this.#settleUnreachable();
    }
  }

  /**
   * A write that cannot succeed any more still waits for who has not answered: the receipt should name every holder,
   * and that nothing was stored is known only when the last one has refused.
   */
  #settleUnreachable(): WriteEffect[] {
    if (this.#ledger.hasPending()) return [];
    if (this.#ledger.everyoneRefused()) return this.#answer('rejected', 'refused');
    return this.#answer('unknown', 'too-few-replicas');
  }

  #answer(outcome: WriteOutcome, reason?: WriteFailure, got: number = this.#tally.got): WriteEffect[] {
    this.#answered = true;
    this.#over = outcome === 'rejected';
    const { needed, replicas } = this.#plan;
    const counted = replicas.filter((owner) => this.#tally.has(owner)).length;
    const mode = counted < needed && this.#tally.got > counted ? 'sloppy' : 'strict';
    const hints = this.#over ? [] : this.#placeOwed();
    const result: WriteResult = {
      outcome,
      version: this.#version,
      certain: outcome !== 'superseded' || (mode === 'strict' && 2 * needed > replicas.length),
      receipt: this.#ledger.receipt({ mode, got }),
      ...(outcome === 'superseded' && this.#winner !== undefined && { winner: this.#winner }),
      ...(reason !== undefined && { reason }),
    };
    return [{ type: 'answer', result }, ...hints];
  }
}
