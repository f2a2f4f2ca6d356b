import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptionError } from '../errors.ts';
import { noCodec } from '../ports/codec.ts';
import type { Codec } from '../ports/codec.ts';
import { ZstdCodec } from '../../node/index.ts';
import { codeOf } from '../../testing/store.ts';
import { BLOCK_HEADER_BYTES, MAX_RAW_BYTES, checkBlock, encodeBlock, moveBlock, openBlock } from './block.ts';

const zstd = new ZstdCodec();
const place = { file: 'run', offset: 40 };

function pointerTo(block: Uint8Array, position: number): { position: number; storedLength: number } {
  return { position, storedLength: block.length - BLOCK_HEADER_BYTES };
}

describe('block', () => {
  it('gives back the raw bytes, compressed or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), fc.boolean(), (raw, repeated, compress) => {
        const content = repeated ? new Uint8Array(2000).fill(raw.length) : raw;
        const codec = compress ? zstd : noCodec;
        const block = encodeBlock('value', content, 7, 40, codec);
        checkBlock(block, 'value', pointerTo(block, 40), 7, 'run');
        expect(Buffer.compare(openBlock(block, codec, place), content)).toBe(0);
      }),
    );
  });

  it('is kept raw unless compressing saves an eighth', () => {
    const saving = (bytes: number): Codec => ({ ...noCodec, id: 9, compress: (raw) => raw.subarray(bytes) });
    expect(encodeBlock('value', new Uint8Array(800), 1, 0, saving(100))[5]).toBe(9);
    expect(encodeBlock('value', new Uint8Array(800), 1, 0, saving(99))[5]).toBe(0);
  });

  it('shows every changed bit, and another place, run or kind', () => {
    const block = encodeBlock('entries', new TextEncoder().encode('abcabcabcabcabc'), 7, 40, noCodec);
    const pointer = pointerTo(block, 40);
    const check = (bytes: Uint8Array, position = 40, run = 7): void => {
      checkBlock(bytes, 'entries', { ...pointer, position }, run, 'run');
    };
    check(block);
    for (let bit = 0; bit < block.length * 8; bit++) {
      const damaged = new Uint8Array(block);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => check(damaged)).toThrow(CorruptionError);
    }
    expect(() => check(block, 41)).toThrow(CorruptionError);
    expect(() => check(block, 40, 8)).toThrow(CorruptionError);
    expect(() => check(block.subarray(0, -1))).toThrow('the file ends within a block');
    expect(() => checkBlock(block, 'value', pointer, 7, 'run')).toThrow('not a block of kind value');
  });

  it('moves to another place without being opened', () => {
    const raw = new Uint8Array(5000).fill(3);
    const moved = moveBlock(encodeBlock('value', raw, 7, 40, zstd), 8, 99);
    checkBlock(moved, 'value', pointerTo(moved, 99), 8, 'other');
    expect(Buffer.compare(openBlock(moved, zstd, place), raw)).toBe(0);
  });

  it('of an unknown codec is refused by name', async () => {
    const block = encodeBlock('value', new Uint8Array(5000), 1, 0, zstd);
    expect(await codeOf(() => openBlock(block, noCodec, place))).toBe('UNSUPPORTED_FORMAT');
  });

  it('that does not decompress to its length is damage', () => {
    const block = encodeBlock('value', new Uint8Array(5000), 1, 0, zstd);
    const throwing: Codec = {
      ...noCodec,
      id: 1,
      decompress: () => {
        throw new Error('bad frame');
      },
    };
    const short: Codec = { ...noCodec, id: 1, decompress: () => new Uint8Array(4999) };
    expect(() => openBlock(block, throwing, place)).toThrow(CorruptionError);
    expect(() => openBlock(block, short, place)).toThrow(CorruptionError);
  });

  it('that claims more than any block holds is refused before memory is asked for', () => {
    const block = encodeBlock('value', new Uint8Array(100), 1, 0, noCodec);
    new DataView(block.buffer).setUint32(12, MAX_RAW_BYTES + 1, true);
    const resealed = moveBlock(block, 1, 0);
    expect(() => checkBlock(resealed, 'value', pointerTo(block, 0), 1, 'run')).toThrow(CorruptionError);
  });
});
