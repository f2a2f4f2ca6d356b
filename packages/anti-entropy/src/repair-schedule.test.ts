import { describe, expect, it } from 'vitest';
import { AntiEntropyError } from './errors.ts';
import { type Pairing, RepairSchedule } from './repair-schedule.ts';

const pairings: Pairing[] = ['r1', 'r2', 'r3'].flatMap((range) => ['a', 'b'].map((peer) => ({ range, peer })));
const anybody = () => true;

function schedule(options: { intervalMs?: number; concurrency?: number } = {}): RepairSchedule {
  let state = 1;
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const made = new RepairSchedule({ next }, { intervalMs: 1000, ...options });
  made.setPairings(pairings, 0);
  return made;
}

describe('a repair schedule', () => {
  it('gives each pairing its turn about once in an interval', () => {
    const subject = schedule();
    const turns = new Map<string, number[]>();
    for (let now = 0; now < 20_000; now += 10) {
      const pairing = subject.begin(now, anybody);
      if (pairing === undefined) continue;
      const name = pairing.range + pairing.peer;
      turns.set(name, [...(turns.get(name) ?? []), now]);
      subject.finished(pairing, true, now);
    }
    expect(turns.size).toBe(6);
    for (const times of turns.values()) {
      for (const [i, time] of times.slice(1).entries()) {
        expect(time - times[i]!).toBeGreaterThanOrEqual(750);
        expect(time - times[i]!).toBeLessThanOrEqual(1300);
      }
    }
  });

  it('has no more under way than it may, none twice, and none with a peer that is not there', () => {
    const subject = schedule({ concurrency: 2 });
    const first = subject.begin(5000, anybody)!;
    const second = subject.begin(5000, (peer) => peer === 'b')!;
    expect(second.peer).toBe('b');
    expect(second).not.toEqual(first);
    expect(subject.begin(5000, anybody)).toBeUndefined();
    subject.finished(first, true, 5000);
    expect(subject.begin(5000, () => false)).toBeUndefined();
    expect(subject.begin(5000, anybody)).not.toEqual(second);
  });

  it('begins with what was marked, also when it was marked during its own exchange', () => {
    const subject = schedule();
    const marked = { range: 'r2', peer: 'b' };
    subject.mark(marked);
    expect(subject.begin(1, anybody)).toEqual(marked);
    subject.mark(marked);
    subject.finished(marked, true, 2);
    expect(subject.begin(2, anybody)).toEqual(marked);
    subject.finished(marked, true, 3);
    expect(subject.begin(3, anybody)).not.toEqual(marked);
    subject.mark({ range: 'r9', peer: 'b' });
  });

  it('tries what was marked again until it is confirmed, after a while each time', () => {
    const subject = schedule();
    const marked = { range: 'r2', peer: 'b' };
    subject.mark(marked);
    for (const now of [1, 1001, 2001]) {
      expect(subject.begin(now, anybody)).toEqual(marked);
      subject.finished(marked, false, now);
      const next = subject.begin(now + 999, anybody);
      expect(next).not.toEqual(marked);
      if (next !== undefined) subject.finished(next, true, now + 999);
    }
    expect(subject.begin(3001, anybody)).toEqual(marked);
    subject.finished(marked, true, 3001);
    expect(subject.begin(3100, anybody)).not.toEqual(marked);
  });

  it('tries what is never confirmed more and more rarely, and at once when it is marked anew', () => {
    const subject = schedule({ intervalMs: 1e9 });
    const marked = { range: 'r2', peer: 'b' };
    subject.mark(marked);
    const tries: number[] = [];
    for (let now = 0; now < 130_000; now += 500) {
      if (now === 100_000) subject.mark(marked);
      const begun = subject.begin(now, anybody);
      if (begun === undefined) continue;
      const isMarked = begun.range === marked.range && begun.peer === marked.peer;
      if (isMarked) tries.push(now / 1000);
      subject.finished(begun, !isMarked, now);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 95, 100]);
    expect(subject.begin(132_000, anybody)).toEqual(marked);
    subject.finished(marked, true, 132_000);
    subject.mark(marked);
    subject.begin(133_000, anybody);
    subject.finished(marked, false, 133_000);
    expect(subject.begin(134_000, anybody)).toEqual(marked);
  });

  it('confirms up to when an exchange began, and names who holds it back', () => {
    const subject = schedule();
    for (let i = 0; i < 6; i += 1) {
      const pairing = subject.begin(2000 + 100 * i, anybody)!;
      subject.finished(pairing, !(pairing.range === 'r3' && pairing.peer === 'a'), 2050 + 100 * i);
    }
    expect(subject.debt(3000)).toEqual({ range: 'r3', peer: 'a', ageMs: 3000 });
    expect(subject.confirmedUpTo('r3', ['a', 'b'])).toBe(0);
    const confirmed = subject.confirmedUpTo('r1', ['a', 'b'])!;
    expect(confirmed % 100).toBe(0);
    expect(confirmed).toBeGreaterThanOrEqual(2000);
    expect(subject.confirmedUpTo('r1', ['a', 'c'])).toBeUndefined();
  });

  it('forgets what it no longer keeps in step, and its debt with it', () => {
    const subject = schedule();
    const under = subject.begin(4000, anybody)!;
    subject.setPairings([{ range: 'r1', peer: 'c' }], 5000);
    subject.finished(under, true, 5000);
    expect(subject.debt(5500)).toEqual({ range: 'r1', peer: 'c', ageMs: 500 });
    subject.setPairings([], 6000);
    expect([subject.debt(6000), subject.begin(9000, anybody)]).toEqual([undefined, undefined]);
  });

  it.each([{ intervalMs: 0 }, { intervalMs: Number.NaN }, { concurrency: 0 }, { concurrency: 1.5 }])(
    'refuses %o',
    (options) => {
      expect(() => schedule(options)).toThrow(AntiEntropyError);
    },
  );

  it('owes what was not compared before it began', () => {
    const subject = new RepairSchedule({ next: () => 0 }, { intervalMs: 1000 });
    subject.setPairings(pairings, 0, -50_000);
    expect(subject.debt(0)?.ageMs).toBe(50_000);
    subject.setPairings([...pairings, { range: 'new', peer: 'a' }], 100);
    for (const each of pairings) subject.finished(subject.begin(100, anybody) ?? each, true, 100);
    expect(subject.debt(100)).toMatchObject({ ageMs: 0 });
  });
});
