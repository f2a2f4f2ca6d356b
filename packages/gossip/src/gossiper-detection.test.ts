/** From silence to suspicion to conviction, and whose fault a silence is. */
import { describe, expect, it } from 'vitest';
import type { GossipEffect } from './gossip-effect.ts';
import { Gossiper } from './gossiper.ts';
import type { GossiperOptions } from './gossiper-options.ts';
import type { MemberState } from './members/member-state.ts';
import type { GossipMessage } from './messages/gossip-message.ts';
import { SeededRandom } from './testing/seeded-random.ts';

type Told = Exclude<GossipEffect, { type: 'send' }> & { readonly at: number };

function newGossiper(options: Partial<GossiperOptions> = {}): Gossiper {
  const base = { id: 'a', clusterId: 'c1', address: 'a:1', generation: 1 };
  return new Gossiper({ random: new SeededRandom(5) }, { ...base, ...options });
}

function stateOf(id: string, heartbeat: number): MemberState {
  return { id, generation: 1, heartbeat, status: 'normal', address: `${id}:1` };
}

function tell(states: readonly MemberState[], suspects: readonly string[] = []): GossipMessage {
  return { type: 'gossip-ack2', clusterId: 'c1', states, suspects };
}

/** An answer to this member's rounds, so that it believes its own network to be well. */
const answer: GossipMessage = { type: 'gossip-ack', clusterId: 'c1', digests: [], states: [], suspects: [] };

/** Ticks every 250 ms in [from, until) while the members given raise their heartbeat every second and answer. */
function run(a: Gossiper, from: number, until: number, heartbeating: readonly string[]): Told[] {
  const happened: Told[] = [];
  for (let now = from; now < until; now += 250) {
    const effects = [...a.tick(now)];
    if (now % 1000 === 0) {
      for (const id of heartbeating) {
        effects.push(...a.receive(id, tell([stateOf(id, 1 + now / 1000)]), now), ...a.receive(id, answer, now));
      }
    }
    for (const effect of effects) if (effect.type !== 'send') happened.push({ ...effect, at: now });
  }
  return happened;
}

function brief(happened: readonly Told[]): string[] {
  return happened.map((effect) => `${effect.at} ${effect.type}${'member' in effect ? ` ${effect.member.id}` : ''}`);
}

describe('a member that falls silent', () => {
  it('is suspect after about 4 s, and down 2 s later when nobody else could confirm', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b']);
    const happened = run(a, 60_000, 80_000, []);
    // Last heard at 59 s, plus 3.8 s, at the next tick.
    expect(brief(happened)).toEqual(['63000 member-suspected b', '65000 member-down b']);
    expect(happened[0]).toMatchObject({
      type: 'member-suspected',
      member: { liveness: 'suspect', lastHeardAt: 59_000 },
    });
    expect((happened[0] as { phi: number }).phi).toBeGreaterThanOrEqual(8);
    // Twenty deviations beyond the mean; the value is mpmath's.
    expect(a.phi('b', 70_000)).toBeCloseTo(88.560_095_343, 6);
  });

  it('is down later when others are there to confirm and do not', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c', 'd', 'e']);
    expect(brief(run(a, 60_000, 90_000, ['c', 'd', 'e']))).toEqual(['63000 member-suspected b', '75000 member-down b']);
  });

  it('has more time to refute in a larger cluster, by log10 of its members', () => {
    const a = newGossiper();
    const others = Array.from({ length: 98 }, (_, index) => `m${index}`);
    run(a, 0, 20_000, ['b', ...others]);
    // 12 s times log10(100) after the suspicion at 23 s.
    expect(brief(run(a, 20_000, 60_000, others))).toEqual(['23000 member-suspected b', '47000 member-down b']);
  });

  it('is down the earlier, the more distinct peers suspect it too', () => {
    const downAt = [0, 1, 2, 3].map((confirmations) => {
      const a = newGossiper();
      run(a, 0, 60_000, ['b', 'c', 'd', 'e']);
      const happened = run(a, 60_000, 64_000, ['c', 'd', 'e']);
      for (const peer of ['c', 'd', 'e'].slice(0, confirmations)) {
        a.receive(peer, tell([], ['b']), 64_000);
        a.receive(peer, tell([], ['b']), 64_000);
      }
      happened.push(...run(a, 64_000, 90_000, ['c', 'd', 'e']));
      const down = happened.find(({ type }) => type === 'member-down');
      expect(down).toMatchObject({ confirmations });
      return down?.at;
    });
    // Suspected at 63 s; timeouts of 12, 7, 4.08 and 2 s (Lifeguard).
    expect(downAt).toEqual([75_000, 70_000, 67_250, 65_000]);
  });

  it('is not confirmed by strangers, by itself, or by one peer under two words', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c', 'd', 'e']);
    run(a, 60_000, 64_000, ['c', 'd', 'e']);
    for (const from of ['stranger-1', 'stranger-2', 'stranger-3', 'b']) a.receive(from, tell([], ['b']), 64_000);
    expect(brief(run(a, 64_000, 90_000, ['c', 'd', 'e']))).toEqual(['75000 member-down b']);
  });

  it.each([63_500, 80_000])('is alive again when heard of at %i ms', (now) => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b']);
    run(a, 60_000, now, []);
    expect(a.receive('c', tell([stateOf('b', 61)]), now)).toMatchObject([
      { type: 'member-alive', member: { id: 'b', liveness: 'alive', heartbeat: 61 } },
    ]);
    expect(a.receive('c', tell([stateOf('b', 61)]), now + 100)).toEqual([]);
  });

  it('is named to the others while suspect and down, and no more when alive', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c']);
    const named = (now: number): unknown => {
      const syn: GossipMessage = { type: 'gossip-syn', clusterId: 'c1', digests: [], suspects: [] };
      const [ack] = a.receive('c', syn, now);
      return ack?.type === 'send' && ack.message.suspects;
    };
    expect(named(60_000)).toEqual([]);
    run(a, 60_000, 63_250, ['c']);
    expect(named(63_250)).toEqual(['b']);
    run(a, 63_250, 80_000, ['c']);
    expect(named(80_000)).toEqual(['b']);
    a.receive('b', tell([stateOf('b', 500)]), 80_100);
    expect(named(80_200)).toEqual([]);
  });

  it('convicts one known only by hearsay that never stirs, without accusing it before', () => {
    const a = newGossiper();
    const happened = run(a, 0, 1000, ['c']);
    a.receive('c', tell([stateOf('ghost', 9)]), 1000);
    happened.push(...run(a, 1000, 30_000, ['c']));
    expect(brief(happened)).toEqual(['0 member-joined c', '13000 member-down ghost']);
  });
});

