/** What gossip promises, held against whole clusters in bad weather. Seeds are fixed: a failure here fails every time. */
import { describe, expect, it } from 'vitest';
import {
  type ObservedEffect,
  type SentMessage,
  SimulatedCluster,
  type SimulatedClusterOptions,
} from './simulated-cluster.ts';

const minute = 60_000;

function allAlive(cluster: SimulatedCluster): boolean {
  return cluster.running.every((gossiper) => {
    const members = gossiper.members();
    return members.length === cluster.ids.length && members.every(({ liveness }) => liveness === 'alive');
  });
}

/** A cluster in which everybody has found everybody. What happened until then is not in `observed`. */
function settled(options: SimulatedClusterOptions): SimulatedCluster {
  const cluster = new SimulatedCluster(options);
  cluster.startAll();
  expect(cluster.runUntil(() => allAlive(cluster), minute)).not.toBeNull();
  // Enough for the arrival windows to have seen some of the weather.
  cluster.runFor(20_000);
  cluster.observed.length = 0;
  return cluster;
}

function happened(cluster: SimulatedCluster, ...types: ObservedEffect['effect']['type'][]): string[] {
  return cluster.observed
    .filter(({ effect }) => types.includes(effect.type))
    .map(({ observer, effect }) => `${observer}: ${effect.type}${'member' in effect ? ` ${effect.member.id}` : ''}`);
}

function livenessSeen(cluster: SimulatedCluster, id: string): string[] {
  return cluster.running
    .filter((gossiper) => gossiper.id !== id)
    .map((gossiper) => gossiper.member(id)?.liveness ?? 'gone');
}

describe('a cluster that starts', () => {
  it.each([3, 5, 10, 20, 50])('of %i members knows all of them alive soon after, through 5 % loss', (members) => {
    for (const seed of members < 50 ? [1, 2, 3] : [1]) {
      const cluster = new SimulatedCluster({ seed, members, loss: 0.05 });
      cluster.startAll();
      expect(cluster.runUntil(() => allAlive(cluster), 15_000)).not.toBeNull();
      expect(happened(cluster, 'member-down')).toEqual([]);
    }
  });

  it('finds itself though it starts in two halves that know different seeds', () => {
    const cluster = new SimulatedCluster({ seed: 4, members: 8 });
    const seedOf = (index: number): string => (index < 4 ? 'm001.test:7000' : 'm005.test:7000');
    cluster.ids.forEach((id, index) => {
      cluster.start(id, { seeds: [seedOf(index), 'm005.test:7000'] });
    });
    expect(cluster.runUntil(() => allAlive(cluster), 20_000)).not.toBeNull();
  });

  it('runs the same way from the same seed', () => {
    const traceOf = (seed: number): string => {
      const cluster = new SimulatedCluster({ seed, members: 5, loss: 0.2, delayMs: [1, 300] });
      const trace: unknown[] = [];
      cluster.onSend = (sent) => trace.push(cluster.now, sent);
      cluster.startAll();
      cluster.runFor(20_000);
      return JSON.stringify([trace, cluster.observed]);
    };
    expect(traceOf(9)).toBe(traceOf(9));
    expect(traceOf(9)).not.toBe(traceOf(10));
  });
});

describe('healthy members', () => {
  it.each([
    { members: 3, loss: 0.05, minutes: 30 },
    { members: 10, loss: 0.05, minutes: 10 },
    { members: 50, loss: 0.05, minutes: 0.5 },
    { members: 5, loss: 0.2, minutes: 10 },
  ])('are never held down: $members members, loss $loss, $minutes min', ({ members, loss, minutes }) => {
    const cluster = settled({ seed: 21, members, loss, delayMs: [1, 200] });
    cluster.runFor(minutes * minute);
    expect(happened(cluster, 'member-down')).toEqual([]);
    // Suspicion is for the silent: at most one in a member's hour here.
    expect(happened(cluster, 'member-suspected').length).toBeLessThanOrEqual((members * minutes) / 60);
  });

  it('do not flap even where every third message is lost', () => {
    const cluster = settled({ seed: 22, members: 5, loss: 0.33 });
    cluster.runFor(20 * minute);
    expect(happened(cluster, 'member-down')).toEqual([]);
  });
});

