import { describe, expect, it, vi } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { bytes, openOn } from '../testing/store.ts';
import { hashKey } from './key-hash.ts';
import type * as keyHash from './key-hash.ts';

type KeyHash = typeof keyHash;

vi.mock('./key-hash.ts', async (importOriginal) => {
  const original = await importOriginal<KeyHash>();
  return { ...original, hashKey: vi.fn(original.hashKey) };
});

describe('apply', () => {
  it('hashes its key once, for the look and for the write', async () => {
    const engine = await openOn(new CrashableFileSystem());
    const offered = { meta: Uint8Array.of(1), value: bytes('v') };
    for (let i = 0; i < 2; i++) {
      vi.mocked(hashKey).mockClear();
      await engine.apply(bytes('k'), offered, () => 'replace');
      expect(hashKey).toHaveBeenCalledTimes(1);
    }
    await engine.close();
  });
});
