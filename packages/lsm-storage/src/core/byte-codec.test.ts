import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { CorruptionError } from './errors.ts';

const place = { file: 'file', offset: 7 };

const field = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
);

describe('byte writer and reader', () => {
  it('read back whatever was written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(field, fc.uint8Array({ maxLength: 300 }))), (fields) => {
        const writer = new ByteWriter(1);
        for (const [{ kind, value }, bytes] of fields) {
          writer[kind](value);
          writer.varint(bytes.length);
          writer.bytes(bytes);
        }
        const reader = new ByteReader(writer.take(), place);
        for (const [{ kind, value }, bytes] of fields) {
          expect(reader[kind]()).toBe(value);
          expect(reader.bytes(reader.varint())).toEqual(bytes);
        }
        expect(reader.atEnd).toBe(true);
      }),
    );
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER])(
    'writes %d as a varint of seven bits a byte',
    (value) => {
      const writer = new ByteWriter();
      writer.varint(value);
      expect(writer.length).toBe(Math.ceil(value.toString(2).length / 7));
      expect(new ByteReader(writer.take(), place).varint()).toBe(value);
    },
  );

  it('name the place of bytes that end too early or say impossible numbers', () => {
    const faults: (() => unknown)[] = [
      () => new ByteReader(new Uint8Array(3), place).u32(),
      () => new ByteReader(new Uint8Array(3), place).bytes(4),
      () => new ByteReader(new Uint8Array(8).fill(0x80), place).varint(),
      () => new ByteReader(Uint8Array.of(0x80), place).varint(),
      () => new ByteReader(new Uint8Array(7).fill(0xff), place).varint(),
      () => new ByteReader(new Uint8Array(8).fill(0xff), place).u64(),
      () => new ByteReader(new Uint8Array(8), place, 0, 2).u32(),
    ];
    for (const fault of faults) {
      expect(fault).toThrow(CorruptionError);
      expect(fault).toThrow('file is damaged at byte 7');
    }
  });
});