describe('a crash', () => {
  it.each([
    { members: 3, within: 12_000, seeds: [31, 32, 33, 34, 35] },
    { members: 10, within: 12_000, seeds: [31, 32, 33] },
    { members: 50, within: 20_000, seeds: [31] },
  ])('among $members members is seen by all within $within ms, by none at once', ({ members, within, seeds }) => {
    for (const seed of seeds) {
      const cluster = settled({ seed, members, loss: 0.05 });
      cluster.crash('m002');
      // Some last heard of it a round before.
      cluster.runFor(2000);
      expect(new Set(livenessSeen(cluster, 'm002'))).toEqual(new Set(['alive']));
      const isDown = (): boolean => livenessSeen(cluster, 'm002').every((liveness) => liveness === 'down');
      expect(cluster.runUntil(isDown, within - 2000)).not.toBeNull();
      cluster.runFor(minute / 2);
      expect(happened(cluster, 'member-alive')).toEqual([]);
      expect(happened(cluster, 'member-down').length).toBe(members - 1);
    }
  });

  it('ends with the restart: all see the higher generation alive', () => {
    for (const downtime of [500, 30_000]) {
      const cluster = settled({ seed: 34, members: 10, loss: 0.05 });
      cluster.crash('m002');
      cluster.runFor(downtime);
      cluster.start('m002');
      const isBack = (): boolean =>
        cluster.running.every((gossiper) => {
          const member = gossiper.member('m002');
          return member?.generation === 2 && member.liveness === 'alive';
        });
      expect(cluster.runUntil(isBack, 8000)).not.toBeNull();
      cluster.observed.length = 0;
      cluster.runFor(2 * minute);
      expect(happened(cluster, 'member-suspected', 'member-down')).toEqual([]);
    }
  });

  it('of the seed itself keeps nobody from restarting it', () => {
    const cluster = settled({ seed: 35, members: 5 });
    cluster.crash('m001');
    cluster.runFor(30_000);
    cluster.start('m001');
    // It has no seed of its own: the others find it, by trying those that are down.
    expect(cluster.runUntil(() => allAlive(cluster), 20_000)).not.toBeNull();
  });
});

describe('a pause', () => {
  it.each([8000, 40_000])(
    'of %i ms lets the one who slept convict nobody, and the others see it alive again',
    (pause) => {
      for (const seed of [41, 42, 43]) {
        const cluster = settled({ seed, members: 7, loss: 0.05 });
        cluster.pause('m003');
        cluster.runFor(pause);
        cluster.resume('m003');
        expect(cluster.runUntil(() => allAlive(cluster), 10_000)).not.toBeNull();
        cluster.runFor(minute);
        const blamed = happened(cluster, 'member-suspected', 'member-down');
        expect(blamed.filter((line) => !line.endsWith(' m003'))).toEqual([]);
      }
    },
  );

  it('of everybody at once convicts nobody at all', () => {
    const cluster = settled({ seed: 44, members: 7 });
    for (const id of cluster.ids) cluster.pause(id);
    cluster.runFor(minute);
    for (const id of cluster.ids) cluster.resume(id);
    cluster.runFor(minute);
    expect(happened(cluster, 'member-suspected', 'member-down')).toEqual([]);
  });
});

