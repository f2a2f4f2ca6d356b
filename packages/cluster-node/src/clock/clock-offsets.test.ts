import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualTime } from '../testing/virtual-time.ts';
import { ClockAlarm } from './clock-alarm.ts';
import { ClockOffsets, clockSampleKeptMs } from './clock-offsets.ts';

/** To within five milliseconds. */
const about = (ms: number): unknown => expect.closeTo(ms, -1);
let time: VirtualTime;
beforeEach(() => (time = new VirtualTime()));

function offsetsAmong(...members: string[]): ClockOffsets {
  return new ClockOffsets(time, 'self', () => ['self', ...members]);
}

/** An answer that took so long to come, from a member whose clock is so far ahead of the time, just when it was half-way. */
function hear(offsets: ClockOffsets, member: string, aheadMs: number, roundTripMs = 0): void {
  const sentAt = time.monotonicMs();
  time.advance(roundTripMs / 2);
  const wallMs = Math.trunc(time.wallMs() + aheadMs);
  time.advance(roundTripMs / 2);
  offsets.heard({ member, sentAt, receivedAt: time.monotonicMs(), wallMs });
}

describe('an offset', () => {
  it('is known to within half the round trip and a millisecond', () => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', 300, 40);
    hear(offsets, 'b', -5000);
    expect(offsets.all()).toMatchObject([
      { member: 'a', offsetMs: about(300), errorMs: 22, ageMs: 40 },
      { member: 'b', offsetMs: about(-5000), errorMs: 1, ageMs: 0 },
    ]);
  });

  it('holds the truth, wherever on its way the answer was late', () => {
    const delays = fc.record({ out: fc.nat({ max: 3000 }), back: fc.nat({ max: 3000 }) });
    const samples = fc.array(fc.record({ delays, pauseMs: fc.nat({ max: 5000 }) }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(samples, fc.integer({ min: -60_000, max: 60_000 }), (heard, aheadMs) => {
        const offsets = offsetsAmong('a');
        for (const { delays, pauseMs } of heard) {
          const sentAt = time.monotonicMs();
          time.advance(delays.out);
          const wallMs = time.wallMs() + aheadMs;
          time.advance(delays.back);
          offsets.heard({ member: 'a', sentAt, receivedAt: time.monotonicMs(), wallMs });
          time.advance(pauseMs);
          for (const { offsetMs, errorMs } of offsets.all()) {
            expect(Math.abs(offsetMs - aheadMs)).toBeLessThanOrEqual(errorMs + 1);
          }
        }
      }),
    );
  });

  it('comes from the answer that took the shortest time, until time has made it as uncertain as a later one', () => {
    const offsets = offsetsAmong('a');
    hear(offsets, 'a', 100, 2);
    hear(offsets, 'a', 100, 200);
    expect(offsets.all()).toMatchObject([{ errorMs: 3, ageMs: 202 }]);
    time.advance(20_000);
    expect(offsets.all()).toMatchObject([{ errorMs: 23 }]);
    hear(offsets, 'a', 100, 40);
    expect(offsets.all()).toMatchObject([{ errorMs: 22, ageMs: 40 }]);
  });

  it('follows a clock that was set, though the answer that tells so took long', () => {
    const offsets = offsetsAmong('a');
    hear(offsets, 'a', 0);
    hear(offsets, 'a', 60_000, 400);
    expect(offsets.all()).toMatchObject([{ offsetMs: about(60_000), errorMs: 202 }]);
  });

  it('does not go back to an answer that was overtaken by one to a later question', () => {
    const offsets = offsetsAmong('a');
    const [sentAt, wallMs] = [time.monotonicMs(), time.wallMs()];
    time.advance(1000);
    hear(offsets, 'a', 60_000);
    time.advance(1000);
    offsets.heard({ member: 'a', sentAt, receivedAt: time.monotonicMs(), wallMs });
    expect(offsets.all()).toMatchObject([{ offsetMs: 60_000 }]);
  });

  it("changes at once with this member's own clock", () => {
    const offsets = offsetsAmong('a');
    hear(offsets, 'a', 100);
    time.wallOffsetMs += 60_000;
    expect(offsets.all()).toMatchObject([{ offsetMs: about(-59_900), errorMs: 1 }]);
  });

  it('is forgotten when its member was not heard for half a minute, or is none any more', () => {
    const members = ['self', 'a', 'b'];
    const offsets = new ClockOffsets(time, 'self', () => members);
    hear(offsets, 'a', 100);
    hear(offsets, 'b', 100);
    members.pop();
    time.advance(250);
    expect(offsets.all()).toMatchObject([{ member: 'a' }]);
    time.advance(clockSampleKeptMs + 1);
    expect(offsets.all()).toEqual([]);
  });

  it('is kept for longer where there are so many members that gossip takes longer to ask them all', () => {
    const others = Array.from({ length: 99 }, (_, index) => `member ${index}`);
    const offsets = offsetsAmong(...others);
    hear(offsets, 'member 0', 100);
    time.advance(199_999);
    expect(offsets.all()).toHaveLength(1);
    time.advance(1);
    expect(offsets.all()).toHaveLength(0);
  });

  it('is not taken from who is no other member, or from an answer before the question', () => {
    const offsets = offsetsAmong('a');
    const sample = { member: 'a', sentAt: 10, receivedAt: 20, wallMs: 0 };
    for (const wrong of [{ member: 'self' }, { member: 'x' }, { receivedAt: 9 }])
      offsets.heard({ ...sample, ...wrong });
    expect(offsets.all()).toEqual([]);
  });
});

