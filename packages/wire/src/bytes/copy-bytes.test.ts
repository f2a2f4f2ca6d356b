import { describe, expect, it } from 'vitest';
import { copyBytes } from './copy-bytes.ts';

describe('copyBytes', () => {
  it('gives plain bytes that share no memory with a Buffer', () => {
    const buffer = Buffer.from('key');
    const copy = copyBytes(buffer.subarray(1));
    buffer.fill(0);
    expect(copy).toEqual(Uint8Array.from([0x65, 0x79]));
    expect(Buffer.isBuffer(copy)).toBe(false);
  });
});
