/**
 * One read of a set of siblings at its coordinator. It asks R replicas, the nearest for its set and the others for the
 * digests of theirs; where they differ it fetches the different sets, merges them, and gives the merged one to whoever has
 * less. It answers once N−R+1 owners hold all that it returns, if 2R > N: every later read then meets one of them, so that no
 * read knows less than one before it (as `ReadOperation`, whose sets have one element).
 *
 * A replica that fails is replaced by the next owner in the plan. A plain synchronous object: the driver carries out the
 * effects, in order, and feeds back what comes in. `Content` is opaque but for how two are merged and told apart.
 */
import type { Receipt } from '../receipt.ts';
import type { ReadFailure } from '../read-operation.ts';
import { reachableServers, type ReplicaPlan } from '../replica-plan.ts';
import { primary, RequestLedger } from '../request-ledger.ts';
import type { Version } from '../version.ts';

/** A set as one replica holds it. */
export interface KnownSet<Content> {
  /** Equal for equal sets, different for different ones. */
  readonly digest: string;
  /** For the receipt: the highest write id in the set. */
  readonly version: Version;
  /** Absent where only the digest was asked for. */
  readonly content?: Content;
}

/** A set with what is in it. */
export type FullSet<Content> = KnownSet<Content> & { readonly content: Content };

/** Both sets together: commutative, associative, idempotent. */
export type MergeSets<Content> = (a: FullSet<Content>, b: FullSet<Content>) => FullSet<Content>;

/** As the outcomes of `ReadResult`; `found` also for a set without siblings: what was there was deleted. */
export type SiblingReadResult<Content> =
  | { readonly outcome: 'found'; readonly set: FullSet<Content>; readonly receipt: Receipt }
  | { readonly outcome: 'absent' | ReadFailure; readonly receipt: Receipt };

export type SiblingReadEffect<Content> =
  | { readonly type: 'fetch'; readonly from: string; readonly want: 'value' | 'version' }
  | { readonly type: 'repair'; readonly to: string; readonly set: FullSet<Content> }
  | { readonly type: 'answer'; readonly result: SiblingReadResult<Content> };

export class SiblingRead<Content> {
  readonly #plan: ReplicaPlan;
  readonly #merge: MergeSets<Content>;
  readonly #ledger: RequestLedger;
  /** The digest of what each replica that answered holds, `undefined` for nothing. Disjoint from `#failed`; owners only. */
  readonly #held = new Map<string, string | undefined>();
  readonly #failed = new Set<string>();
  /** Everything that came, merged; it never gets less, whoever fails. */
  #merged: FullSet<Content> | undefined;
  /** Digests of the sets that are in `#merged`. */
  readonly #contained = new Set<string>();
  /** Replicas whose set was asked for and has not come yet. */
  readonly #awaited = new Set<string>();
  /** Replicas that were sent `#merged` as it is now, and what became of it. */
  readonly #repairs = new Map<string, 'sent' | 'acknowledged' | 'failed'>();
  #answered = false;

