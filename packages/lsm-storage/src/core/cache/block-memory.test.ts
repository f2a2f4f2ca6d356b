import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../../contract/index.ts';
import { bytes, openOn, turns } from '../../testing/store.ts';
import { BlockMemory } from './block-memory.ts';

describe('memory of blocks', () => {
  it('is large enough, and at most an eighth larger', () => {
    const memory = new BlockMemory(0);
    for (let length = 512; length <= 65_536; length += 17) {
      const taken = memory.take(length);
      expect(taken.length).toBeGreaterThanOrEqual(length);
      expect(taken.length).toBeLessThanOrEqual(length * 1.125 + 1);
    }
    expect(memory.take(65_537).length).toBe(65_537);
  });

  it("is no one else's, though it is cut from one piece", () => {
    const memory = new BlockMemory(1_000_000);
    const taken = Array.from({ length: 40 }, () => memory.take(5000));
    for (const [i, bytes] of taken.entries()) bytes.fill(i);
    for (const [i, bytes] of taken.entries()) expect(bytes.every((byte) => byte === i)).toBe(true);
    expect(new Set(taken.map((bytes) => bytes.buffer)).size).toBe(4);
  });

  it('is used again for what is about as long, as much of it as may be kept', () => {
    const memory = new BlockMemory(2 * 65_536);
    const taken = [60_000, 60_001, 61_000].map((length) => memory.take(length));
    for (const each of taken) memory.give(each);
    const again = [60_005, 61_000, 60_001].map((length) => memory.take(length));
    expect(again.filter((each) => taken.includes(each))).toHaveLength(2);
    expect(new Set(again).size).toBe(3);
  });

  it('is never used again while a reader may look at it', async () => {
    const random = seededRandom(3);
    const engine = await openOn(new CrashableFileSystem(), { separateBytes: 600, cacheBytes: 64 * 1024 });
    const values = Array.from({ length: 300 }, (_, i) => new Uint8Array(600 + (i % 7) * 200).fill(i));
    for (const [i, value] of values.entries()) await engine.put(bytes(`k${i}`), value);
    await engine.flush();
    const drawn = Array.from({ length: 4000 }, () => Math.floor(random() * random() * values.length));
    const kept: [number, Uint8Array][] = [];
    const waiting: Promise<void>[] = [];
    for (const [at, i] of drawn.entries()) {
      if (at % 5 === 0) {
        waiting.push(Promise.resolve(engine.get(bytes(`k${i}`))).then((value) => void kept.push([i, value!])));
      } else kept.push([i, engine.getSync(bytes(`k${i}`))!]);
      if (at % 50 === 0) await turns();
    }
    await Promise.all(waiting);
    for (const [i, value] of kept) expect(Buffer.compare(value, values[i]!), `k${i}`).toBe(0);
    const { cacheHits, cacheMisses, cacheBytes } = engine.stats();
    expect(Math.min(cacheHits, cacheMisses)).toBeGreaterThan(1000);
    expect(cacheBytes).toBeGreaterThan(40_000);
    await engine.close();
  });
});
