import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptorRange,
  dataRange,
  decodeAcceptorKey,
  decodeDataKey,
  decodeHintKey,
  decodePurgeKey,
  encodeAcceptorKey,
  encodeDataKey,
  encodeHintKey,
  encodePurgeKey,
  hintRange,
  hintsFrom,
  hintsOfAll,
  hintsOfRange,
  keyspaceRanges,
  purgeRecords,
  storageKinds,
  systemKey,
} from './index.ts';
import { uuid } from './testing/arbitraries.test.ts';

const partition = fc.oneof(fc.nat({ max: 0xffff }), fc.constantFrom(0, 1, 0xff, 0x100, 0xffff));
const keyspaceId = fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 1, 0xff, 0x100, 0xffffffff));
const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.constantFrom(new Uint8Array(4096).fill(0xff), Uint8Array.of(0), Uint8Array.of(0xff)),
);

function compare(a: Uint8Array, b: Uint8Array): number {
  return Math.sign(Buffer.compare(a, b));
}

describe('data keys', () => {
  it('come back as they were made', () => {
    fc.assert(
      fc.property(partition, keyspaceId, key, (p, k, user) => {
        const decoded = decodeDataKey(encodeDataKey(p, k, user));
        expect({ ...decoded, key: Buffer.from(decoded.key) }).toStrictEqual({
          partition: p,
          keyspaceId: k,
          key: Buffer.from(user),
        });
      }),
    );
  });

  it('are in byte order by partition, then keyspace, then key', () => {
    fc.assert(
      fc.property(partition, partition, keyspaceId, keyspaceId, key, key, (p, q, k, l, a, b) => {
        const expected = Math.sign(p - q) || Math.sign(k - l) || compare(a, b);
        expect(compare(encodeDataKey(p, k, a), encodeDataKey(q, l, b))).toBe(expected);
      }),
    );
  });

  it('lie in the range of their partition and keyspace, and in no other', () => {
    fc.assert(
      fc.property(partition, partition, keyspaceId, keyspaceId, key, (p, q, k, l, user) => {
        const { gte, lt } = dataRange(q, l);
        const storageKey = encodeDataKey(p, k, user);
        const inside = compare(storageKey, gte) >= 0 && compare(storageKey, lt) < 0;
        expect(inside).toBe(p === q && k === l);
      }),
      { numRuns: 500 },
    );
  });

  it('have frozen bytes', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(hex(encodeDataKey(0x0102, 0x03040506, Uint8Array.of(0x6b, 0x76)))).toBe('01' + '0102' + '03040506' + '6b76');
    expect(hex(systemKey('clock'))).toBe('04' + '0000' + '00000000' + '636c6f636b');
    expect(hex(dataRange(1, 0xffffffff).lt)).toBe('01' + '0002' + '00000000');
    expect(hex(dataRange(0xffff, 0xffffffff).lt)).toBe('02' + '0000' + '00000000');
    expect(storageKinds).toStrictEqual({ data: 1, acceptor: 2, hint: 3, system: 4, purge: 5, loss: 6 });
  });

  it('are told from the keys of the node itself', () => {
    expect(() => decodeDataKey(systemKey('clock'))).toThrow('needed a storage key of kind 1, got kind 4');
    const last = encodeDataKey(0xffff, 0xffffffff, new Uint8Array(4096).fill(0xff));
    expect(compare(systemKey('a'), last)).toBe(1);
  });

  it('of acceptors lie beside those of records, never among them', () => {
    const user = Uint8Array.of(0x6b);
    expect(Buffer.from(encodeAcceptorKey(0x0102, 0x03040506, user)).toString('hex')).toBe('020102030405066b');
    expect(decodeAcceptorKey(encodeAcceptorKey(1, 2, user))).toStrictEqual({ partition: 1, keyspaceId: 2, key: user });
    expect(() => decodeAcceptorKey(encodeDataKey(1, 2, user))).toThrow('needed a storage key of kind 2, got kind 1');
    const { gte, lt } = acceptorRange(1, 2);
    expect(compare(gte, encodeAcceptorKey(1, 2, user)) < 0 && compare(encodeAcceptorKey(1, 2, user), lt) < 0).toBe(
      true,
    );
    expect(compare(dataRange(0xffff, 0xffffffff).lt, acceptorRange(0, 0).gte)).toBe(0);
  });

  it.each([
    ['an empty key', () => encodeDataKey(1, 1, new Uint8Array(0))],
    ['a key of 4097 bytes', () => encodeDataKey(1, 1, new Uint8Array(4097))],
    ['a partition over u16', () => encodeDataKey(0x10000, 1, Uint8Array.of(1))],
    ['a keyspace over u32', () => dataRange(1, 2 ** 32)],
    ['a storage key without user key', () => decodeDataKey(dataRange(1, 1).gte)],
    ['a storage key cut short', () => decodeDataKey(Uint8Array.of(1, 0, 0))],
    ['a storage key too long', () => decodeDataKey(Uint8Array.of(1, ...new Uint8Array(6 + 4097)))],
    ['a system key without name', () => systemKey('')],
  ])('refuse %s', (_, action) => {
    expect(action).toThrow(expect.objectContaining({ code: 'MALFORMED' }) as Error);
  });
});

