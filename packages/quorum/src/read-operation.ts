/**
 * One read at its coordinator. It asks R replicas, the nearest for the value and the others for their versions only;
 * when they differ it fetches the newest, repairs who is behind, and answers only once N−R+1 owners hold what it
 * returns: with 2R > N every later read then meets one of them, so reads never go backwards (the write-back of
 * Attiya, Bar-Noy and Dolev 1995; Cassandra calls it blocking read repair).
 *
 * A replica that fails is replaced by the next owner in the plan, as reader and as holder. When fewer than R owners are
 * up or answer, a sloppy read counts fallbacks, which answer from the hints that they keep; and where too few owners are
 * left to hold the answer, it is given all the same and the receipt says so.
 *
 * A plain synchronous object: the driver carries out the effects, in order, and feeds back what comes in. `Value` is opaque.
 */
import type { Receipt } from './receipt.ts';
import { countedFallbacks, reachableServers, type ReplicaPlan } from './replica-plan.ts';
import { fallback, primary, RequestLedger } from './request-ledger.ts';
import { newerOf, sameVersion, compareVersions, type Version } from './version.ts';

/** What a replica holds: nothing (no version), a version, or a version with its value. */
export interface Held<Value> {
  readonly version: Version | undefined;
  readonly value?: Value;
}

/**
 * - `found`, `absent`: the newest of R answers, and N−R+1 owners hold it (when 2R > N), or the receipt's `repairs` say
 *   that fewer do, in a sloppy read.
 * - `unavailable`: fewer than R servers can answer.
 * - `repair-incomplete`: R answered a strict read, but by the deadline too few owners had confirmed the newest version.
 * - `timed-out`: fewer than R answered by the deadline, or the newest value itself had not come.
 */
export type ReadResult<Value> =
  | { readonly outcome: 'found'; readonly version: Version; readonly value: Value; readonly receipt: Receipt }
  | { readonly outcome: 'absent' | ReadFailure; readonly receipt: Receipt };

export type ReadFailure = 'unavailable' | 'repair-incomplete' | 'timed-out';

export type ReadEffect<Value> =
  | { readonly type: 'fetch'; readonly from: string; readonly want: 'value' | 'version' }
  /** Asks a fallback for the newest of the hints that it keeps for the key, value and all. */
  | { readonly type: 'fetch-hint'; readonly from: string }
  | { readonly type: 'repair'; readonly to: string; readonly version: Version; readonly value: Value }
  | { readonly type: 'answer'; readonly result: ReadResult<Value> };

export class ReadOperation<Value> {
  readonly #plan: ReplicaPlan;
  readonly #ledger: RequestLedger;
  readonly #fallbacks: readonly string[];
  /** What each owner that answered holds, with acknowledged repairs applied. Disjoint from `#failed`. */
  readonly #held = new Map<string, Version | undefined>();
  /** Fallbacks that answered. What they keep is in `#newest`, or older. */
  readonly #answeredFallbacks = new Set<string>();
  readonly #failed = new Set<string>();
  /** Owners that answered and could not be repaired: they count among the R, and not among who could hold the answer. */
  readonly #unrepaired = new Set<string>();
  /** Replicas that a repair of `#newest` was sent to, and what became of it. */
  readonly #repairs = new Map<string, 'sent' | 'acknowledged' | 'failed'>();
  /** Whom the full value was asked from and has not come yet. */
  readonly #awaitedValues = new Set<string>();
  /** The newest version whose value is known, kept even when the replica that sent it has failed since. */
  #newest: { readonly version: Version; readonly value: Value } | undefined;
  #isLate = false;
  #answered = false;