describe('a cut', () => {
  it('between two members, one way, is bridged by the others', () => {
    const cluster = settled({ seed: 51, members: 5, loss: 0.05 });
    cluster.cut('m001', 'm002');
    cluster.runFor(5 * minute);
    expect(happened(cluster, 'member-suspected', 'member-down')).toEqual([]);
  });

  it('between the only two members, one way, parts them once and for as long as it lasts', () => {
    const cluster = settled({ seed: 52, members: 2 });
    cluster.cut('m001', 'm002');
    cluster.runFor(5 * minute);
    expect(happened(cluster, 'member-down').sort()).toEqual(['m001: member-down m002', 'm002: member-down m001']);
    expect(happened(cluster, 'member-alive')).toEqual([]);
    cluster.heal();
    expect(cluster.runUntil(() => allAlive(cluster), 10_000)).not.toBeNull();
  });

  it('of all that one member says makes the others hold it down once, without flapping', () => {
    const cluster = settled({ seed: 53, members: 5 });
    for (const id of cluster.ids) cluster.cut('m001', id);
    cluster.runFor(minute);
    cluster.observed.length = 0;
    cluster.runFor(10 * minute);
    expect(livenessSeen(cluster, 'm001')).toEqual(['down', 'down', 'down', 'down']);
    expect(happened(cluster, 'member-suspected', 'member-alive', 'member-down')).toEqual([]);
  });

  it('through the middle leaves each half whole, and heals', () => {
    const cluster = settled({ seed: 54, members: 8, loss: 0.05 });
    const [near, far] = [cluster.ids.slice(0, 4), cluster.ids.slice(4)];
    for (const one of near)
      for (const other of far)
        for (const [from, to] of [
          [one, other],
          [other, one],
        ] as const)
          cluster.cut(from, to);
    cluster.runFor(2 * minute);
    for (const id of far) expect(cluster.gossiper('m001').member(id)?.liveness).toBe('down');
    for (const id of near) expect(cluster.gossiper('m002').member(id)?.liveness).toBe('alive');
    cluster.heal();
    expect(cluster.runUntil(() => allAlive(cluster), 15_000)).not.toBeNull();
    cluster.observed.length = 0;
    cluster.runFor(2 * minute);
    expect(happened(cluster, 'member-suspected', 'member-down')).toEqual([]);
  });
});

describe('a member that is gone', () => {
  it('has told all the others, through 5 % loss, when it says that it may stop', () => {
    for (const seed of [61, 62, 63, 64, 65]) {
      const cluster = settled({ seed, members: 10, loss: 0.05 });
      cluster.leave('m004');
      const mayStop = (): boolean => happened(cluster, 'leave-spread').length > 0;
      expect(cluster.runUntil(mayStop, 10_000)).not.toBeNull();
      for (const gossiper of cluster.running) expect(gossiper.member('m004')?.status).toBe('left');
      expect(happened(cluster, 'member-suspected', 'member-down')).toEqual([]);
    }
  });

  it('is brought back by no replay of what was ever said, nor by restarts in any order', () => {
    const orders = [
      ['m001', 'm003', 'm004'],
      ['m001', 'm004', 'm003'],
      ['m003', 'm001', 'm004'],
      ['m003', 'm004', 'm001'],
      ['m004', 'm001', 'm003'],
      ['m004', 'm003', 'm001'],
    ];
    for (const [index, order] of orders.entries()) {
      const recorded: SentMessage[] = [];
      const cluster = new SimulatedCluster({ seed: 70 + index, members: 4, loss: 0.05 });
      cluster.onSend = (sent) => recorded.push(sent);
      cluster.startAll();
      cluster.runFor(20_000);
      cluster.crash('m002');
      cluster.onSend = () => undefined;
      for (const id of order) cluster.forget(id, 'm002');
      for (const id of order) {
        const { forgotten } = cluster.gossiper(id);
        cluster.crash(id);
        cluster.runFor(2000);
        cluster.start(id, { forgotten });
        for (const sent of recorded) cluster.inject(sent);
        cluster.runFor(5000);
      }
      for (const sent of recorded) cluster.inject(sent);
      cluster.runFor(2 * minute);
      for (const gossiper of cluster.running) {
        expect(gossiper.members().map(({ id, liveness }) => `${id} ${liveness}`)).toEqual([
          'm001 alive',
          'm003 alive',
          'm004 alive',
        ]);
      }
    }
  });

  it('is not kept in circulation by newcomers after it left', () => {
    const cluster = new SimulatedCluster({ seed: 80, members: 12, gossip: { leftRetentionMs: 20_000 } });
    for (const id of cluster.ids.slice(0, 4)) cluster.start(id);
    cluster.runFor(15_000);
    cluster.leave('m002');
    for (const id of cluster.ids.slice(4)) {
      cluster.runFor(5000);
      cluster.start(id);
    }
    cluster.runFor(20_000);
    for (const gossiper of cluster.running) {
      expect(gossiper.member('m002')).toBeUndefined();
      expect(gossiper.members().length).toBe(11);
    }
  });
});
