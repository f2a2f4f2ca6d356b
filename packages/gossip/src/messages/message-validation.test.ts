import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gossipLimits } from './gossip-limits.ts';
import type { GossipMessage } from './gossip-message.ts';
import { type ValidationContext, validateMessage } from './message-validation.ts';

const context: ValidationContext = {
  clusterId: 'c1',
  maxGenerationJump: 1_000_000,
  versionOf: (id) => (id === 'known' ? { generation: 5, heartbeat: 100 } : { generation: 0, heartbeat: 0 }),
};

const digest = { id: 'known', generation: 5, heartbeat: 101 };
const state = { ...digest, status: 'normal', address: 'known:1' };
const syn = { type: 'gossip-syn', clusterId: 'c1', digests: [digest], suspects: ['x'] };
const ack = { type: 'gossip-ack', clusterId: 'c1', digests: [digest], states: [state], suspects: [] };
const ack2 = { type: 'gossip-ack2', clusterId: 'c1', states: [state], suspects: [] };

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function reasonOf(message: unknown): string {
  const validation = validateMessage(message, context);
  return validation.outcome === 'valid' ? 'valid' : `${validation.reason} ${validation.detail}`;
}

describe('validateMessage', () => {
  it.each([syn, ack, ack2])('passes an honest message as an equal copy', (message) => {
    const validation = validateMessage(message, context);
    expect(validation).toEqual({ outcome: 'valid', message });
    expect(validation.outcome === 'valid' && validation.message).not.toBe(message);
  });

  it('drops what a message has beyond its fields', () => {
    const validation = validateMessage({ ...syn, digests: [{ ...digest, extra: 1 }], more: 2 }, context);
    expect(validation).toEqual({ outcome: 'valid', message: syn });
  });

  it.each([
    ['nothing', undefined, 'malformed message'],
    ['a text', 'gossip-syn', 'malformed message'],
    ['an unknown type', { ...syn, type: 'gossip-fin' }, 'malformed type'],
    ['a type that is an object', { ...syn, type: {} }, 'malformed type'],
    ['no cluster', { ...syn, clusterId: undefined }, 'malformed clusterId'],
    ['another cluster', { ...syn, clusterId: 'c2' }, 'foreign-cluster clusterId'],
    ['digests that are no list', { ...syn, digests: { length: 1, 0: digest } }, 'malformed digests'],
    ['a digest that is null', { ...syn, digests: [null] }, 'malformed digests[0]'],
    ['a hole among the digests', { ...syn, digests: [, digest] }, 'malformed digests[0]'],
    ['an id that is a number', { ...syn, digests: [{ ...digest, id: 7 }] }, 'malformed digests[0].id'],
    ['an id of 65 bytes', { ...syn, digests: [{ ...digest, id: 'a'.repeat(65) }] }, 'malformed digests[0].id'],
    ['an id twice', { ...syn, digests: [digest, digest] }, 'malformed digests[1].id repeated'],
    ['a fraction', { ...syn, digests: [{ ...digest, heartbeat: 1.5 }] }, 'malformed digests[0].heartbeat'],
    ['2^53', { ...syn, digests: [{ ...digest, heartbeat: 2 ** 53 }] }, 'malformed digests[0].heartbeat'],
    ['a negative', { ...syn, digests: [{ ...digest, generation: -1 }] }, 'malformed digests[0].generation'],
    ['a bigint', { ...syn, digests: [{ ...digest, generation: 5n }] }, 'malformed digests[0].generation'],
    ['no suspects', { ...syn, suspects: undefined }, 'malformed suspects'],
    ['a suspect that is empty', { ...syn, suspects: [''] }, 'malformed suspects[0]'],
    ['an unknown status', { ...ack2, states: [{ ...state, status: 'dead' }] }, 'malformed states[0].status'],
    ['no address', { ...ack2, states: [{ ...state, address: '' }] }, 'malformed states[0].address'],
    ['a long address', { ...ack2, states: [{ ...state, address: 'a'.repeat(256) }] }, 'malformed states[0].address'],
    ['an ack without digests', { ...ack, digests: undefined }, 'malformed digests'],
  ])('refuses %s', (_, message, reason) => {
    expect(reasonOf(message)).toBe(reason);
  });

  it('counts before it looks', () => {
    const lies = new Proxy([], {
      get: (_, name) => {
        if (name === 'length') return 4_294_967_295;
        throw new Error('an entry was read');
      },
    });
    expect(reasonOf({ ...syn, digests: lies })).toBe('oversized digests');
    const tooMany = many(gossipLimits.digests + 1, (index) => ({ ...digest, id: `m${index}` }));
    expect(reasonOf({ ...syn, digests: tooMany })).toBe('oversized digests');
    expect(reasonOf({ ...syn, digests: tooMany.slice(1) })).toBe('valid');
    const states = many(gossipLimits.states + 1, (index) => ({ ...state, id: `m${index}` }));
    expect(reasonOf({ ...ack2, states })).toBe('oversized states');
    expect(reasonOf({ ...syn, suspects: many(gossipLimits.suspects + 1, String) })).toBe('oversized suspects');
  });

  it.each([
    ['a known member, as far as it may', { id: 'known', generation: 1_000_005, heartbeat: 0 }, 'valid'],
    ['a known member', { id: 'known', generation: 1_000_006, heartbeat: 0 }, 'generation-jump digests[0].generation'],
    ['an unknown member, as far as it may', { id: 'new', generation: 1_000_000, heartbeat: 0 }, 'valid'],
    ['an unknown member', { id: 'new', generation: 1_000_001, heartbeat: 0 }, 'generation-jump digests[0].generation'],
    ['anybody', { id: 'new', generation: 2 ** 53 - 1, heartbeat: 0 }, 'generation-jump digests[0].generation'],
  ])('bounds the generation of %s', (_, version, reason) => {
    expect(reasonOf({ ...syn, digests: [version] })).toBe(reason);
  });

  it.each([
    ['the same generation, as far as it may', 5, 100 + 2 ** 32, 'valid'],
    ['the same generation', 5, 101 + 2 ** 32, 'heartbeat-jump digests[0].heartbeat'],
    ['a new generation, as far as it may', 6, 2 ** 32, 'valid'],
    ['a new generation', 6, 1 + 2 ** 32, 'heartbeat-jump digests[0].heartbeat'],
    ['an old generation, which changes nothing', 4, 2 ** 53 - 1, 'valid'],
  ])('bounds the heartbeat of %s', (_, generation, heartbeat, reason) => {
    expect(reasonOf({ ...syn, digests: [{ id: 'known', generation, heartbeat }] })).toBe(reason);
  });

  it('reads each field once, so that nothing can answer the check and the use differently', () => {
    let reads = 0;
    const shifty = {
      ...digest,
      get generation(): number {
        reads += 1;
        return reads === 1 ? 5 : 2 ** 53 - 1;
      },
    };
    const validation = validateMessage({ ...syn, digests: [shifty] }, context);
    expect(validation).toEqual({ outcome: 'valid', message: syn });
    expect(reads).toBe(1);
  });

  it('refuses what throws when it is read', () => {
    const trap = {
      get clusterId(): string {
        throw new Error('no');
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(reasonOf(trap)).toBe('malformed reading the message failed');
    expect(reasonOf(proxy)).toBe('malformed reading the message failed');
    expect(reasonOf({ ...syn, digests: [proxy] })).toBe('malformed reading the message failed');
  });

  it('says little about the worst of messages', () => {
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, maxDepth: 4 });
    fc.assert(
      fc.property(fc.constantFrom<object>(syn, ack, ack2), fc.dictionary(fc.string(), anything), (message, more) => {
        const validation = validateMessage({ ...message, ...more }, context);
        if (validation.outcome === 'refused') expect(validation.detail.length).toBeLessThanOrEqual(80);
      }),
    );
  });

  it('passes its own output unchanged', () => {
    const version = { id: fc.constantFrom('a', 'known', '\u{1f600}'), generation: fc.nat(9), heartbeat: fc.nat(9) };
    const entry = fc.record({ ...version, status: fc.constantFrom('joining', 'left'), address: fc.constant('x:1') });
    const list = fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 3 });
    fc.assert(
      fc.property(list, (states) => {
        const message = { type: 'gossip-ack2', clusterId: 'c1', states, suspects: [] } as GossipMessage;
        expect(validateMessage(message, context)).toEqual({ outcome: 'valid', message });
      }),
    );
  });
});
