/** Bounded messages, bounded memory, and that no message whatever harms the one who receives it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gossiper } from './gossiper.ts';
import type { GossiperOptions } from './gossiper-options.ts';
import type { MemberState } from './members/member-state.ts';
import type { GossipMessage } from './messages/gossip-message.ts';
import { gossipLimits } from './messages/gossip-limits.ts';
import { SeededRandom } from './testing/seeded-random.ts';

function newGossiper(options: Partial<GossiperOptions> = {}): Gossiper {
  const base = { id: 'a', clusterId: 'c1', address: 'a:1', generation: 1 };
  return new Gossiper({ random: new SeededRandom(11) }, { ...base, ...options });
}

function stateOf(id: string, heartbeat = 1): MemberState {
  return { id, generation: 1, heartbeat, status: 'normal', address: `${id}:1` };
}

function tell(states: readonly MemberState[]): GossipMessage {
  return { type: 'gossip-ack2', clusterId: 'c1', states, suspects: [] };
}

/** Fills the table with members m0, m1 and so on. */
function populate(a: Gossiper, count: number, heartbeat = 1): void {
  const states = Array.from({ length: count }, (_, index) => stateOf(`m${index}`, heartbeat));
  for (let start = 0; start < count; start += gossipLimits.states) {
    a.receive('m0', tell(states.slice(start, start + gossipLimits.states)), 0);
  }
}

function onlyMessage(effects: ReturnType<Gossiper['tick']>): GossipMessage {
  const sent = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
  expect(sent.length).toBeGreaterThan(0);
  return sent[0] as GossipMessage;
}

describe('a table larger than a message', () => {
  it('is shown in random parts, the own version always among them, and whole within some rounds', () => {
    const a = newGossiper();
    populate(a, 1000);
    const shown = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const syn = onlyMessage(a.tick(round * 1000));
      const ids = syn.type === 'gossip-syn' ? syn.digests.map(({ id }) => id) : [];
      expect(ids.length).toBe(gossipLimits.digests);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids[0]).toBe('a');
      for (const id of ids) shown.add(id);
    }
    // Each round misses a member with probability 0.745: after 40, one of 128,000 is still missing.
    expect(shown.size).toBe(1001);
  });

  it('is answered with as many states as fit, the own one always among them', () => {
    const a = newGossiper();
    populate(a, 1000);
    const syn: GossipMessage = { type: 'gossip-syn', clusterId: 'c1', digests: [], suspects: [] };
    const told = new Set<string>();
    for (let turn = 0; turn < 60; turn += 1) {
      const ack = onlyMessage(a.receive('stranger', syn, 0));
      const states = ack.type === 'gossip-ack' ? ack.states : [];
      expect(states.length).toBe(gossipLimits.states);
      expect(states.map(({ id }) => id)).toContain('a');
      for (const { id } of states) told.add(id);
    }
    expect(told.size).toBe(1001);
  });

  it('is not volunteered to a peer whose list may be a part of its own', () => {
    const a = newGossiper();
    populate(a, 300);
    const digests = Array.from({ length: 256 }, (_, index) => ({ id: `m${index}`, generation: 1, heartbeat: 1 }));
    const ack = onlyMessage(a.receive('m0', { type: 'gossip-syn', clusterId: 'c1', digests, suspects: [] }, 0));
    expect(ack).toMatchObject({ digests: [], states: [] });
  });

  it('names at most as many suspects as fit', () => {
    const a = newGossiper();
    populate(a, 200);
    populate(a, 200, 2);
    for (let now = 0; now < 90_000; now += 1000) a.tick(now);
    expect(a.members().filter(({ liveness }) => liveness === 'down').length).toBe(200);
    const syn: GossipMessage = { type: 'gossip-syn', clusterId: 'c1', digests: [], suspects: [] };
    expect(onlyMessage(a.receive('m0', syn, 90_000)).suspects.length).toBe(gossipLimits.suspects);
  });
});

describe('a table that is full', () => {
  it('takes in news of those it knows and turns the unknown away, saying so once', () => {
    const a = newGossiper({ maxMembers: 2 });
    a.receive('b', tell([stateOf('b'), stateOf('c')]), 0);
    expect(a.receive('b', tell([stateOf('x'), stateOf('b', 2), stateOf('y')]), 10)).toEqual([
      { type: 'refused', from: 'b', reason: 'table-full', detail: '2 unknown members' },
    ]);
    expect(a.members().map(({ id, heartbeat }) => `${id} ${heartbeat}`)).toEqual(['a 0', 'b 2', 'c 1']);
  });

  it('does not ask for those it has no room for', () => {
    const a = newGossiper({ maxMembers: 1 });
    a.receive('b', tell([stateOf('b')]), 0);
    const digests = [{ id: 'x', generation: 1, heartbeat: 1 }];
    const ack = onlyMessage(a.receive('b', { type: 'gossip-syn', clusterId: 'c1', digests, suspects: [] }, 10));
    expect(ack).toMatchObject({ digests: [] });
  });

  it('holds 1024 members by default against ten thousand invented ones', () => {
    const a = newGossiper();
    populate(a, 10_000);
    expect(a.members().length).toBe(1025);
    expect(a.statistics.refusals['table-full']).toBe(36);
  });
});

