import { compareBallots, HybridLogicalClock } from '@kv/quorum';
import { maxProposerBytes } from '@kv/wire';
import { describe, expect, it } from 'vitest';
import { BallotSource, isPlausibleBallot } from './ballot-source.ts';

const id = '00000000-0000-4000-8000-000000000001';

function source(wallMs: () => number, hlc = new HybridLogicalClock(), generation = 1): BallotSource {
  return new BallotSource({ clock: { wallMs, monotonicMs: () => 0 }, hlc, member: { id, generation } });
}

describe('the ballots of a member', () => {
  it('are above those before, in one millisecond too, and those of members that it heard of', () => {
    let now = 1_700_000_000_000;
    const ours = source(() => now);
    const ballots = Array.from({ length: 3000 }, () => ours.next().above());
    for (const [index, ballot] of ballots.slice(1).entries()) {
      expect(compareBallots(ballots[index]!, ballot)).toBeLessThan(0);
    }
    now -= 60_000;
    const hlc = new HybridLogicalClock();
    hlc.merge({ ms: now + 90_000, counter: 3 });
    expect(
      compareBallots(
        ours.next().above(),
        source(() => now, hlc)
          .next()
          .above(),
      ),
    ).toBeLessThan(0);
  });

  it('have a proposer that was never used, in this life or another, and that fits the wire', () => {
    const lives = [1, 2, Number.MAX_SAFE_INTEGER].map((generation) => source(() => 0, undefined, generation));
    const names = lives.flatMap((life) => [life.next().proposer, life.next().proposer]);
    expect(new Set(names).size).toBe(names.length);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(maxProposerBytes);
  });

  it('are plausible to whoever heard of the proposer, also when clocks are off, but never so high that none is above', () => {
    const heard = { ms: 1_700_000_000_000, counter: 0 };
    expect(
      isPlausibleBallot(
        source(() => heard.ms + 86_400_000)
          .next()
          .above(),
        heard,
      ),
    ).toBe(true);
    expect(isPlausibleBallot({ counter: Number.MAX_SAFE_INTEGER, proposer: '' }, heard)).toBe(false);
    const far = { ms: 2 ** 48 - 1, counter: 0 };
    expect(isPlausibleBallot({ counter: Number.MAX_SAFE_INTEGER, proposer: '' }, far)).toBe(false);
    expect(
      source(() => far.ms)
        .next()
        .above().counter,
    ).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});
