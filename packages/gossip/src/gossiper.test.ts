import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GossipEffect } from './gossip-effect.ts';
import { Gossiper } from './gossiper.ts';
import type { GossiperOptions } from './gossiper-options.ts';
import type { MemberState } from './members/member-state.ts';
import type { GossipMessage } from './messages/gossip-message.ts';
import { SeededRandom } from './testing/seeded-random.ts';

type Sent = Extract<GossipEffect, { type: 'send' }>;

function newGossiper(id: string, options: Partial<GossiperOptions> = {}): Gossiper {
  const base = { id, clusterId: 'c1', address: `${id}:1`, generation: 1, status: 'normal' as const };
  return new Gossiper({ random: new SeededRandom(7) }, { ...base, ...options });
}

function stateOf(id: string, change: Partial<MemberState> = {}): MemberState {
  return { id, generation: 1, heartbeat: 1, status: 'normal', address: `${id}:1`, ...change };
}

/** States as a peer sends them. */
function tell(...states: MemberState[]): GossipMessage {
  return { type: 'gossip-ack2', clusterId: 'c1', states, suspects: [] };
}

function sent(effects: readonly GossipEffect[]): Sent[] {
  return effects.filter((effect) => effect.type === 'send');
}

function told(effects: readonly GossipEffect[]): GossipEffect[] {
  return effects.filter((effect) => effect.type !== 'send');
}

/** Runs the exchange that `first` opens with `second` to its end and returns all that happened but the sending. */
function exchange(first: Gossiper, second: Gossiper, now: number): GossipEffect[] {
  const happened: GossipEffect[] = [];
  const queue = sent(first.tick(now)).filter(({ address }) => address === `${second.id}:1`);
  let sides: [Gossiper, Gossiper] = [first, second];
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    const effects = sides[1].receive(sides[0].id, message.message, now);
    happened.push(...told(effects));
    queue.push(...sent(effects));
    sides = [sides[1], sides[0]];
  }
  return happened;
}

describe('an exchange', () => {
  it('opens at the seed, whose id is not known yet, with the own version', () => {
    const effects = newGossiper('a', { seeds: ['b:1'] }).tick(1000);
    expect(effects).toEqual([
      {
        type: 'send',
        to: null,
        address: 'b:1',
        message: {
          type: 'gossip-syn',
          clusterId: 'c1',
          digests: [{ id: 'a', generation: 1, heartbeat: 1 }],
          suspects: [],
        },
      },
    ]);
  });

  it('is not opened with itself, should it be its own seed', () => {
    expect(newGossiper('a', { seeds: ['a:1'] }).tick(1000)).toEqual([]);
  });

  it('leaves both sides with the newer of every state after syn, ack and ack2', () => {
    const a = newGossiper('a');
    const b = newGossiper('b');
    a.receive('b', tell(stateOf('b', { heartbeat: 0 })), 0);
    a.receive('x', tell(stateOf('x', { heartbeat: 5 }), stateOf('y', { heartbeat: 5 })), 0);
    b.receive('x', tell(stateOf('x', { heartbeat: 9 }), stateOf('z')), 0);
    exchange(a, b, 1000);
    const versions = (gossiper: Gossiper): string[] =>
      gossiper.members().map(({ id, generation, heartbeat }) => `${id} ${generation}.${heartbeat}`);
    expect(versions(a)).toEqual(['a 1.1', 'b 1.0', 'x 1.9', 'y 1.5', 'z 1.1']);
    expect(versions(b)).toEqual(versions(a));
  });

  it('names what it wants by the version it has, and sends no third message when nothing is wanted', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b', { heartbeat: 3 })), 0);
    const syn: GossipMessage = {
      type: 'gossip-syn',
      clusterId: 'c1',
      digests: [
        { id: 'b', generation: 1, heartbeat: 4 },
        { id: 'n', generation: 2, heartbeat: 2 },
      ],
      suspects: [],
    };
    expect(sent(a.receive('b', syn, 10))[0]?.message).toEqual({
      type: 'gossip-ack',
      clusterId: 'c1',
      digests: [
        { id: 'b', generation: 1, heartbeat: 3 },
        { id: 'n', generation: 0, heartbeat: 0 },
      ],
      states: [stateOf('a', { heartbeat: 0 })],
      suspects: [],
    });
    const ack: GossipMessage = { type: 'gossip-ack', clusterId: 'c1', digests: [], states: [], suspects: [] };
    expect(a.receive('b', ack, 20)).toEqual([]);
  });

  it('answers a stranger on the connection that it used', () => {
    const syn: GossipMessage = { type: 'gossip-syn', clusterId: 'c1', digests: [], suspects: [] };
    expect(newGossiper('a').receive('stranger', syn, 0)).toMatchObject([{ to: 'stranger', address: null }]);
  });

  it('ends in the same table in whatever order, and however often, states come in', () => {
    const anyState = fc.record({
      id: fc.constantFrom('b', 'c'),
      generation: fc.integer({ min: 1, max: 3 }),
      heartbeat: fc.integer({ min: 0, max: 4 }),
      status: fc.constantFrom('joining', 'normal', 'leaving'),
      address: fc.constantFrom('x:1', 'x:2'),
    }) satisfies fc.Arbitrary<MemberState>;
    const tables = fc
      .array(anyState, { maxLength: 12 })
      .chain((states) =>
        fc.tuple(fc.constant(states), fc.shuffledSubarray([...states, ...states], { minLength: 2 * states.length })),
      );
    fc.assert(
      fc.property(tables, ([states, shuffled]) => {
        const [one, other] = [newGossiper('a'), newGossiper('a')];
        for (const state of states) one.receive('x', tell(state), 0);
        for (const state of shuffled) other.receive('x', tell(state), 0);
        const content = (gossiper: Gossiper): unknown =>
          gossiper
            .members()
            .map(({ id, generation, heartbeat, status, address }) => [id, generation, heartbeat, status, address]);
        expect(content(other)).toEqual(content(one));
      }),
    );
  });
});

