import { compareBallots } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOfBallot,
  decodeRecordMeta,
  decodeRegisterMeta,
  decodeRegisterValue,
  encodeFrame,
  encodeRecordMeta,
  encodeRegisterMeta,
  encodeRegisterValue,
  maxMetaBytes,
  type Message,
  type RegisterMeta,
  type RegisterValue,
  versionOfMeta,
} from './index.ts';
import { ballot, registerValue, version as anyVersion } from './testing/arbitraries.test.ts';

const version = { ms: 0x010203040506, counter: 0x0708, actor: '0f'.repeat(16) };
const versionHex = '010203040506' + '0708' + '0f'.repeat(16);
const promised = { counter: 9, proposer: 'n/1/2' };
const accepted = { counter: 8, proposer: 'm' };
const promisedHex = '0000000000000009' + '0005' + '6e2f312f32';
const acceptedHex = '0000000000000008' + '0001' + '6d';
const value: RegisterValue = {
  meta: Uint8Array.of(1, 2),
  value: Uint8Array.of(7),
  memory: {
    recent: [
      { id: version, result: { outcome: 'applied', version } },
      { id: version, result: { outcome: 'conflict' } },
    ],
    forgotten: { ms: 3, counter: 4 },
  },
};
const valueHex =
  '00020102' +
  '00000002' +
  (versionHex + '01' + versionHex) +
  (versionHex + '02' + '00') +
  '01' +
  '000000000003' +
  '0004' +
  '00000001' +
  '07';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const meta: fc.Arbitrary<RegisterMeta> = fc.record(
  { version: anyVersion, promised: ballot, accepted: ballot, deleted: fc.boolean() },
  { requiredKeys: ['version', 'deleted'], noNullPrototype: true },
);

describe('the state of an acceptor at rest', () => {
  it('comes back as it was stored, within the 255 bytes of the storage engine, its version where every kind has it', () => {
    fc.assert(
      fc.property(meta, registerValue, (state, content) => {
        const bytes = encodeRegisterMeta(state);
        expect(bytes.length).toBeLessThanOrEqual(maxMetaBytes);
        expect(decodeRegisterMeta(bytes)).toStrictEqual(state);
        expect(versionOfMeta(bytes)).toStrictEqual(state.version);
        expect(hex(encodeRegisterValue(decodeRegisterValue(encodeRegisterValue(content))))).toBe(
          hex(encodeRegisterValue(content)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('has frozen bytes', () => {
    expect(hex(encodeRegisterMeta({ version, promised, accepted, deleted: true }))).toBe(
      '0104' + versionHex + '01' + promisedHex + '01' + acceptedHex + '01',
    );
    expect(hex(encodeRegisterMeta({ version, promised, deleted: false }))).toBe(
      '0104' + versionHex + '01' + promisedHex + '00' + '00',
    );
    expect(hex(encodeRegisterValue(value))).toBe(valueHex);
  });

  it('is told from the records of values, and they from it', () => {
    const register = encodeRegisterMeta({ version, deleted: false });
    expect(() => decodeRecordMeta(register)).toThrow('needed a value, a tombstone or a sibling set, got a register');
    expect(() => decodeRegisterMeta(encodeRecordMeta({ kind: 'tombstone', version }))).toThrow('got kind 2');
    expect(() => decodeRegisterMeta(register.with(0, 2))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }) as Error,
    );
    for (const bad of [register.with(0, 0), register.subarray(0, -1), Uint8Array.of(...register, 0)]) {
      expect(() => decodeRegisterMeta(bad)).toThrow(expect.objectContaining({ code: 'MALFORMED' }) as Error);
    }
  });
});

describe('a ballot as trees count it', () => {
  it('has the order of ballots', () => {
    const close = fc.record({
      counter: fc.constantFrom(0, 1, 255, 256, 2 ** 32, Number.MAX_SAFE_INTEGER),
      proposer: fc.constantFrom('', 'a', 'ab', 'b', 'a/1', 'a/10'),
    });
    const any = fc.oneof(close, ballot);
    fc.assert(
      fc.property(any, any, (a, b) => {
        const order = Buffer.compare(bytesOfBallot(a), bytesOfBallot(b));
        expect(Math.sign(order)).toBe(Math.sign(compareBallots(a, b)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the frozen bytes', () => {
  const key = Uint8Array.of(0x6b);
  const place = { partition: 3, key };
  const placeHex = '0003' + '0001' + '6b';
  const receipt = {
    mode: 'strict' as const,
    epoch: 1,
    needed: 1,
    got: 1,
    replicas: [],
    repairs: { sent: 0, acknowledged: 0, needed: 0, held: 0 },
  };
  const receiptHex = '01' + '0000000000000001' + '01' + '01' + '00' + '00' + '00' + '00' + '00000000';

  it.each<[Message, string]>([
    [{ type: 'prepare', ...place, ballot: promised }, placeHex + promisedHex],
    [{ type: 'prepare-reply', outcome: 'promised' }, '01' + '00'],
    [
      { type: 'prepare-reply', outcome: 'promised', accepted: { ballot: accepted, value } },
      '01' + '01' + acceptedHex + valueHex,
    ],
    [{ type: 'prepare-reply', outcome: 'outbid', promised }, '02' + promisedHex],
    [{ type: 'accept', ...place, ballot: accepted, value }, placeHex + acceptedHex + valueHex],
    [{ type: 'accept-reply', outcome: 'accepted' }, '01'],
    [{ type: 'accept-reply', outcome: 'outbid', promised }, '02' + promisedHex],
    [{ type: 'register-query', ...place, want: 'ballot' }, placeHex + '02'],
    [{ type: 'register-query-reply' }, '00' + '00'],
    [
      { type: 'register-query-reply', promised, accepted: { ballot: accepted, version, value } },
      '01' + promisedHex + '01' + acceptedHex + versionHex + '01' + valueHex,
    ],
    [
      { type: 'change', key, condition: { type: 'none' }, to: { type: 'delete' }, wantCurrent: false },
      '0001' + '6b' + '00' + '00' + '02' + '00',
    ],
    [
      {
        type: 'change',
        key,
        operation: version,
        condition: { type: 'version', version },
        to: { type: 'put', contentType: 'a/b', codec: 1, rawLength: 5, value: Uint8Array.of(1), ttlMs: 3 },
        wantCurrent: true,
      },
      '0001' +
        '6b' +
        ('01' + versionHex) +
        ('02' + versionHex) +
        ('01' + '0003' + '612f62' + '01' + '00000005' + '00000001' + '01' + '01' + '000000000003') +
        '01',
    ],
    [{ type: 'change-reply', outcome: 'applied', version, receipt }, '01' + versionHex + receiptHex],
    [
      { type: 'change-reply', outcome: 'conflict', version, current: { meta: key, value: key }, receipt },
      '02' + ('01' + versionHex) + ('01' + '0001' + '6b' + '00000001' + '6b') + receiptHex,
    ],
    [{ type: 'change-reply', outcome: 'unavailable', reason: 'busy', receipt }, '03' + '03' + receiptHex],
    [{ type: 'change-reply', outcome: 'unknown', reason: 'forgotten', receipt }, '04' + '05' + receiptHex],
  ])('of $type', (message, bytes) => {
    const header = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
    expect(hex(encodeFrame(header, message)).slice(2 * 33)).toBe(bytes);
  });
});
