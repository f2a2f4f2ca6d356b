import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuorumError } from './errors.ts';
import { defaultMaxAheadMs, HybridLogicalClock } from './hybrid-logical-clock.ts';
import { compareStamps, maxStampCounter, nextStamp, type Stamp, zeroStamp } from './stamp.ts';

type Step = { issueAt: number } | { readAt: number } | { merge: Stamp } | { restart: true };

/** Walls that stand still, jump and go backwards; stamps from far ahead and with exhausted counters. */
const wall = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2_000 }), fc.constant(4.7));
const stamp = fc.record({
  ms: fc.integer({ min: 0, max: 2_000 }),
  counter: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(maxStampCounter - 1, maxStampCounter)),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ issueAt: wall }) },
    { weight: 2, arbitrary: fc.record({ merge: stamp }) },
    { weight: 1, arbitrary: fc.record({ readAt: wall }) },
    { weight: 1, arbitrary: fc.constant<Step>({ restart: true }) },
  ),
  { maxLength: 60 },
);

describe('HybridLogicalClock.issue', () => {
  it('follows the wall clock while it moves forward', () => {
    const clock = new HybridLogicalClock();
    expect(clock.issue(10)).toEqual({ ms: 10, counter: 0 });
    expect(clock.issue(11.9)).toEqual({ ms: 11, counter: 0 });
  });

  it('counts within one millisecond, and while the wall clock is behind', () => {
    const clock = new HybridLogicalClock();
    expect(clock.issue(10)).toEqual({ ms: 10, counter: 0 });
    expect(clock.issue(10)).toEqual({ ms: 10, counter: 1 });
    expect(clock.issue(3)).toEqual({ ms: 10, counter: 2 });
  });

  it('borrows the next millisecond after 65,536 stamps of one, and goes on counting there', () => {
    const clock = new HybridLogicalClock({ ms: 10, counter: maxStampCounter });
    expect(clock.issue(10)).toEqual({ ms: 11, counter: 0 });
    expect(clock.issue(10)).toEqual({ ms: 11, counter: 1 });
    expect(clock.issue(11)).toEqual({ ms: 11, counter: 2 });
  });

  it('is after everything issued and heard of before, whatever the wall clock does, across restarts', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let clock = new HybridLogicalClock();
        let highest = zeroStamp;
        for (const step of history) {
          if ('restart' in step) {
            clock = new HybridLogicalClock(clock.latest);
          } else if ('merge' in step) {
            clock.merge(step.merge);
            highest = compareStamps(step.merge, highest) > 0 ? step.merge : highest;
          } else if ('readAt' in step) {
            const told = clock.read(step.readAt);
            expect(told.ms).toBeGreaterThanOrEqual(Math.trunc(step.readAt));
            expect(compareStamps(told, highest)).toBeGreaterThanOrEqual(0);
            highest = told;
          } else {
            const issued = clock.issue(step.issueAt);
            expect(compareStamps(issued, highest)).toBeGreaterThan(0);
            highest = issued;
          }
          expect(clock.latest).toEqual(highest);
        }
      }),
    );
  });

  /** Kulkarni et al. 2014, theorem 2: l.f − pt.f is bounded; ours also pays for exhausted counters. */
  it('is never further ahead than the highest time known, but for borrowed milliseconds', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const clock = new HybridLogicalClock();
        let highestTime = 0;
        let issuedSoFar = 0;
        for (const step of history) {
          if ('merge' in step) {
            clock.merge(step.merge);
            highestTime = Math.max(highestTime, step.merge.ms);
          } else if ('readAt' in step) {
            highestTime = Math.max(highestTime, step.readAt);
            expect(clock.read(step.readAt).ms).toBeLessThanOrEqual(highestTime + issuedSoFar);
          } else if ('issueAt' in step) {
            highestTime = Math.max(highestTime, step.issueAt);
            issuedSoFar += 1;
            const borrowed = Math.ceil(issuedSoFar / (maxStampCounter + 1));
            expect(clock.issue(step.issueAt).ms).toBeLessThanOrEqual(highestTime + borrowed);
          }
        }
      }),
    );
  });
});

describe('HybridLogicalClock.merge', () => {
  it('orders what is written afterwards after what was heard of', () => {
    fc.assert(
      fc.property(wall, stamp, wall, (before, heard, after) => {
        const clock = new HybridLogicalClock();
        const first = clock.issue(before);
        clock.merge(heard);
        const second = clock.issue(after);
        expect(compareStamps(second, heard)).toBeGreaterThan(0);
        expect(compareStamps(second, first)).toBeGreaterThan(0);
      }),
    );
  });

  it('is not impressed by old stamps, nor by the same one twice', () => {
    const clock = new HybridLogicalClock({ ms: 10, counter: 5 });
    clock.merge({ ms: 10, counter: 4 });
    clock.merge({ ms: 10, counter: 5 });
    clock.merge({ ms: 9, counter: 9 });
    expect(clock.latest).toEqual({ ms: 10, counter: 5 });
  });
});