describe('news of a member', () => {
  it('is its joining, alive if it speaks for itself', () => {
    expect(newGossiper('a').receive('b', tell(stateOf('b')), 500)).toEqual([
      { type: 'member-joined', member: { ...stateOf('b'), liveness: 'alive', lastHeardAt: 500 } },
    ]);
  });

  it('is only hearsay from another, until its heartbeat is seen to rise', () => {
    const a = newGossiper('a');
    const [joined] = a.receive('b', tell(stateOf('c')), 500);
    expect(joined).toMatchObject({ type: 'member-joined', member: { id: 'c', liveness: 'suspect' } });
    expect(a.receive('b', tell(stateOf('c', { heartbeat: 2 })), 1500)).toEqual([
      { type: 'member-alive', member: { ...stateOf('c', { heartbeat: 2 }), liveness: 'alive', lastHeardAt: 1500 } },
    ]);
  });

  it('is a change of status or address, and nothing when only the heartbeat rose', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b', { status: 'joining' })), 0);
    expect(a.receive('b', tell(stateOf('b', { heartbeat: 2, status: 'joining' })), 1000)).toEqual([]);
    expect(a.receive('b', tell(stateOf('b', { heartbeat: 3 })), 2000)).toMatchObject([
      { type: 'status-changed', previous: 'joining', member: { status: 'normal' } },
    ]);
    expect(a.receive('b', tell(stateOf('b', { heartbeat: 4, address: 'b:2' })), 3000)).toMatchObject([
      { type: 'address-changed', previous: 'b:1', member: { address: 'b:2' } },
    ]);
  });

  it('is a restart when its generation rose, though its heartbeat is lower', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b', { heartbeat: 900 })), 0);
    expect(a.receive('b', tell(stateOf('b', { generation: 2, heartbeat: 0 })), 1000)).toMatchObject([
      { type: 'member-restarted', previousGeneration: 1, member: { generation: 2, liveness: 'alive' } },
    ]);
    expect(a.receive('c', tell(stateOf('b', { heartbeat: 901 })), 2000)).toEqual([]);
    expect(a.member('b')).toMatchObject({ generation: 2, heartbeat: 0 });
  });

  it('is told at the address where it is now', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b')), 0);
    a.receive('b', tell(stateOf('b', { heartbeat: 2, address: 'b:2' })), 10);
    expect(sent(a.tick(1000))).toMatchObject([{ to: 'b', address: 'b:2' }]);
  });
});

