/**
 * The clocks of a member. Its wall clock issues stamps, through a hybrid logical clock that hears of everybody's; the same
 * wall clock corrected by the other members' is what stamps from outside, the deadlines of values and the ages of hints and
 * deletions are held against.
 */
import type { HybridLogicalClock, Stamp } from '@kv/quorum';
import type { ClusterNodeOptions } from '../options.ts';
import type { Clock, Log } from '../ports.ts';
import { ClockAlarm } from './clock-alarm.ts';
import { ClockOffsets } from './clock-offsets.ts';
import { StampSource, type StampSourceDependencies } from './stamp-source.ts';

export interface MemberClocksDependencies extends Omit<StampSourceDependencies, 'foremostMs'> {
  readonly self: string;
  readonly log: Log;
  /** Ids of all members of the cluster. */
  readonly members: () => readonly string[];
  readonly options: Pick<ClusterNodeOptions, 'stampReserveMs' | 'maxAheadMs'>;
}

export class MemberClocks {
  readonly hlc: HybridLogicalClock;
  readonly stamps: StampSource;
  readonly offsets: ClockOffsets;
  /** With a wall clock that is corrected by the other members'. */
  readonly corrected: Clock;
  readonly #maxAheadMs: number;
  readonly #alarm: ClockAlarm;

  constructor(dependencies: MemberClocksDependencies) {
    const { self, clock, hlc, log, members, options } = dependencies;
    this.hlc = hlc;
    const offsets = new ClockOffsets(clock, self, members);
    const stamping = { ...dependencies, foremostMs: () => offsets.foremostMs() };
    this.stamps = new StampSource(stamping, self.replaceAll('-', ''), options.stampReserveMs);
    this.offsets = offsets;
    this.corrected = { wallMs: () => offsets.correctedMs(), monotonicMs: () => clock.monotonicMs() };
    this.#maxAheadMs = options.maxAheadMs;
    this.#alarm = new ClockAlarm(offsets, log, options.maxAheadMs);
  }

  tick(): void {
    this.#alarm.tick();
    this.#keepWhatIsAhead();
  }

  /**
   * Takes in a stamp that comes from outside the cluster.
   * @throws QuorumError STAMP_TOO_FAR_AHEAD
   */
  admit(stamp: Stamp): void {
    this.hlc.judge(stamp, this.offsets.correctedMs(), this.#maxAheadMs);
    this.hlc.merge(stamp);
    this.stamps.remember(this.hlc.latest);
  }

  /** Clients that heard of a stamp this far ahead are let in only by those who heard of it too, and so must the next life. */
  #keepWhatIsAhead(): void {
    const { latest } = this.hlc;
    if (latest.ms > this.offsets.correctedMs() + this.#maxAheadMs) this.stamps.remember(latest);
  }
}