describe('a pause of the own process', () => {
  it.each([3000, 30_000, 3_600_000])('of %i ms convicts nobody', (pause) => {
    const a = newGossiper();
    const peers = ['b', 'c', 'd'];
    run(a, 0, 60_000, peers);
    const resumed = 60_000 + pause;
    expect(brief(run(a, resumed, resumed + 60_000, peers))).toEqual([]);
    expect(a.statistics).toMatchObject({ pauses: 1, lateTicks: 1 });
  });

  it('is noticed when messages come in before the first tick', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c']);
    a.receive('b', tell([stateOf('b', 100)]), 90_000);
    expect(a.statistics.pauses).toBe(1);
    // c had been silent for 0.75 s when the pause began, so 3.06 s are left of its 3.8 s.
    expect(brief(run(a, 90_000, 93_000, ['b']))).toEqual([]);
    expect(brief(run(a, 93_000, 93_500, ['b']))).toEqual(['93250 member-suspected c']);
  });

  it('does not shorten the time in which a suspect can defend itself', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c']);
    run(a, 60_000, 64_000, ['c']);
    expect(a.member('b')?.liveness).toBe('suspect');
    const happened = run(a, 164_000, 190_000, ['c']);
    // 12 s from the suspicion at 63 s, of which 0.75 s had run before the pause.
    const down = happened.find(({ type }) => type === 'member-down');
    expect(down?.at).toBeGreaterThanOrEqual(164_000 + 11_250);
  });

  it.each(['tick', 'message'])('is one sign of own trouble, whether it ends in a %s', (end) => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c', 'd']);
    if (end === 'message') a.receive('b', answer, 100_000);
    a.tick(100_000);
    expect(a.localHealth).toBe(1);
  });
});

describe('local health', () => {
  it('falls with ticks that come late, and recovers with answered rounds', () => {
    const a = newGossiper();
    run(a, 0, 10_000, ['b', 'c']);
    for (const now of [11_600, 13_200, 14_800]) {
      for (const id of ['b', 'c']) a.receive(id, tell([stateOf(id, now)]), now);
      a.tick(now);
    }
    expect(a.localHealth).toBe(3);
    for (let now = 15_000; now < 20_000; now += 250) {
      a.tick(now);
      a.receive('b', answer, now);
    }
    expect(a.localHealth).toBe(0);
  });

  it('falls when nobody answers at all, so that the one cut off is slow to blame the others', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b', 'c', 'd']);
    const happened = run(a, 60_000, 120_000, []);
    const suspected = happened.filter(({ type }) => type === 'member-suspected');
    // Five times 3.8 s of silence at the worst score of 4, instead of 3.8 s.
    expect(suspected.map(({ at }) => at)).toEqual([78_250, 78_250, 78_250]);
    expect(a.localHealth).toBe(4);
  });

  it('does not fall because one member fell silent', () => {
    const a = newGossiper();
    run(a, 0, 60_000, ['b']);
    run(a, 60_000, 80_000, []);
    expect(a.localHealth).toBe(0);
    const c = newGossiper();
    run(c, 0, 60_000, ['b', 'c', 'd']);
    run(c, 60_000, 80_000, ['c', 'd']);
    expect(c.localHealth).toBe(0);
  });

  it('falls when peers suspect this member', () => {
    const a = newGossiper();
    run(a, 0, 10_000, ['b', 'c']);
    a.receive('b', tell([], ['a']), 10_000);
    a.tick(11_000);
    expect(a.localHealth).toBe(1);
  });
});