describe('the own state', () => {
  it('rises every heartbeat interval and at every change, and a late round is not made up for', () => {
    const a = newGossiper('a');
    const heartbeats = [0, 250, 999, 1000, 1999, 2000, 7000, 7001, 8000].map((now) => {
      a.tick(now);
      return a.member('a')?.heartbeat;
    });
    expect(heartbeats).toEqual([1, 1, 1, 2, 2, 3, 4, 4, 5]);
    a.setStatus('leaving');
    a.setAddress('a:9');
    a.setStatus('leaving');
    expect(a.member('a')).toMatchObject({ heartbeat: 7, status: 'leaving', address: 'a:9', liveness: 'alive' });
  });

  it('wants to be ticked when the next round is due, and earlier when somebody becomes suspicious', () => {
    const a = newGossiper('a', { heartbeatIntervalMs: 1000 });
    a.tick(100);
    expect(a.nextTickAt).toBe(1100);
    expect(newGossiper('a').nextTickAt).toBe(0);
    a.receive('b', tell(stateOf('b')), 100);
    for (const now of [1100, 2100, 3100]) a.tick(now);
    expect(a.nextTickAt).toBeCloseTo(100 + 3806, 0);
  });

  it('refuses what is no status, no address', () => {
    const a = newGossiper('a');
    expect(() => a.setStatus('left' as 'normal')).toThrow('status needs joining, normal or leaving, got left');
    expect(() => a.setAddress('')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('a member that somebody knows better than it does itself', () => {
  const syn = (generation: number, heartbeat: number): GossipMessage => ({
    type: 'gossip-syn',
    clusterId: 'c1',
    digests: [{ id: 'a', generation, heartbeat }],
    suspects: [],
  });

  it.each([
    ['a version of a higher generation', syn(3, 0), 3],
    ['a version of its generation ahead of its heartbeat', syn(2, 2), 2],
    ['a state of a higher generation', tell(stateOf('a', { generation: 9 })), 9],
    ['a state of its generation ahead of its heartbeat', tell(stateOf('a', { generation: 2, heartbeat: 50 })), 2],
    [
      'such a state within an answer that also asks for states',
      {
        type: 'gossip-ack',
        clusterId: 'c1',
        digests: [{ id: 'a', generation: 0, heartbeat: 0 }],
        states: [stateOf('a', { generation: 9 })],
        suspects: [],
      } satisfies GossipMessage,
      9,
    ],
    ['a state that has left', tell(stateOf('a', { generation: 2, heartbeat: 0, status: 'left' })), 2],
  ])('has to stop at %s', (_, message, seen) => {
    const a = newGossiper('a', { generation: 2 });
    a.tick(0);
    expect(a.receive('b', message, 10)).toEqual([{ type: 'generation-conflict', seen }]);
    expect(a.activity).toBe('silent');
    expect([a.tick(5000), a.receive('b', message, 5000), a.leave(5000)]).toEqual([[], [], []]);
    expect(a.nextTickAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes on at its own old states, and at generations beyond all restarts', () => {
    const a = newGossiper('a', { generation: 2 });
    a.tick(0);
    a.receive('b', syn(1, 500), 10);
    a.receive('b', tell(stateOf('a', { generation: 2, heartbeat: 1, status: 'normal' })), 20);
    expect(a.receive('b', syn(2 ** 40, 0), 30)).toMatchObject([{ type: 'refused', reason: 'generation-jump' }]);
    expect(a.activity).toBe('gossiping');
  });
});

describe('the view', () => {
  it('is sorted by id, with this member in its place', () => {
    const m = newGossiper('m');
    m.receive('z', tell(stateOf('z'), stateOf('B'), stateOf('n'), stateOf('__proto__')), 0);
    expect(m.members().map(({ id }) => id)).toEqual(['B', '__proto__', 'm', 'n', 'z']);
    expect(
      newGossiper('z')
        .members()
        .map(({ id }) => id),
    ).toEqual(['z']);
  });

  it('is a snapshot', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b')), 0);
    const before = a.member('b');
    a.receive('b', tell(stateOf('b', { heartbeat: 2 })), 10);
    expect(before?.heartbeat).toBe(1);
    expect(a.member('nobody')).toBeUndefined();
    expect(a.phi('nobody', 99)).toBe(0);
  });

  it('admits only whom the caller does', () => {
    const options = { id: 'a', clusterId: 'c1', address: 'a:1', generation: 1 };
    const a = new Gossiper({ random: new SeededRandom(1), admits: (id) => id === 'b' }, options);
    a.receive('b', tell(stateOf('b'), stateOf('c')), 0);
    expect(a.members().map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('counts what went by', () => {
    const a = newGossiper('a', { seeds: ['b:1'] });
    a.tick(0);
    a.receive('b', { ...tell(), clusterId: 'other' }, 10);
    a.tick(9000);
    expect(a.statistics).toMatchObject({ rounds: 2, messagesSent: 2, messagesReceived: 1, pauses: 1, lateTicks: 1 });
    expect(a.statistics.refusals).toMatchObject({ 'foreign-cluster': 1, malformed: 0 });
  });
});