  /** @param startedAt monotonic milliseconds, the origin of the receipt's latencies */
  constructor(plan: ReplicaPlan, startedAt: number, merge: MergeSets<Content>) {
    this.#plan = plan;
    this.#merge = merge;
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** When too few owners are up the read is `unavailable`, and nobody is asked. */
  start(): SiblingReadEffect<Content>[] {
    if (this.#answered) return [];
    const reachable = reachableServers(this.#plan);
    if (reachable < this.#plan.needed) return [this.#answer('unavailable', reachable)];
    return this.#plan.replicas
      .slice(0, this.#plan.needed)
      .map((replica, index) => this.#fetch(replica, index === 0 ? 'value' : 'version'));
  }

  /** What a replica said it holds; `undefined`: nothing. */
  receive(replica: string, held: KnownSet<Content> | undefined, now: number): SiblingReadEffect<Content>[] {
    if (this.#answered || !this.#ledger.isOwner(replica)) return [];
    if (held === undefined || held.content !== undefined) this.#awaited.delete(replica);
    // What comes late is merged as well, but never takes back what the same replica confirmed since.
    if (held?.content !== undefined) this.#take({ ...held, content: held.content });
    if (!this.#isStale(replica, held)) {
      this.#failed.delete(replica);
      this.#held.set(replica, held?.digest);
      const answer =
        held === undefined ? ({ answer: 'absent' } as const) : { answer: 'held' as const, version: held.version };
      this.#ledger.answered(primary(replica), answer, now);
    }
    return this.#advance();
  }

  /** A repair by the set of this digest is durable at `replica`, which now holds that and perhaps more. */
  repaired(replica: string, digest: string): SiblingReadEffect<Content>[] {
    if (this.#answered || digest !== this.#merged?.digest || !this.#repairs.has(replica)) return [];
    this.#repairs.set(replica, 'acknowledged');
    this.#failed.delete(replica);
    this.#held.set(replica, digest);
    return this.#advance();
  }

  /** A replica refused a fetch or a repair, or could not be reached: whatever it said before no longer counts. */
  fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): SiblingReadEffect<Content>[] {
    if (this.#answered || !this.#ledger.isOwner(replica) || this.#failed.has(replica)) return [];
    this.#ledger.answered(primary(replica), { answer, reason }, now);
    this.#failed.add(replica);
    this.#held.delete(replica);
    this.#awaited.delete(replica);
    if (this.#repairs.has(replica)) this.#repairs.set(replica, 'failed');
    return this.#askStandIns(1).concat(this.#advance());
  }

  /** Someone is slow: asks one more owner, or one more holder of a set that has not come. The driver decides when. */
  standIn(): SiblingReadEffect<Content>[] {
    if (this.#answered) return [];
    const asked = this.#askStandIns(1);
    if (asked.length > 0) return asked;
    const holder = this.#holdersOfMissing().find((replica) => !this.#awaited.has(replica));
    return holder === undefined ? [] : [this.#fetch(holder, 'value')];
  }

  /** The deadline passed. */
  expire(): SiblingReadEffect<Content>[] {
    if (this.#answered) return [];
    const isRepairing = this.#held.size >= this.#plan.needed && this.#holdersOfMissing().length === 0;
    return [this.#answer(isRepairing ? 'repair-incomplete' : 'timed-out')];
  }

  #take(set: FullSet<Content>): void {
    if (this.#contained.has(set.digest)) return;
    const before = this.#merged;
    this.#merged = before === undefined ? set : this.#merge(before, set);
    this.#contained.add(set.digest).add(this.#merged.digest);
    if (this.#merged.digest !== before?.digest) this.#repairs.clear();
  }

  #isStale(replica: string, held: KnownSet<Content> | undefined): boolean {
    if (this.#repairs.get(replica) === 'acknowledged') return true;
    // Replicas only ever learn: who held a set cannot hold nothing, and who gave a set in full held its digest before.
    if (!this.#held.has(replica)) return false;
    const known = this.#held.get(replica);
    return known !== undefined && (held === undefined || (held.content === undefined && this.#contained.has(known)));
  }

  /** Owners that must hold the answer before it is given; with 2R ≤ N reads promise no order and wait for nobody. */
  get #holdersNeeded(): number {
    const { replicas, needed } = this.#plan;
    return 2 * needed > replicas.length ? replicas.length - needed + 1 : 0;
  }

  #advance(): SiblingReadEffect<Content>[] {
    const { needed, replicas } = this.#plan;
    if (this.#held.size < needed) {
      return replicas.length - this.#failed.size < needed ? [this.#answer('unavailable')] : [];
    }
    const missing = this.#holdersOfMissing();
    if (missing.length > 0) return this.#fetchMissing(missing);
    return this.#merged === undefined ? [this.#answer('absent')] : this.#repairAndAnswer(this.#merged);
  }

  /** Replicas that hold a set which is known by its digest only, in the order of the plan. */
  #holdersOfMissing(): string[] {
    return this.#plan.replicas.filter((replica) => {
      const digest = this.#held.get(replica);
      return digest !== undefined && !this.#contained.has(digest);
    });
  }

  /** Asks one holder of each missing set, unless such an answer is already on its way. */
  #fetchMissing(holders: readonly string[]): SiblingReadEffect<Content>[] {
    const digests = new Set(holders.map((replica) => this.#held.get(replica)));
    return [...digests].flatMap((digest) => {
      const same = holders.filter((replica) => this.#held.get(replica) === digest);
      const [first] = same;
      return first === undefined || same.some((replica) => this.#awaited.has(replica))
        ? []
        : [this.#fetch(first, 'value')];
    });
  }

  #repairAndAnswer(set: FullSet<Content>): SiblingReadEffect<Content>[] {
    const behind = [...this.#held.keys()].filter((replica) => this.#held.get(replica) !== set.digest);
    const unsent = behind.filter((replica) => (this.#repairs.get(replica) ?? 'failed') === 'failed');
    const repairs = unsent.map((to): SiblingReadEffect<Content> => {
      this.#repairs.set(to, 'sent');
      return { type: 'repair', to, set };
    });
    const holders = this.#held.size - behind.length;
    return holders >= this.#holdersNeeded ? [...repairs, this.#answer('found')] : repairs;
  }

  #askStandIns(count: number): SiblingReadEffect<Content>[] {
    const unasked = this.#plan.replicas.filter((replica) => !this.#ledger.hasAsked(primary(replica)));
    return unasked.slice(0, count).map((replica) => this.#fetch(replica, 'value'));
  }

  #fetch(from: string, want: 'value' | 'version'): SiblingReadEffect<Content> {
    this.#ledger.asked(primary(from));
    if (want === 'value') this.#awaited.add(from);
    return { type: 'fetch', from, want };
  }

  #answer(outcome: 'found' | 'absent' | ReadFailure, reachable?: number): SiblingReadEffect<Content> {
    this.#answered = true;
    const got = reachable ?? Math.min(this.#held.size, this.#plan.needed);
    const acknowledged = [...this.#repairs.values()].filter((repair) => repair === 'acknowledged').length;
    const digest = this.#merged?.digest;
    const held = digest === undefined ? 0 : [...this.#held.values()].filter((known) => known === digest).length;
    const repairs = { needed: digest === undefined ? 0 : this.#holdersNeeded, held };
    const sent = this.#repairs.size;
    const receipt = this.#ledger.receipt({ mode: 'strict', got }, { sent, acknowledged, ...repairs });
    if (outcome !== 'found') return { type: 'answer', result: { outcome, receipt } };
    if (this.#merged === undefined) throw new TypeError('a found read has a set');
    return { type: 'answer', result: { outcome, set: this.#merged, receipt } };
  }
}
