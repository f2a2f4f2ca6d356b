import { describe, expect, it } from 'vitest';
import type { Liveness } from './gossip-effect.ts';
import { MemberLiveness } from './detection/member-liveness.ts';
import type { MemberRecord } from './members/member-record.ts';
import { choosePeers, type Peer } from './peer-selection.ts';
import { SeededRandom } from './testing/seeded-random.ts';

const rhythm = { expectedIntervalMs: 1000, threshold: 8, minDeviationMs: 500, windowSize: 8, maxIntervalMs: 5000 };
const bounds = { minMs: 0, maxMs: 0, expectedConfirmations: 0 };

function recordOf(id: string, liveness: Liveness, left = false): MemberRecord {
  const judged = new MemberLiveness(rhythm, 'spoke', bounds, 0);
  if (liveness !== 'alive') judged.judge(1e6, 1, () => bounds);
  if (liveness === 'down') judged.judge(2e6, 1, () => bounds);
  expect(judged.liveness).toBe(liveness);
  const state = {
    id,
    generation: 1,
    heartbeat: 1,
    status: left ? ('left' as const) : ('normal' as const),
    address: `${id}:1`,
  };
  return { state, liveness: judged, leftAt: left ? 0 : null };
}

/** How often each address is among the peers of 4000 rounds. */
function frequencies(others: readonly MemberRecord[], seeds: readonly string[], fanout: number): Map<string, number> {
  const random = new SeededRandom(1);
  const counts = new Map<string, number>();
  for (let round = 0; round < 4000; round += 1) {
    const { peers } = choosePeers(others, seeds, fanout, random);
    const addresses = new Set(peers.map(({ address }) => address));
    if (addresses.size !== peers.length) throw new Error('a peer was drawn twice');
    for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + 1 / 4000);
  }
  return counts;
}

describe('choosePeers', () => {
  it('draws members held alive evenly, as many as the fan-out', () => {
    const others = ['b', 'c', 'd', 'e', 'f'].map((id) => recordOf(id, 'alive'));
    const counts = frequencies(others, [], 2);
    for (const { state } of others) expect(counts.get(state.address)).toBeCloseTo(0.4, 1);
    const { peers, alive } = choosePeers(others, [], 2, new SeededRandom(2));
    expect([peers.length, alive]).toEqual([2, 2]);
  });

  it('asks a suspected member in every round, and expects no answer of it', () => {
    const others = [recordOf('b', 'alive'), recordOf('s', 'suspect')];
    expect(frequencies(others, [], 1).get('s:1')).toBe(frequencies([recordOf('s', 'suspect')], [], 1).get('s:1'));
    const { alive } = choosePeers(others, [], 5, new SeededRandom(3));
    expect(alive).toBe(1);
  });

  it('tries one that is down with probability down / (reachable + 1)', () => {
    const down = ['x', 'y'].map((id) => recordOf(id, 'down'));
    const counts = frequencies(
      [recordOf('b', 'alive'), recordOf('c', 'alive'), recordOf('d', 'alive'), ...down],
      [],
      3,
    );
    expect((counts.get('x:1') ?? 0) + (counts.get('y:1') ?? 0)).toBeCloseTo(2 / 4, 1);
    expect(frequencies(down, [], 3).get('x:1')).toBeCloseTo(0.5, 1);
  });

  it('falls back on a seed when nobody is reachable, and now and then otherwise', () => {
    expect(frequencies([], ['s:1'], 3)).toEqual(new Map([['s:1', expect.closeTo(1, 6)]]));
    const others = ['b', 'c', 'd', 'e'].map((id) => recordOf(id, 'alive'));
    expect(frequencies(others, ['s:1'], 2).get('s:1')).toBeCloseTo(1 / 4, 1);
  });

  it('needs no extra seed when one is among the members drawn, and knows its id', () => {
    const others = [recordOf('b', 'alive'), recordOf('s', 'down')];
    expect(choosePeers([recordOf('b', 'alive')], ['b:1'], 1, new SeededRandom(1)).peers).toEqual<Peer[]>([
      { id: 'b', address: 'b:1' },
    ]);
    const seeded = Array.from(
      { length: 50 },
      (_, seed) => choosePeers(others, ['s:1'], 1, new SeededRandom(seed)).peers,
    );
    expect(
      seeded
        .flat()
        .filter(({ address }) => address === 's:1')
        .every(({ id }) => id === 's'),
    ).toBe(true);
  });

  it('tries seeds that were never heard, however many others are seeds too and can be reached', () => {
    const others = [recordOf('b', 'alive'), recordOf('c', 'alive')];
    const counts = frequencies(others, ['b:1', 'c:1', 'x:1', 'y:1'], 2);
    expect((counts.get('x:1') ?? 0) + (counts.get('y:1') ?? 0)).toBeCloseTo(1, 1);
    const one = frequencies([...others, recordOf('y', 'down')], ['b:1', 'c:1', 'x:1', 'y:1'], 2);
    expect(one.get('x:1')).toBeCloseTo(1 / 3, 1);
  });

  it('leaves those alone that have left', () => {
    expect(choosePeers([recordOf('b', 'down', true)], [], 3, new SeededRandom(1))).toEqual({ peers: [], alive: 0 });
  });

  it('stays in bounds with a generator that returns 1', () => {
    const others = ['b', 'c'].map((id) => recordOf(id, 'alive'));
    expect(choosePeers(others, ['s:1'], 9, { next: () => 1 }).peers.length).toBe(2);
  });
});
