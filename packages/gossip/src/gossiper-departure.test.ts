/** Leaving, forgetting, and that old gossip brings nobody back. */
import { describe, expect, it } from 'vitest';
import { Gossiper } from './gossiper.ts';
import type { GossiperOptions } from './gossiper-options.ts';
import type { MemberState } from './members/member-state.ts';
import type { GossipMessage } from './messages/gossip-message.ts';
import { SeededRandom } from './testing/seeded-random.ts';

function newGossiper(id: string, options: Partial<GossiperOptions> = {}): Gossiper {
  const base = { id, clusterId: 'c1', address: `${id}:1`, generation: 1, status: 'normal' as const };
  return new Gossiper({ random: new SeededRandom(3) }, { ...base, ...options });
}

function stateOf(id: string, change: Partial<MemberState> = {}): MemberState {
  return { id, generation: 1, heartbeat: 1, status: 'normal', address: `${id}:1`, ...change };
}

function tell(...states: MemberState[]): GossipMessage {
  return { type: 'gossip-ack2', clusterId: 'c1', states, suspects: [] };
}

function show(...states: MemberState[]): GossipMessage {
  const digests = states.map(({ id, generation, heartbeat }) => ({ id, generation, heartbeat }));
  return { type: 'gossip-syn', clusterId: 'c1', digests, suspects: [] };
}

const left = stateOf('b', { heartbeat: 9, status: 'left' });

describe('leave', () => {
  it('pushes the state at once and for some rounds more, then says that it may stop', () => {
    const a = newGossiper('a', { fanout: 2 });
    for (const id of ['b', 'c', 'd']) a.receive(id, tell(stateOf(id)), 0);
    a.tick(0);
    const pushes = [a.leave(100), a.tick(1000), a.tick(2000), a.tick(3000)];
    for (const effects of pushes) {
      const spread = { type: 'gossip-ack2', states: [{ id: 'a', status: 'left', heartbeat: 2 }] };
      expect(effects).toMatchObject([
        { type: 'send', message: spread },
        { type: 'send', message: spread },
      ]);
    }
    expect(a.activity).toBe('spreading-leave');
    expect(a.member('a')).toMatchObject({ status: 'left', liveness: 'down' });
    expect(a.tick(4000)).toEqual([{ type: 'leave-spread' }]);
    expect(a.tick(5000)).toEqual([]);
  });

  it('still answers while it spreads, and changes its mind no more', () => {
    const a = newGossiper('a');
    a.receive('b', tell(stateOf('b')), 0);
    a.leave(100);
    a.setStatus('normal');
    a.setAddress('elsewhere:1');
    expect(a.leave(200)).toEqual([]);
    expect(a.receive('b', show(stateOf('b')), 300)).toMatchObject([
      { message: { type: 'gossip-ack', states: [{ id: 'a', status: 'left', address: 'a:1' }] } },
    ]);
  });

  it('has nobody to tell when alone', () => {
    const a = newGossiper('a');
    expect(a.leave(0)).toEqual([{ type: 'leave-spread' }]);
    expect(a.activity).toBe('silent');
  });
});

