/**
 * How far the wall clocks of the other members are from this one's, and this one's wall clock corrected by them.
 *
 * A sample says between which two times a member's clock was (Cristian 1989): it was read after the question had left and
 * before the answer came. Samples are held against the monotonic clock, so that one's own wall clock has no part in them:
 * when it is set, all offsets are right again at once.
 *
 * The corrected clock is the median of all members' clocks, as far as it is certain: this member's own, moved no further than
 * to where no majority of the members is surely ahead of it, nor behind it. A member that was not heard lately counts as one
 * that agrees. So one wrong clock among three moves nobody but its own member, and that one once it heard both others; of the
 * two middle clocks of an even number the nearer to one's own is taken, so that a tie moves nobody who may be right; and who
 * hears too few goes by its own clock.
 */
import type { Clock } from '../ports.ts';

export interface ClockSample {
  readonly member: string;
  /** Monotonic milliseconds here when the question left, and when the answer came. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** The member's wall clock in between, in milliseconds since 1970, rounded down. */
  readonly wallMs: number;
}

/** What is known of one member's wall clock. */
export interface ClockOffset {
  readonly member: string;
  /** How far it is ahead of this member's; negative: behind. */
  readonly offsetMs: number;
  /** The true offset is at most so much more or less, unless the member's clock was set since. */
  readonly errorMs: number;
  /** Since it was asked. */
  readonly ageMs: number;
}

/** Between which two numbers a member's wall clock minus the monotonic clock here was. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  /** Monotonic milliseconds when the member was asked. */
  readonly at: number;
}

/**
 * After which a sample counts no more: the member's clock may have been set. At least that of `clockSampleKeptMs`, and for
 * each member so much that gossip has asked almost all of them meanwhile (three a second, by chance).
 */
export const clockSampleKeptMs = 30_000;
const keptMsPerMember = 2000;
/** Time makes samples wider: how often that is looked at. */
const judgeEveryMs = 250;
/** Of the time since, by which a sample grows wider: more than quartz drifts, or a daemon bends a clock (0.0005). */
const drift = 0.001;

export class ClockOffsets {
  readonly #clock: Clock;
  readonly #self: string;
  readonly #members: () => readonly string[];
  readonly #samples = new Map<string, Bounds>();
  /** Between which two numbers the wall clock minus the monotonic clock here must be for no majority to be on one side of it. */
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  /** Of the other members, the highest number that one's wall clock minus the monotonic clock here may be. */
  #foremost = Number.NEGATIVE_INFINITY;
  /** Monotonic milliseconds from which on these bounds are to be found anew. */
  #judgeAgainAt = Number.NEGATIVE_INFINITY;

  /** @param members ids of all members of the cluster, `self` among them */
  constructor(clock: Clock, self: string, members: () => readonly string[]) {
    this.#clock = clock;
    this.#self = self;
    this.#members = members;
  }

  /** Takes in a sample; what cannot be one, or is of nobody known, changes nothing. */
  heard({ member, sentAt, receivedAt, wallMs }: ClockSample): void {
    if (receivedAt < sentAt || member === this.#self || !this.#members().includes(member)) return;
    // Both clocks may show whole milliseconds only, and so be as much behind what they are.
    const heard = { low: wallMs - 1 - receivedAt, high: wallMs + 1 - sentAt, at: sentAt };
    const known = this.#samples.get(member);
    const isBest = known === undefined || isBetter(grown(heard, receivedAt), grown(known, receivedAt));
    if (isBest) this.#samples.set(member, heard);
    this.#judge(receivedAt);
  }

  /** This member's wall clock, corrected: milliseconds since 1970. It may go backwards, as wall clocks do. */
  correctedMs(): number {
    return this.#corrected(this.#clock.wallMs());
  }

  /** What the corrected clock is ahead of this member's own; negative: behind. */
  get correctionMs(): number {
    const wallMs = this.#clock.wallMs();
    return this.#corrected(wallMs) - wallMs;
  }

  /** The foremost of all wall clocks known, this member's own among them: milliseconds since 1970. */
  foremostMs(): number {
    const now = this.#judgedNow();
    return Math.max(this.#clock.wallMs(), this.#foremost + now);
  }

  /** Whether so many were heard that they would correct this member's clock if they agreed that it is wrong. */
  get isJudged(): boolean {
    this.#judgedNow();
    return this.#samples.size >= this.#majority();
  }

  /** Of the members heard lately. */
  all(): readonly ClockOffset[] {
    const now = this.#judgedNow();
    const own = this.#clock.wallMs() - now;
    return Array.from(this.#samples, ([member, sample]) => {
      const { low, high } = grown(sample, now);
      const [offsetMs, errorMs] = [Math.round((low + high) / 2 - own), Math.ceil((high - low) / 2)];
      return { member, offsetMs, errorMs, ageMs: Math.round(now - sample.at) };
    });
  }

  #corrected(wallMs: number): number {
    const now = this.#judgedNow();
    return Math.min(Math.max(wallMs, this.#low + now), this.#high + now);
  }

  #majority(): number {
    return Math.floor(this.#members().length / 2) + 1;
  }

  /** Monotonic milliseconds, at which the bounds hold: also in a process that stood still for long. */
  #judgedNow(): number {
    const now = this.#clock.monotonicMs();
    if (now >= this.#judgeAgainAt) this.#judge(now);
    return now;
  }

  /** Two majorities share a member, whose sample is in order: so the low bound never exceeds the high one. */
  #judge(now: number): void {
    this.#forget(now);
    const samples = Array.from(this.#samples.values(), (sample) => grown(sample, now));
    const last = this.#majority() - 1;
    const lows = samples.map(({ low }) => low).sort((a, b) => b - a);
    const highs = samples.map(({ high }) => high).sort((a, b) => a - b);
    this.#low = lows[last] ?? Number.NEGATIVE_INFINITY;
    this.#high = highs[last] ?? Number.POSITIVE_INFINITY;
    this.#foremost = highs.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  #forget(now: number): void {
    const members = new Set(this.#members());
    const keptMs = Math.max(clockSampleKeptMs, keptMsPerMember * members.size);
    this.#judgeAgainAt = now + judgeEveryMs;
    for (const [member, { at }] of this.#samples) {
      const isOld = now - at >= keptMs;
      if (isOld || !members.has(member)) this.#samples.delete(member);
      else this.#judgeAgainAt = Math.min(this.#judgeAgainAt, at + keptMs);
    }
  }
}

/** Of two samples that agree the narrower is better, of two that do not the one asked for later: the clock was set in between. */
function isBetter(newer: Bounds, older: Bounds): boolean {
  const agree = newer.low <= older.high && older.low <= newer.high;
  return agree ? newer.high - newer.low <= older.high - older.low : newer.at >= older.at;
}

function grown({ low, high, at }: Bounds, now: number): Bounds {
  const more = Math.max(0, now - at) * drift;
  return { low: low - more, high: high + more, at };
}
