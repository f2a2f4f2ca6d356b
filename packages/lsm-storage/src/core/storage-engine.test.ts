import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { bytes, contentsOf, openOn, text } from '../testing/store.ts';

describe('smoke', () => {
  it('works', async () => {
    const disk = new CrashableFileSystem();
    let engine = await openOn(disk, { memtableBytes: 8192, blockBytes: 256 });
    for (let i = 0; i < 500; i++) {
      await engine.put(bytes(`k${i % 100}`), bytes(`v${i}`.repeat(i % 40)));
    }
    await engine.compact();
    await engine.close();
    engine = await openOn(disk, { memtableBytes: 8192, blockBytes: 256 });
    const c = contentsOf(engine);
    expect(c.size).toBe(100);
    expect(c.get('k7')).toBe('v407'.repeat(407 % 40));
    expect(text(engine.get(bytes('k99'))!.value)).toBe('v499'.repeat(499 % 40));
    await engine.close();
  });
});