describe('a member that left', () => {
  function witness(): Gossiper {
    const a = newGossiper('a', { leftRetentionMs: 5000 });
    a.receive('b', tell(stateOf('b')), 0);
    a.receive('c', tell(left), 1000);
    return a;
  }

  it('is down at once, and nobody suspects it', () => {
    const a = newGossiper('a', { leftRetentionMs: 60_000 });
    a.receive('b', tell(stateOf('b')), 0);
    expect(a.receive('c', tell(left), 1000)).toMatchObject([
      { type: 'status-changed', previous: 'normal', member: { id: 'b', status: 'left', liveness: 'down' } },
    ]);
    for (let now = 1000; now < 60_000; now += 500) expect(a.tick(now)).toEqual([]);
  });

  it('is shown for a while, then gone', () => {
    const a = witness();
    expect(a.tick(5999)).toEqual([]);
    expect(a.member('b')?.status).toBe('left');
    expect(a.tick(6000)).toEqual([{ type: 'member-forgotten', id: 'b', generation: 1 }]);
    expect(a.members().map(({ id }) => id)).toEqual(['a']);
    expect(a.forgotten).toEqual([{ id: 'b', generation: 1 }]);
  });

  it('comes back by no old gossip, neither before it is gone nor after', () => {
    const a = witness();
    for (const now of [2000, 9000]) {
      a.tick(now);
      expect(a.receive('c', tell(stateOf('b', { heartbeat: 8 })), now)).toEqual([]);
      expect(a.receive('c', tell(stateOf('b', { heartbeat: 10_000 })), now)).toEqual([]);
      expect(a.member('b')?.status).not.toBe('normal');
    }
    const [answer] = a.receive('c', show(stateOf('b', { heartbeat: 8 })), 9500);
    expect(answer).toMatchObject({ message: { digests: [] } });
  });

  it('is told as left to those who missed it, long after', () => {
    const a = witness();
    a.tick(9000);
    const [answer] = a.receive('c', show(stateOf('b', { heartbeat: 7 }), stateOf('a')), 9500);
    expect(answer).toMatchObject({ message: { type: 'gossip-ack', states: [left] } });
    const c = newGossiper('c');
    c.receive('b', tell(stateOf('b', { heartbeat: 7 })), 0);
    expect(c.receive('a', tell(left), 100)).toMatchObject([{ type: 'status-changed' }]);
  });

  it('is not passed on to those who never knew it', () => {
    const a = witness();
    const [answer] = a.receive('n', show(stateOf('n')), 2000);
    expect(answer).toMatchObject({ message: { states: [{ id: 'a' }] } });
    const n = newGossiper('n');
    expect(n.receive('a', tell(left), 100)).toEqual([]);
    expect(n.members().map(({ id }) => id)).toEqual(['n']);
  });

  it('learns that it left when it starts again with the same generation', () => {
    const a = witness();
    a.tick(9000);
    const b = newGossiper('b', { seeds: ['a:1'] });
    const [syn] = b.tick(9000);
    const [ack] = syn?.type === 'send' ? a.receive('b', syn.message, 9010) : [];
    const conflict = ack?.type === 'send' ? b.receive('a', ack.message, 9020) : [];
    expect(conflict).toEqual([{ type: 'generation-conflict', seen: 1 }]);
  });

  it.each([2000, 9000])('is welcome with a higher generation at %i ms', (now) => {
    const a = witness();
    a.tick(now);
    a.receive('b', tell(stateOf('b', { generation: 2, heartbeat: 0, status: 'joining' })), now);
    expect(a.member('b')).toMatchObject({ generation: 2, status: 'joining', liveness: 'alive' });
    // Nothing of its former life buries it later.
    a.tick(now + 1000);
    a.receive('b', tell(stateOf('b', { generation: 2, heartbeat: 1, status: 'normal' })), now + 5000);
    expect(a.tick(now + 5000)).toMatchObject([{ type: 'send', to: 'b' }]);
    expect(a.forgotten).toEqual([]);
  });
});

describe('forget', () => {
  function witness(): Gossiper {
    const a = newGossiper('a');
    for (const id of ['b', 'c']) a.receive(id, tell(stateOf(id, { generation: 4 })), 0);
    expect(a.forget('b')).toEqual([{ type: 'member-forgotten', id: 'b', generation: 4 }]);
    return a;
  }

  it('takes the member out, and no gossip up to its generation brings it back', () => {
    const a = witness();
    for (const generation of [1, 4]) {
      expect(a.receive('c', tell(stateOf('b', { generation, heartbeat: 10 ** 6 })), 10)).toEqual([]);
    }
    const [answer] = a.receive('c', show(stateOf('b', { generation: 4 }), stateOf('c')), 20);
    expect(answer).toMatchObject({ message: { digests: [], states: [{ id: 'c' }, { id: 'a' }] } });
    expect(a.members().map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('refuses to talk with it until it shows a higher generation', () => {
    const a = witness();
    const refusal = [{ type: 'refused', from: 'b', reason: 'forgotten-sender', detail: 'from' }];
    expect(a.receive('b', show(stateOf('b', { generation: 4, heartbeat: 50 })), 10)).toEqual(refusal);
    expect(a.receive('b', tell(stateOf('d')), 20)).toEqual(refusal);
    expect(a.member('d')).toBeUndefined();
    expect(a.receive('b', show(stateOf('b', { generation: 5 })), 30)).toMatchObject([
      { type: 'send', to: 'b', message: { digests: [{ id: 'b', generation: 4, heartbeat: 0 }] } },
    ]);
    expect(a.receive('b', tell(stateOf('b', { generation: 5 })), 40)).toMatchObject([{ type: 'member-joined' }]);
  });

  it('outlives this run when the caller keeps what is forgotten', () => {
    const again = newGossiper('a', { generation: 2, forgotten: witness().forgotten });
    expect(again.receive('c', tell(stateOf('b', { generation: 4 }), stateOf('c')), 0)).toMatchObject([
      { type: 'member-joined', member: { id: 'c' } },
    ]);
  });

  it('can be for ever', () => {
    const a = newGossiper('a');
    a.forget('b', Number.MAX_SAFE_INTEGER);
    expect(a.receive('c', tell(stateOf('b', { generation: 999_999 })), 0)).toEqual([]);
  });

  it('has nothing to do for one unknown without a generation', () => {
    expect(newGossiper('a').forget('b')).toEqual([]);
  });

  it('is not for this member, nor for what is no id or generation', () => {
    const a = newGossiper('a');
    for (const attempt of [
      () => a.forget('a'),
      () => a.forget(''),
      () => a.forget('b', -1),
      () => a.forget('b', 0.5),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});
