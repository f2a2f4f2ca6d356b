import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZstdCodec } from '../../node/zstd-codec.ts';
import { codeOf } from '../../testing/store.ts';
import { CorruptionError } from '../errors.ts';
import { noCodec } from '../ports/codec.ts';
import type { Codec } from '../ports/codec.ts';
import { MAX_RAW_BYTES, blockHeader, checkBlock, kindOf, openBlock, storedBytes, storedBytesOf } from './block.ts';
import type { BlockKind } from './block.ts';

const zstd = new ZstdCodec();
const place = { file: 'run', offset: 40 };

function encode(kind: BlockKind, raw: Uint8Array, file: number, position: number, codec: Codec): Uint8Array {
  const stored = storedBytes(raw, codec);
  return Uint8Array.from([...blockHeader(kind, stored, raw.length, file, position), ...stored.bytes]);
}

function check(block: Uint8Array, position = 40, file = 7, storedLength = block.length - 16): void {
  checkBlock(block, { position, storedLength }, file, 'run');
}

describe('block', () => {
  it('gives back the raw bytes and the kind, compressed or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), fc.boolean(), (raw, repeated, compress) => {
        const content = repeated ? new Uint8Array(2000).fill(raw.length) : raw;
        const codec = compress ? zstd : noCodec;
        const block = encode('value', content, 7, 40, codec);
        check(block);
        expect(kindOf(block)).toBe('value');
        expect(Buffer.compare(openBlock(block, codec, place), content)).toBe(0);
      }),
    );
  });

  it('is kept raw unless compressing saves an eighth', () => {
    const saving = (bytes: number): Codec => ({ ...noCodec, id: 9, compress: (raw) => raw.subarray(bytes) });
    expect(storedBytes(new Uint8Array(800), saving(100)).codec).toBe(9);
    expect(storedBytes(new Uint8Array(800), saving(99)).codec).toBe(0);
  });

  it('shows every changed bit, and another place or file', () => {
    const block = encode('entries', new TextEncoder().encode('abcabcabcabcabc'), 7, 40, noCodec);
    check(block);
    for (let bit = 0; bit < block.length * 8; bit++) {
      const damaged = new Uint8Array(block);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => check(damaged)).toThrow(CorruptionError);
    }
    expect(() => check(block, 41)).toThrow(CorruptionError);
    expect(() => check(block, 40, 8)).toThrow(CorruptionError);
    expect(() => check(block.subarray(0, -1), 40, 7, block.length - 16)).toThrow('the file ends within a block');
  });

  it('has stored bytes that are sealed anew for another place, without being opened', () => {
    const raw = new Uint8Array(5000).fill(3);
    const stored = storedBytesOf(encode('value', raw, 7, 40, zstd));
    const moved = Uint8Array.from([...blockHeader('value', stored, raw.length, 8, 99), ...stored.bytes]);
    check(moved, 99, 8);
    expect(Buffer.compare(openBlock(moved, zstd, place), raw)).toBe(0);
  });

  it('of an unknown codec is refused by name', async () => {
    const block = encode('value', new Uint8Array(5000), 1, 0, zstd);
    expect(await codeOf(() => openBlock(block, noCodec, place))).toBe('UNSUPPORTED_FORMAT');
  });

  it('that does not decompress to its length is damage', () => {
    const block = encode('value', new Uint8Array(5000), 1, 0, zstd);
    const throwing: Codec = {
      ...noCodec,
      id: 1,
      decompress: () => {
        throw new Error('bad frame');
      },
    };
    const short: Codec = { ...noCodec, id: 1, decompress: () => 4999 };
    expect(() => openBlock(block, throwing, place)).toThrow(CorruptionError);
    expect(() => openBlock(block, short, place)).toThrow(CorruptionError);
  });

  it('that claims more than any block holds is refused before memory is asked for', () => {
    const stored = { bytes: new Uint8Array(100), codec: 1 };
    const claiming = (length: number): Uint8Array => {
      return Uint8Array.from([...blockHeader('value', stored, length, 7, 40), ...stored.bytes]);
    };
    check(claiming(MAX_RAW_BYTES));
    expect(() => check(claiming(MAX_RAW_BYTES + 1))).toThrow(CorruptionError);
  });
});