describe('the keys of hints', () => {
  const place = fc.record({ partition, keyspaceId, intendedOwner: uuid });

  it('come back as they were made, and are no data keys', () => {
    fc.assert(
      fc.property(place, key, (range, user) => {
        const storageKey = encodeHintKey({ ...range, key: user });
        const decoded = decodeHintKey(storageKey);
        expect({ ...decoded, key: Buffer.from(decoded.key) }).toStrictEqual({ ...range, key: Buffer.from(user) });
        expect(() => decodeDataKey(storageKey)).toThrow('kind 3');
        expect(compare(storageKey, hintsOfAll.gte) > 0 && compare(storageKey, hintsOfAll.lt) < 0).toBe(true);
      }),
    );
  });

  it('lie in the range of their partition, keyspace and owner, and in no other', () => {
    fc.assert(
      fc.property(place, place, key, fc.boolean(), (at, other, user, same) => {
        const { gte, lt } = hintRange(same ? at : other);
        const storageKey = encodeHintKey({ ...at, key: user });
        const inside = compare(storageKey, gte) >= 0 && compare(storageKey, lt) < 0;
        expect(inside).toBe(same || JSON.stringify(at) === JSON.stringify(other));
        const { gte: first } = hintsFrom(at.partition);
        expect(compare(first, storageKey) < 0).toBe(true);
        if (at.partition > 0) expect(compare(hintsFrom(at.partition - 1).gte, first)).toBe(-1);
        const whole = hintsOfRange(at.partition, at.keyspaceId);
        expect(compare(whole.gte, storageKey) < 0 && compare(storageKey, whole.lt) < 0).toBe(true);
      }),
    );
  });

  it('have frozen bytes', () => {
    const intendedOwner = '01234567-89ab-cdef-0123-456789abcdef';
    const storageKey = encodeHintKey({ partition: 0x0102, keyspaceId: 3, intendedOwner, key: Uint8Array.of(0x6b) });
    expect(Buffer.from(storageKey).toString('hex')).toBe(
      '03' + '0102' + '00000003' + intendedOwner.replaceAll('-', '') + '6b',
    );
  });

  it('refuse what is none', () => {
    const malformed = expect.objectContaining({ code: 'MALFORMED' }) as Error;
    expect(() => decodeHintKey(encodeDataKey(1, 1, new Uint8Array(40)))).toThrow(malformed);
    expect(() => decodeHintKey(hintRange({ partition: 1, keyspaceId: 1, intendedOwner: '0'.repeat(36) }).gte)).toThrow(
      malformed,
    );
  });
});

describe('the key of what is kept of purging', () => {
  it('comes back as it was made, lies among those of its keyspace, and has frozen bytes', () => {
    fc.assert(
      fc.property(partition, keyspaceId, (p, k) => {
        const storageKey = encodePurgeKey(p, k);
        expect(decodePurgeKey(storageKey)).toStrictEqual({ partition: p, keyspaceId: k });
        const lies = ({ gte, lt }: { gte: Uint8Array; lt: Uint8Array }): boolean =>
          compare(gte, storageKey) <= 0 && compare(storageKey, lt) < 0;
        expect(lies(purgeRecords)).toBe(true);
        expect(keyspaceRanges(p + 1, k).some(lies)).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(Buffer.from(encodePurgeKey(0x0102, 3)).toString('hex')).toBe('05' + '0102' + '00000003' + '00');
    expect(() => decodePurgeKey(systemKey('clock'))).toThrow('needed a storage key of kind 5, got kind 4');
  });
});
