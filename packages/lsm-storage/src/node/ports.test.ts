import { describe, expect, it } from 'vitest';
import { codecContract, jobsContract } from '../contract/index.ts';
import { inlineJobs, noCodec } from '../core/index.ts';
import { ZstdCodec } from './zstd-codec.ts';

jobsContract({ describe, it, expect }, () => ({ subject: inlineJobs }));
codecContract({ describe, it, expect }, () => ({ subject: noCodec }));
codecContract({ describe, it, expect }, () => ({ subject: new ZstdCodec() }));

describe('zstd codec', () => {
  it('compresses what can be compressed', () => {
    expect(new ZstdCodec().compress(new Uint8Array(100_000).fill(7)).length).toBeLessThan(100);
  });

  it('refuses damaged bytes, and bytes for more room than it was told of', () => {
    const codec = new ZstdCodec();
    const compressed = codec.compress(new Uint8Array(10_000).fill(7));
    const raw = new Uint8Array(10_000);
    expect(() => codec.decompress(compressed.subarray(0, -1), raw)).toThrow();
    expect(() => codec.decompress(compressed, raw.subarray(1))).toThrow();
    expect(() => codec.decompress(new Uint8Array(20), raw)).toThrow();
    expect(codec.decompress(compressed, raw)).toBe(10_000);
  });
});