  /** @param startedAt monotonic milliseconds, the origin of the receipt's latencies */
  constructor(plan: ReplicaPlan, startedAt: number) {
    this.#plan = plan;
    this.#fallbacks = countedFallbacks(plan);
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** When too few servers are up the read is `unavailable`, and nobody is asked. */
  start(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    const { needed } = this.#plan;
    const reachable = reachableServers(this.#plan);
    if (reachable < needed) return [this.#answer('unavailable', reachable)];
    const owners = this.#askOwners(needed, (index) => (index === 0 ? 'value' : 'version'));
    return [...owners, ...this.#askFallbacks(needed - owners.length)];
  }

  /** What an owner said it holds. */
  receive(replica: string, held: Held<Value>, now: number): ReadEffect<Value>[] {
    if (this.#ignores(replica)) return [];
    if (held.value !== undefined || held.version === undefined) this.#awaitedValues.delete(replica);
    if (this.#isStaleAnswer(replica, held)) return [];
    this.#failed.delete(replica);
    this.#held.set(replica, held.version);
    const { version } = held;
    this.#ledger.answered(primary(replica), answerIn(version), now);
    if (version !== undefined && held.value !== undefined) this.#keepNewest(version, held.value);
    return this.#advance();
  }

  /** What a fallback keeps for the key, in the place of any owner: the newest of its hints, or nothing. */
  receiveHint(from: string, { version, value }: Held<Value>, now: number): ReadEffect<Value>[] {
    if (this.#answered || !this.#ledger.hasAsked(fallback(from))) return [];
    this.#failed.delete(from);
    this.#answeredFallbacks.add(from);
    this.#ledger.answered(fallback(from), answerIn(version), now);
    if (version !== undefined && value !== undefined) this.#keepNewest(version, value);
    return this.#advance();
  }

  /**
   * A repair is durable at `replica`, which now holds `held`: the repaired version or a newer one. Something newer
   * counts as holding the answer and is not chased: it came after R replicas had reported, so a stream of writes
   * cannot keep a read from ending.
   */
  repaired(replica: string, held: Version): ReadEffect<Value>[] {
    const newest = this.#newest;
    if (this.#answered || newest === undefined || !this.#repairs.has(replica)) return [];
    if (compareVersions(held, newest.version) < 0) return [];
    this.#repairs.set(replica, 'acknowledged');
    this.#failed.delete(replica);
    this.#unrepaired.delete(replica);
    this.#held.set(replica, newest.version);
    return this.#advance();
  }

  /** An owner refused a repair, or could not be reached: what it answered stays true, but it will not hold the newest. */
  repairFailed(replica: string): ReadEffect<Value>[] {
    if (this.#answered || this.#repairs.get(replica) !== 'sent') return [];
    this.#repairs.set(replica, 'failed');
    this.#unrepaired.add(replica);
    return this.#askInstead().concat(this.#advance());
  }

  /** An owner refused a fetch, or could not be reached: whatever it said before no longer counts. */
  fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): ReadEffect<Value>[] {
    if (this.#ignores(replica) || this.#failed.has(replica)) return [];
    this.#ledger.answered(primary(replica), { answer, reason }, now);
    this.#failed.add(replica);
    this.#held.delete(replica);
    this.#awaitedValues.delete(replica);
    if (this.#repairs.has(replica)) this.#repairs.set(replica, 'failed');
    return this.#askInstead().concat(this.#advance());
  }

  /** As `fail`, of a fallback. */
  hintFailed(from: string, answer: 'refused' | 'unreachable', reason: string, now: number): ReadEffect<Value>[] {
    if (this.#answered || !this.#ledger.hasAsked(fallback(from))) return [];
    if (this.#failed.has(from) || this.#answeredFallbacks.has(from)) return [];
    this.#ledger.answered(fallback(from), { answer, reason }, now);
    this.#failed.add(from);
    return this.#askInstead().concat(this.#advance());
  }

  /** Someone is slow: asks one more owner, or one more holder for the value. The driver decides when. */
  standIn(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    const asked = this.#askOwners(1, () => 'value', this.#plan.sloppy !== true);
    return asked.length > 0 ? asked : this.#askAnotherHolder();
  }

  /**
   * Owners that have not answered by now are late: a sloppy read asks as many fallbacks as answers are missing, and waits
   * for none of the late to hold the answer.
   */
  late(): ReadEffect<Value>[] {
    if (this.#answered || this.#plan.sloppy !== true) return [];
    this.#isLate = true;
    return [...this.#askFallbacks(this.#plan.needed - this.#answers), ...this.#advance()];
  }

  /** The deadline passed. */
  expire(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    const isRepairing = this.#answers >= this.#plan.needed && this.#hasNewestValue;
    if (isRepairing && this.#plan.sloppy === true) return [this.#answer('found')];
    return [this.#answer(isRepairing ? 'repair-incomplete' : 'timed-out')];
  }

  /** Distinct servers whose answers count. */
  get #answers(): number {
    return this.#held.size + this.#answeredFallbacks.size;
  }

  /** Owners that must hold the answer before it is given; with 2R ≤ N reads promise no order and wait for nobody. */
  get #holdersNeeded(): number {
    const { replicas, needed } = this.#plan;
    return 2 * needed > replicas.length ? replicas.length - needed + 1 : 0;
  }

  /** The newest version known: held by a replica that counts, or already fetched. */
  get #newestVersion(): Version | undefined {
    return [...this.#held.values()].reduce(newerOf, this.#newest?.version);
  }

  get #hasNewestValue(): boolean {
    return sameVersion(this.#newestVersion, this.#newest?.version);
  }

  #ignores(replica: string): boolean {
    return this.#answered || !this.#ledger.isOwner(replica);
  }

  /** A delayed duplicate must not take back what the same replica confirmed since. */
  #isStaleAnswer(replica: string, { version }: Held<Value>): boolean {
    const known = this.#held.get(replica);
    return known !== undefined && (version === undefined || compareVersions(version, known) < 0);
  }

  #keepNewest(version: Version, value: Value): void {
    if (this.#newest !== undefined && compareVersions(version, this.#newest.version) <= 0) return;
    this.#newest = { version, value };
    this.#repairs.clear();
    this.#unrepaired.clear();
  }

  #advance(): ReadEffect<Value>[] {
    const { needed, replicas } = this.#plan;
    if (this.#answers < needed) {
      const servers = replicas.length + this.#fallbacks.length;
      return servers - this.#failed.size < needed ? [this.#answer('unavailable')] : [];
    }
    const newest = this.#newestVersion;
    if (newest === undefined) return [this.#answer('absent')];
    return this.#hasNewestValue ? this.#repairAndAnswer() : this.#fetchValue(newest);
  }

  /** The newest version is known by name only: ask one who holds it, unless such an answer is already on its way. */
  #fetchValue(newest: Version): ReadEffect<Value>[] {
    const holders = this.#plan.replicas.filter((replica) => sameVersion(this.#held.get(replica), newest));
    const [holder] = holders;
    if (holder === undefined || holders.some((replica) => this.#awaitedValues.has(replica))) return [];
    return [this.#fetch(holder, 'value')];
  }

  #askAnotherHolder(): ReadEffect<Value>[] {
    const newest = this.#newestVersion;
    if (newest === undefined || this.#hasNewestValue) return [];
    const holder = this.#plan.replicas.find(
      (replica) => sameVersion(this.#held.get(replica), newest) && !this.#awaitedValues.has(replica),
    );
    return holder === undefined ? [] : [this.#fetch(holder, 'value')];
  }

  #repairAndAnswer(): ReadEffect<Value>[] {
    const newest = this.#newest;
    if (newest === undefined) return [];
    const behind = [...this.#held.keys()].filter((replica) => !sameVersion(this.#held.get(replica), newest.version));
    const repairs = behind.filter((replica) => this.#needsRepair(replica)).map((to) => this.#repair(to, newest));
    if (this.#holders >= this.#holdersNeeded) return [...repairs, this.#answer('found')];
    if (!this.#cannotBeHeld()) return repairs;
    return [...repairs, this.#answer(this.#plan.sloppy === true ? 'found' : 'repair-incomplete')];
  }

  /** Owners known to hold the newest value, or something newer. */
  get #holders(): number {
    const newest = this.#newest?.version;
    if (newest === undefined) return 0;
    return [...this.#held.values()].filter((version) => sameVersion(version, newest)).length;
  }

  /** Whether too few owners are left that could hold the answer. A sloppy read waits for none that are late or down. */
  #cannotBeHeld(): boolean {
    const { sloppy = false, replicas, down = [] } = this.#plan;
    const isAway = (owner: string): boolean =>
      this.#failed.has(owner) || (sloppy && (this.#isLate || down.includes(owner)));
    const mayHold = (owner: string): boolean =>
      this.#held.has(owner) ? this.#holds(owner) || !this.#unrepaired.has(owner) : !isAway(owner);
    return replicas.filter(mayHold).length < this.#holdersNeeded;
  }

  #holds(owner: string): boolean {
    return this.#newest !== undefined && sameVersion(this.#held.get(owner), this.#newest.version);
  }

  /** A repair is sent once, and again to a replica that failed and came back without it. */
  #needsRepair(replica: string): boolean {
    const repair = this.#repairs.get(replica);
    return repair === undefined || (repair === 'failed' && !this.#unrepaired.has(replica));
  }

  #repair(to: string, newest: { version: Version; value: Value }): ReadEffect<Value> {
    this.#repairs.set(to, 'sent');
    return { type: 'repair', to, ...newest };
  }

  /** Somebody failed: the next owner is asked, or a fallback if answers are missing, or else an owner believed down. */
  #askInstead(): ReadEffect<Value>[] {
    const owners = this.#askOwners(1);
    if (owners.length > 0) return owners;
    const isMissing = this.#answers < this.#plan.needed;
    const fallbacks = isMissing ? this.#askFallbacks(1) : [];
    return fallbacks.length > 0 ? fallbacks : this.#askOwners(1, () => 'value', true);
  }

  /** Asks up to `count` owners that were not asked yet. */
  #askOwners(
    count: number,
    want: (index: number) => 'value' | 'version' = () => 'value',
    evenDown = false,
  ): ReadEffect<Value>[] {
    const { replicas, down = [] } = this.#plan;
    return replicas
      .filter((replica) => !this.#ledger.hasAsked(primary(replica)) && (evenDown || !down.includes(replica)))
      .slice(0, count)
      .map((replica, index) => this.#fetch(replica, want(index)));
  }

  #askFallbacks(count: number): ReadEffect<Value>[] {
    const unasked = this.#fallbacks.filter((server) => !this.#ledger.hasAsked(fallback(server)));
    return unasked.slice(0, Math.max(0, count)).map((from) => {
      this.#ledger.asked(fallback(from));
      return { type: 'fetch-hint', from };
    });
  }

  #fetch(from: string, want: 'value' | 'version'): ReadEffect<Value> {
    this.#ledger.asked(primary(from));
    if (want === 'value') this.#awaitedValues.add(from);
    return { type: 'fetch', from, want };
  }

  #answer(outcome: 'found' | 'absent' | ReadFailure, reachable?: number): ReadEffect<Value> {
    this.#answered = true;
    const { needed } = this.#plan;
    const mode = this.#held.size < needed && this.#answeredFallbacks.size > 0 ? 'sloppy' : 'strict';
    const acknowledged = [...this.#repairs.values()].filter((repair) => repair === 'acknowledged').length;
    const isHeld = this.#newest !== undefined;
    const receipt = this.#ledger.receipt(
      { mode, got: reachable ?? Math.min(this.#answers, needed) },
      {
        sent: this.#repairs.size,
        acknowledged,
        needed: isHeld ? this.#holdersNeeded : 0,
        held: isHeld ? this.#holders : 0,
      },
    );
    if (outcome !== 'found') return { type: 'answer', result: { outcome, receipt } };
    if (this.#newest === undefined) throw new TypeError('a found read has a value');
    return { type: 'answer', result: { outcome, ...this.#newest, receipt } };
  }
}

function answerIn(version: Version | undefined): { answer: 'absent' } | { answer: 'held'; version: Version } {
  return version === undefined ? { answer: 'absent' } : { answer: 'held', version };
}