describe('the floor', () => {
  it('keeps a clock set back across a restart from issuing a stamp twice', () => {
    const earlier = new HybridLogicalClock();
    const issued = [10, 11, 12].map((now) => earlier.issue(now));
    const highWaterMark = { ms: 20, counter: 0 };
    const later = new HybridLogicalClock(highWaterMark);
    const reissued = [10, 11, 12].map((now) => later.issue(now));
    for (const old of issued) {
      for (const fresh of reissued) expect(compareStamps(fresh, old)).toBeGreaterThan(0);
    }
    expect(reissued).toEqual([1, 2, 3].map((counter) => ({ ms: 20, counter })));
  });
});

describe('HybridLogicalClock.judge', () => {
  const wallMs = 1_000_000;
  const near = wallMs + defaultMaxAheadMs;
  const far = wallMs + 60_000;

  it.each<[string, Stamp, Stamp, 'accepted' | 'refused']>([
    ['far behind', { ms: 0, counter: 0 }, zeroStamp, 'accepted'],
    ['of now', { ms: wallMs, counter: 9 }, zeroStamp, 'accepted'],
    ['at the limit', { ms: near, counter: maxStampCounter }, zeroStamp, 'accepted'],
    ['one millisecond beyond the limit', { ms: near + 1, counter: 0 }, zeroStamp, 'refused'],
    ['a minute ahead', { ms: far, counter: 0 }, zeroStamp, 'refused'],
    ['a minute ahead, where a later stamp is known', { ms: far, counter: 0 }, { ms: far, counter: 1 }, 'accepted'],
    ['a minute ahead, known here', { ms: far, counter: 1 }, { ms: far, counter: 1 }, 'accepted'],
    ['right after one that is known', { ms: far, counter: 2 }, { ms: far, counter: 1 }, 'accepted'],
    ['after it, in a burst', { ms: far, counter: 900 }, { ms: far, counter: 1 }, 'accepted'],
    ['after an exhausted counter', { ms: far + 1, counter: 0 }, { ms: far, counter: maxStampCounter }, 'accepted'],
    ['well ahead of what is known', { ms: far + 2, counter: 0 }, { ms: far, counter: 1 }, 'refused'],
  ])('a stamp %s', (_, judged, latest, expected) => {
    const clock = new HybridLogicalClock(latest);
    const judge = (): void => clock.judge(judged, wallMs);
    if (expected === 'accepted') expect(judge).not.toThrow();
    else expect(judge).toThrow(expect.objectContaining({ code: 'STAMP_TOO_FAR_AHEAD' }));
    expect(clock.latest, 'judging is not hearing').toEqual(latest);
  });

  it('says how far ahead the stamp is and how far it may be', () => {
    const judge = (): void => new HybridLogicalClock().judge({ ms: wallMs + 251, counter: 0 }, wallMs, 250);
    expect(judge).toThrow(QuorumError);
    expect(judge).toThrow("at most 250 ms ahead of this server's clock, got 251 ms");
  });

  /** A server whose clock is far ahead was merged once: nobody who heard of it may be refused because of that. */
  it('accepts whatever a client issues that follows this clock, behind a merged fast clock', () => {
    const burst = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(stamp, burst, fc.array(wall, { maxLength: 20 }), (ahead, count, walls) => {
        const server = new HybridLogicalClock({ ms: far + ahead.ms, counter: ahead.counter });
        const client = new HybridLogicalClock();
        for (const now of [wallMs, ...walls]) {
          client.merge(server.latest);
          const issued = Array.from({ length: count }, () => client.issue(now)).reverse();
          for (const mine of issued) {
            server.judge(mine, now); // Throws when it refuses.
            server.merge(mine);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('issues nothing that another clock with the same time would refuse', () => {
    const clock = new HybridLogicalClock();
    const judge = new HybridLogicalClock();
    const issued = clock.issue(wallMs);
    expect(() => judge.judge(nextStamp(issued), wallMs)).not.toThrow();
  });

  it('tells the time without naming a write: at least the wall clock, and every later stamp is after it', () => {
    const clock = new HybridLogicalClock({ ms: 5, counter: 6 });
    expect(clock.read(3)).toEqual({ ms: 5, counter: 6 });
    expect(clock.read(8.9)).toEqual({ ms: 8, counter: 0 });
    expect(clock.issue(8)).toEqual({ ms: 8, counter: 1 });
  });
});
