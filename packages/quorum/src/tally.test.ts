import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tally, type TallyOutcome } from './tally.ts';

describe('Tally', () => {
  it('is met by the needed number of distinct servers and not before', () => {
    const tally = new Tally(['a', 'b', 'c'], 2);
    expect(tally.outcome).toBe('pending');
    tally.acknowledge('a');
    expect(tally.outcome).toBe('pending');
    tally.acknowledge('c');
    expect(tally.outcome).toBe('met');
  });

  it('counts a server once, however often its acknowledgement arrives', () => {
    const tally = new Tally(['a', 'b', 'c'], 2);
    for (let copy = 0; copy < 3; copy += 1) tally.acknowledge('a');
    expect(tally.got).toBe(1);
    expect(tally.outcome).toBe('pending');
  });

  it('counts a server once that is named twice among the candidates', () => {
    const tally = new Tally(['a', 'a'], 2);
    tally.acknowledge('a');
    expect(tally.outcome).toBe('unreachable');
  });

  it('is unreachable as soon as too few servers are left, and counts a repeated failure once', () => {
    const tally = new Tally(['a', 'b', 'c'], 2);
    tally.fail('a');
    tally.fail('a');
    expect(tally.outcome).toBe('pending');
    tally.fail('b');
    expect(tally.outcome).toBe('unreachable');
  });

  it('keeps what is durable: a failure after an acknowledgement changes nothing', () => {
    const tally = new Tally(['a'], 1);
    tally.acknowledge('a');
    tally.fail('a');
    expect(tally.outcome).toBe('met');
    expect(tally.has('a')).toBe(true);
  });

  it('takes back a failure when the server answers after all', () => {
    const tally = new Tally(['a', 'b'], 2);
    tally.fail('a');
    expect(tally.outcome).toBe('unreachable');
    tally.acknowledge('a');
    expect(tally.outcome).toBe('pending');
    tally.acknowledge('b');
    expect(tally.outcome).toBe('met');
  });

  it('knows only its candidates', () => {
    const tally = new Tally(['a', 'b'], 2);
    tally.acknowledge('x');
    tally.fail('y');
    tally.fail('z');
    expect(tally.got).toBe(0);
    expect(tally.has('x')).toBe(false);
    expect(tally.outcome).toBe('pending');
  });

  it('agrees with sets of servers under any events in any order', () => {
    const servers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const events = fc.array(fc.tuple(fc.constantFrom(...servers, 'stranger'), fc.boolean()), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), events, (n, needed, history) => {
        const candidates = servers.slice(0, n);
        const tally = new Tally(candidates, needed);
        const seen: (typeof history)[number][] = [];
        for (const [server, acknowledged] of history) {
          if (acknowledged) tally.acknowledge(server);
          else tally.fail(server);
          seen.push([server, acknowledged]);
          const has = (candidate: string, kind: boolean): boolean =>
            seen.some(([name, event]) => name === candidate && event === kind);
          const durable = candidates.filter((candidate) => has(candidate, true));
          const lost = candidates.filter((candidate) => has(candidate, false) && !has(candidate, true));
          expect(tally.got).toBe(durable.length);
          expect(tally.outcome).toBe(expectedOutcome(durable.length, n - lost.length, needed));
        }
      }),
    );
  });
});

function expectedOutcome(durable: number, possible: number, needed: number): TallyOutcome {
  if (durable >= needed) return 'met';
  return possible >= needed ? 'pending' : 'unreachable';
}
