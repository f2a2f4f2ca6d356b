import { compareVersions } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareMetaVersions,
  deadlineOfMeta,
  decodeRecordMeta,
  encodeRecordMeta,
  isSiblingSetMeta,
  isTombstoneMeta,
  maxMetaBytes,
  type RecordMeta,
  versionBytesOfMeta,
  versionOfBytes,
  versionOfMeta,
} from './index.ts';
import { printable, version } from './testing/arbitraries.test.ts';

const sample = { ms: 0x010203040506, counter: 0x0708, actor: '000102030405060708090a0b0c0d0e0f' };
const fields = { codec: fc.nat({ max: 255 }), rawLength: fc.nat({ max: 0xffffffff }), contentType: printable };
const plain = { noNullPrototype: true };
const meta: fc.Arbitrary<RecordMeta> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), version, ...fields }, plain),
  fc.record({ kind: fc.constant('value' as const), version, deadline: fc.maxSafeNat(), ...fields }, plain),
  fc.record({ kind: fc.constant('tombstone' as const), version }, plain),
  fc.record(
    {
      kind: fc.constant('sibling-set' as const),
      version,
      digest: version.map(({ actor }) => actor),
      siblings: fc.nat({ max: 0xffff }),
    },
    plain,
  ),
);

describe('record meta', () => {
  it('comes back as it was stored, within the 255 bytes of the storage engine', () => {
    fc.assert(
      fc.property(meta, (record) => {
        const bytes = encodeRecordMeta(record);
        expect(bytes.length).toBeLessThanOrEqual(maxMetaBytes);
        expect(decodeRecordMeta(bytes)).toStrictEqual(record);
        expect(versionOfMeta(bytes)).toStrictEqual(record.version);
        expect(deadlineOfMeta(bytes)).toBe(record.kind === 'value' ? record.deadline : undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('orders bytes as versions are ordered, whatever the kind', () => {
    const close = fc.record({
      ms: fc.constantFrom(0, 0xff, 0x100, 2 ** 47, 2 ** 48 - 1),
      counter: fc.constantFrom(0, 0xff, 0x100, 0xffff),
      actor: fc.constantFrom('00'.repeat(16), `${'00'.repeat(15)}ff`, `ff${'00'.repeat(15)}`),
    });
    const any = fc.oneof(close, version);
    fc.assert(
      fc.property(any, any, meta, meta, (a, b, left, right) => {
        const bytes = compareMetaVersions(
          encodeRecordMeta({ ...left, version: a }),
          encodeRecordMeta({ ...right, version: b }),
        );
        expect(Math.sign(bytes)).toBe(Math.sign(compareVersions(a, b)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[RecordMeta, string]>([
    [
      {
        kind: 'value',
        version: sample,
        deadline: 0x010000000002,
        codec: 1,
        rawLength: 10_000,
        contentType: 'text/css',
      },
      '01 01 010203040506 0708 000102030405060708090a0b0c0d0e0f 01 0000010000000002 01 00002710 0008 746578742f637373',
    ],
    [
      { kind: 'value', version: sample, codec: 0, rawLength: 3, contentType: '' },
      '01 01 010203040506 0708 000102030405060708090a0b0c0d0e0f 00 00 00000003 0000',
    ],
    [{ kind: 'tombstone', version: sample }, '01 02 010203040506 0708 000102030405060708090a0b0c0d0e0f'],
    [
      { kind: 'sibling-set', version: sample, digest: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', siblings: 0x0203 },
      '01 03 010203040506 0708 000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaabacadaeaf 0203',
    ],
  ])('has frozen bytes: %o', (record, hex) => {
    expect(Buffer.from(encodeRecordMeta(record)).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it('refuses a reserved kind by name, and any kind of a later layout, as of another version', () => {
    const bytes = encodeRecordMeta({ kind: 'tombstone', version: sample });
    const later = { code: 'UNSUPPORTED_VERSION' };
    for (const [kind, name] of [[4, 'register']] as const) {
      const reserved = bytes.with(1, kind);
      expect(() => decodeRecordMeta(reserved)).toThrow(expect.objectContaining(later) as Error);
      expect(() => decodeRecordMeta(reserved)).toThrow(name);
      expect(versionOfMeta(reserved)).toStrictEqual(sample);
    }
    const layout2 = bytes.with(0, 2);
    expect(() => decodeRecordMeta(layout2)).toThrow(expect.objectContaining(later) as Error);
    expect(() => versionOfMeta(layout2)).toThrow(expect.objectContaining(later) as Error);
    expect(() => compareMetaVersions(bytes, layout2)).toThrow(expect.objectContaining(later) as Error);
  });

  it('counts of a sibling set more than its version: two sets of one version are two', () => {
    const digests = ['0'.repeat(32), `${'0'.repeat(31)}1`];
    const set = { kind: 'sibling-set', version: sample, siblings: 1 } as const;
    const [a, b] = digests.map((digest) => encodeRecordMeta({ ...set, digest })) as [Uint8Array, Uint8Array];
    expect(compareMetaVersions(a, b)).toBe(0);
    expect(versionBytesOfMeta(a)).not.toEqual(versionBytesOfMeta(b));
    expect(versionBytesOfMeta(a)).toHaveLength(40);
    expect(versionOfBytes(versionBytesOfMeta(a))).toStrictEqual(sample);
    expect([isSiblingSetMeta(a), isTombstoneMeta(a)]).toEqual([true, false]);
    expect(() => versionOfBytes(a.subarray(0, 30))).toThrow('alone or before a digest, got 30 bytes');
    expect(() => decodeRecordMeta(a.subarray(0, -1))).toThrow('record.siblings');
    expect(() => encodeRecordMeta({ ...set, digest: 'ab' })).toThrow('record.digest: needed');
  });

  it('gives version bytes that outlive the memory in which the meta arrived', () => {
    const arrived = Buffer.from(encodeRecordMeta({ kind: 'tombstone', version: sample }));
    const bytes = versionBytesOfMeta(arrived);
    arrived.fill(0);
    expect(versionOfBytes(bytes)).toStrictEqual(sample);
  });

  it('refuses what is damaged', () => {
    const bytes = encodeRecordMeta({ kind: 'tombstone', version: sample });
    const damaged = { code: 'MALFORMED' };
    for (const bad of [new Uint8Array(0), bytes.with(0, 0), bytes.with(1, 5), bytes.subarray(0, -1)]) {
      expect(() => decodeRecordMeta(bad)).toThrow(expect.objectContaining(damaged) as Error);
    }
    expect(() => decodeRecordMeta(Uint8Array.of(...bytes, 0))).toThrow('needed the end, got 1 more bytes');
    expect(() => compareMetaVersions(bytes, bytes.subarray(0, 25))).toThrow('26 bytes, got 25 bytes');
  });

  it('refuses fields that the format cannot hold, by name', () => {
    const record: RecordMeta = { kind: 'value', version: sample, codec: 0, rawLength: 0, contentType: '' };
    expect(() => encodeRecordMeta({ ...record, contentType: 'a\r\n' })).toThrow('record.contentType: needed printable');
    expect(() => encodeRecordMeta({ ...record, deadline: -1 })).toThrow('record.deadline: needed an integer');
    expect(() => encodeRecordMeta({ ...record, rawLength: 2 ** 32 })).toThrow('record.rawLength: needed an integer');
  });
});
