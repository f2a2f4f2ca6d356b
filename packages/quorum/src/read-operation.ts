/**
 * One read at its coordinator. It asks R replicas, the nearest for the value and the others for their versions only;
 * when they differ it fetches the newest, repairs who is behind, and answers only once N−R+1 owners hold what it
 * returns: with 2R > N every later read then meets one of them, so reads never go backwards (the write-back of
 * Attiya, Bar-Noy and Dolev 1995; Cassandra calls it blocking read repair).
 *
 * A replica that fails is replaced by the next owner in the plan, as reader and as holder. A plain synchronous object:
 * the driver carries out the effects, in order, and feeds back what comes in. `Value` is opaque.
 */
import type { Receipt } from './receipt.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { RequestLedger } from './request-ledger.ts';
import { newerOf, sameVersion, compareVersions, type Version } from './version.ts';

/** What a replica holds: nothing (no version), a version, or a version with its value. */
export interface Held<Value> {
  readonly version: Version | undefined;
  readonly value?: Value;
}

/**
 * - `found`, `absent`: the newest of R answers, and N−R+1 owners hold it (when 2R > N).
 * - `unavailable`: fewer than R owners can answer.
 * - `repair-incomplete`: R answered, but by the deadline too few owners had confirmed the newest version.
 * - `timed-out`: fewer than R answered by the deadline, or the newest value itself had not come.
 */
export type ReadResult<Value> =
  | { readonly outcome: 'found'; readonly version: Version; readonly value: Value; readonly receipt: Receipt }
  | { readonly outcome: 'absent' | ReadFailure; readonly receipt: Receipt };

export type ReadFailure = 'unavailable' | 'repair-incomplete' | 'timed-out';

export type ReadEffect<Value> =
  | { readonly type: 'fetch'; readonly from: string; readonly want: 'value' | 'version' }
  | { readonly type: 'repair'; readonly to: string; readonly version: Version; readonly value: Value }
  | { readonly type: 'answer'; readonly result: ReadResult<Value> };

export class ReadOperation<Value> {
  readonly #plan: ReplicaPlan;
  readonly #ledger: RequestLedger;
  /** What each replica that answered holds, with acknowledged repairs applied. Disjoint from `#failed`; owners only. */
  readonly #held = new Map<string, Version | undefined>();
  readonly #failed = new Set<string>();
  /** Replicas that a repair of `#newest` was sent to, and what became of it. */
  readonly #repairs = new Map<string, 'sent' | 'acknowledged' | 'failed'>();
  /** Whom the full value was asked from and has not come yet. */
  readonly #awaitedValues = new Set<string>();
  /** The newest version whose value is known, kept even when the replica that sent it has failed since. */
  #newest: { readonly version: Version; readonly value: Value } | undefined;
  #answered = false;

  /** @param startedAt monotonic milliseconds, the origin of the receipt's latencies */
  constructor(plan: ReplicaPlan, startedAt: number) {
    this.#plan = plan;
    this.#ledger = new RequestLedger(plan, startedAt);
  }

  get answered(): boolean {
    return this.#answered;
  }

  start(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    return this.#plan.replicas
      .slice(0, this.#plan.needed)
      .map((replica, index) => this.#fetch(replica, index === 0 ? 'value' : 'version'));
  }

  /** What a replica said it holds. */
  receive(replica: string, held: Held<Value>, now: number): ReadEffect<Value>[] {
    if (this.#ignores(replica)) return [];
    if (held.value !== undefined || held.version === undefined) this.#awaitedValues.delete(replica);
    if (this.#isStaleAnswer(replica, held)) return [];
    this.#failed.delete(replica);
    this.#held.set(replica, held.version);
    const { version } = held;
    this.#ledger.answered(replica, version === undefined ? { answer: 'absent' } : { answer: 'held', version }, now);
    if (version !== undefined && held.value !== undefined) this.#keepNewest(version, held.value);
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
    this.#held.set(replica, newest.version);
    return this.#advance();
  }

  /** A replica refused a fetch or a repair, or could not be reached: whatever it said before no longer counts. */
  fail(replica: string, answer: 'refused' | 'unreachable', reason: string, now: number): ReadEffect<Value>[] {
    if (this.#ignores(replica) || this.#failed.has(replica)) return [];
    this.#ledger.answered(replica, { answer, reason }, now);
    this.#failed.add(replica);
    this.#held.delete(replica);
    this.#awaitedValues.delete(replica);
    if (this.#repairs.has(replica)) this.#repairs.set(replica, 'failed');
    return this.#askStandIns(1).concat(this.#advance());
  }

  /** Someone is slow: asks one more owner, or one more holder for the value. The driver decides when. */
  standIn(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    const asked = this.#askStandIns(1);
    return asked.length > 0 ? asked : this.#askAnotherHolder();
  }

  /** Answers `unavailable` without asking anyone: the driver knows that too few owners are up. */
  reject(): ReadEffect<Value>[] {
    return this.#answered ? [] : [this.#answer('unavailable')];
  }

  /** The deadline passed. */
  expire(): ReadEffect<Value>[] {
    if (this.#answered) return [];
    const isRepairing = this.#held.size >= this.#plan.needed && this.#hasNewestValue;
    return [this.#answer(isRepairing ? 'repair-incomplete' : 'timed-out')];
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
  }

  #advance(): ReadEffect<Value>[] {
    const { needed, replicas } = this.#plan;
    if (this.#held.size < needed) {
      return replicas.length - this.#failed.size < needed ? [this.#answer('unavailable')] : [];
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
    const holders = this.#held.size - behind.length;
    return holders >= this.#holdersNeeded ? [...repairs, this.#answer('found')] : repairs;
  }

  /** A repair is sent once, and again to a replica that failed and came back without it. */
  #needsRepair(replica: string): boolean {
    const repair = this.#repairs.get(replica);
    return repair === undefined || repair === 'failed';
  }

  #repair(to: string, newest: { version: Version; value: Value }): ReadEffect<Value> {
    this.#repairs.set(to, 'sent');
    return { type: 'repair', to, ...newest };
  }

  #askStandIns(count: number): ReadEffect<Value>[] {
    const unasked = this.#plan.replicas.filter((replica) => !this.#ledger.hasAsked(replica));
    return unasked.slice(0, count).map((replica) => this.#fetch(replica, 'value'));
  }

  #fetch(from: string, want: 'value' | 'version'): ReadEffect<Value> {
    this.#ledger.asked(from);
    if (want === 'value') this.#awaitedValues.add(from);
    return { type: 'fetch', from, want };
  }

  #answer(outcome: 'found' | 'absent' | ReadFailure): ReadEffect<Value> {
    this.#answered = true;
    const got = Math.min(this.#held.size, this.#plan.needed);
    const acknowledged = [...this.#repairs.values()].filter((repair) => repair === 'acknowledged').length;
    const repairs = { sent: this.#repairs.size, acknowledged };
    const receipt = this.#ledger.receipt(got, repairs);
    if (outcome !== 'found') return { type: 'answer', result: { outcome, receipt } };
    if (this.#newest === undefined) throw new TypeError('a found read has a value');
    return { type: 'answer', result: { outcome, ...this.#newest, receipt } };
  }
}