describe('the corrected clock', () => {
  it('is the own one while nobody was heard, or only one of two others', () => {
    const offsets = offsetsAmong('a', 'b');
    expect(offsets.correctedMs()).toBe(time.wallMs());
    hear(offsets, 'a', -60_000);
    expect(offsets.correctionMs).toBe(0);
    expect(offsets.isJudged).toBe(false);
  });

  it('is that of the others as soon as both were heard', () => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', -60_000);
    hear(offsets, 'b', -59_990);
    expect(offsets.correctionMs).toBeCloseTo(-59_989, 0);
    expect(offsets.isJudged).toBe(true);
  });

  it.each([60_000, -60_000])('does not move for one member of three that is %i ms off', (aheadMs) => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', 0);
    hear(offsets, 'b', aheadMs);
    expect(offsets.correctionMs).toBe(0);
  });

  it('stays right while the own one jumps, before anybody was heard again', () => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', 0, 10);
    hear(offsets, 'b', 0, 10);
    const rightMs = time.wallMs();
    for (const jumpMs of [60_000, -120_000]) {
      time.wallOffsetMs += jumpMs;
      expect(Math.abs(offsets.correctedMs() - rightMs)).toBeLessThan(7);
    }
  });

  it('is the own one where it is one of two middle ones: of two members, and in a tie of four', () => {
    const two = offsetsAmong('a');
    hear(two, 'a', -60_000);
    expect(two.correctionMs).toBe(0);
    const four = offsetsAmong('a', 'b', 'c');
    for (const member of ['a', 'b']) hear(four, member, -60_000);
    hear(four, 'c', 0);
    expect(four.correctionMs).toBe(0);
    hear(four, 'c', -30_000);
    expect(four.correctionMs).toBeCloseTo(-29_999, 0);
  });

  it('moves no further than is certain', () => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', 60_000, 2000);
    hear(offsets, 'b', 60_000, 4000);
    expect(offsets.correctionMs).toBeCloseTo(58_000 - 1, -1);
    expect(offsets.correctionMs).toBeLessThanOrEqual(58_000);
  });

  it('is the own one again when the others were not heard for half a minute', () => {
    const offsets = offsetsAmong('a', 'b');
    hear(offsets, 'a', 60_000);
    hear(offsets, 'b', 60_000);
    time.advance(clockSampleKeptMs + 1);
    expect(offsets.correctionMs).toBe(0);
  });

  /** The model: sort the clocks of all, those not heard being as the own one, and take the middle one nearest to it. */
  it('is the median of all clocks, and never beyond any', () => {
    const others = fc.array(fc.option(fc.integer({ min: -5000, max: 5000 }), { nil: undefined }), { maxLength: 8 });
    fc.assert(
      fc.property(others, fc.nat({ max: 30 }), (aheads, roundTripMs) => {
        const names = aheads.map((_, index) => `member ${index}`);
        const offsets = offsetsAmong(...names);
        for (const [index, aheadMs] of aheads.entries()) {
          if (aheadMs !== undefined) hear(offsets, names[index]!, aheadMs, roundTripMs);
        }
        const sorted = [0, ...aheads.map((aheadMs) => aheadMs ?? 0)].sort((a, b) => a - b);
        const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
        const upper = sorted[Math.floor(sorted.length / 2)]!;
        const median = Math.min(Math.max(0, lower), upper);
        // Of what the answers leave open, and what time made of it since.
        const slackMs = roundTripMs / 2 + 2;
        expect(Math.abs(offsets.correctionMs - median)).toBeLessThanOrEqual(slackMs + 1);
        expect(offsets.correctionMs * median).toBeGreaterThanOrEqual(0);
        expect(Math.abs(offsets.correctionMs)).toBeLessThanOrEqual(Math.abs(median) + 0.001);
      }),
    );
  });
});

describe('the log', () => {
  let logged: string[];
  let alarm: ClockAlarm;
  let offsets: ClockOffsets;
  beforeEach(() => {
    logged = [];
    const note = (event: string, fields: object = {}): void => void logged.push(`${event} ${JSON.stringify(fields)}`);
    offsets = offsetsAmong('a', 'b');
    alarm = new ClockAlarm(offsets, { info: note, warn: note, error: note }, 500);
  });

  function tick(aheadMs: number): void {
    time.wallOffsetMs = 1_700_000_000_000 + aheadMs;
    for (let ticks = 0; ticks < 3; ticks += 1) {
      alarm.tick();
    }
  }

  it('says once that the clock is off, and once that it is right again', () => {
    hear(offsets, 'a', 0);
    hear(offsets, 'b', 0);
    for (const aheadMs of [0, 400, 27_001, 27_001, 600, 400, 200, 0, -502, 0]) tick(aheadMs);
    expect(logged).toEqual([
      'clock-off {"aheadMs":27000,"mostMs":500}',
      'clock-right {"aheadMs":199}',
      'clock-off {"aheadMs":-501,"mostMs":500}',
      'clock-right {"aheadMs":0}',
    ]);
  });

  it('does not call it right because nobody is heard any more', () => {
    hear(offsets, 'a', 0);
    hear(offsets, 'b', 0);
    tick(27_000);
    time.advance(clockSampleKeptMs + 1);
    tick(27_000);
    expect(logged).toHaveLength(1);
  });
});