/** Values chosen to break what reads them. */
const hostileValue = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  fc.constantFrom<unknown>(
    2 ** 53,
    2 ** 53 - 1,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '__proto__',
    'constructor',
    'a',
    'a'.repeat(100_000),
    '\ud800',
    Symbol.iterator,
    () => undefined,
    { length: 4_294_967_295 },
    new Proxy({}, { get: () => new Proxy([], {}) }),
    new Proxy(
      {},
      {
        get: () => {
          throw Proxy.revocable({}, {}).proxy as unknown as Error;
        },
      },
    ),
  ),
);

const fieldPaths = [
  ...['type', 'clusterId', 'digests', 'states', 'suspects'].map((name) => [name]),
  ...['digests', 'states', 'suspects'].map((name) => [name, '0']),
  ...['id', 'generation', 'heartbeat'].map((name) => ['digests', '0', name]),
  ...['id', 'generation', 'heartbeat', 'status', 'address'].map((name) => ['states', '0', name]),
];

/** An honest message that brings a new member, in which one field, anywhere, is replaced. */
function spoil(type: string, path: readonly string[], value: unknown): GossipMessage {
  const news = { ...stateOf('new'), generation: 3 };
  const message = {
    type,
    clusterId: 'c1',
    digests: [{ ...news }],
    states: [{ ...news }, stateOf('b', 9)],
    suspects: ['b'],
  };
  let target: object = message;
  for (const name of path.slice(0, -1)) target = (target as Record<string, object>)[name] as object;
  Reflect.set(target, path.at(-1) ?? '', value);
  return message as unknown as GossipMessage;
}

describe('whatever comes in', () => {
  function victim(): Gossiper {
    const a = newGossiper();
    a.tick(0);
    a.receive('b', tell([stateOf('b'), stateOf('c')]), 10);
    return a;
  }

  it('never throws, and a message refused changes nothing', () => {
    const types = fc.constantFrom('gossip-syn', 'gossip-ack', 'gossip-ack2');
    let refusals = 0;
    fc.assert(
      fc.property(types, fc.constantFrom(...fieldPaths), hostileValue, (type, path, value) => {
        const a = victim();
        const before = a.members();
        const effects = a.receive('b', spoil(type, path, value), 20);
        if (effects[0]?.type !== 'refused') return;
        refusals += 1;
        expect(effects).toHaveLength(1);
        expect(effects[0].detail.length).toBeLessThanOrEqual(80);
        expect(a.members()).toEqual(before);
        expect(a.activity).toBe('gossiping');
      }),
      { numRuns: 1500 },
    );
    expect(refusals).toBeGreaterThan(500);
  });

  it('would otherwise have brought a new member', () => {
    const a = victim();
    const message = spoil('gossip-ack2', ['suspects'], []);
    expect(a.receive('b', message, 20)).toMatchObject([{ type: 'member-joined', member: { id: 'new' } }]);
  });

  it('is refused when it is no message at all', () => {
    const a = victim();
    const before = a.members();
    fc.assert(
      fc.property(hostileValue, (value) => {
        expect(a.receive('b', value as GossipMessage, 20)).toMatchObject([{ type: 'refused', reason: 'malformed' }]);
      }),
      { numRuns: 1000 },
    );
    expect(a.members()).toEqual(before);
  });

  it('is refused from a sender that is none, or that is this very member', () => {
    const a = victim();
    const message = tell([stateOf('new')]);
    for (const from of [undefined, 7, '', 'x'.repeat(65), '\ud800', {}] as unknown as string[]) {
      expect(a.receive(from, message, 20)).toEqual([
        { type: 'refused', from: '', reason: 'malformed', detail: 'from' },
      ]);
    }
    expect(a.receive('a', message, 20)).toEqual([{ type: 'refused', from: 'a', reason: 'own-id', detail: 'from' }]);
    expect(a.member('new')).toBeUndefined();
  });

  it('leaves the built-in objects alone', () => {
    const a = victim();
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    a.receive('b', tell(names.map((name) => stateOf(name))), 20);
    expect(a.members().map(({ id }) => id)).toEqual([
      '__proto__',
      'a',
      'b',
      'c',
      'constructor',
      'hasOwnProperty',
      'toString',
    ]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['generation']).toBeUndefined();
  });

  it('keeps no hold on objects that the sender may still change', () => {
    const a = victim();
    const state = { ...stateOf('new') };
    a.receive('b', tell([state]), 20);
    state.address = 'evil:1';
    Object.assign(state, { generation: 2 ** 53 });
    expect(a.member('new')).toMatchObject({ address: 'new:1', generation: 1 });
  });
});
