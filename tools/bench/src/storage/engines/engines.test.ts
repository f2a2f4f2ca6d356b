import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillMissingKey, keyBytes, keyOf, shuffled } from '../keys.ts';
import { engineNames, type BenchEngine, type BenchScan } from './bench-engine.ts';
import { openEngine } from './open-engine.ts';

const MIB = 1024 * 1024;
const count = 1500;
const valueOf = (entry: number): Buffer => Buffer.alloc(100, `${entry};`);

async function countScan(scan: BenchScan): Promise<number> {
  let [entries, step] = [0, 0];
  while ((step = await scan.next()) > 0) entries += step;
  await scan.close();
  return entries;
}

async function fill(engine: BenchEngine): Promise<void> {
  const order = [...shuffled(count)];
  const batched = order.splice(0, 700).map((entry) => ({ key: keyOf(entry), value: valueOf(entry) }));
  await engine.batch(batched);
  const puts = order.map((entry) => engine.put(keyOf(entry), valueOf(entry)));
  await Promise.all(puts.filter((put) => put !== undefined));
}

async function expectAll(engine: BenchEngine): Promise<void> {
  const key = Buffer.alloc(keyBytes);
  for (let entry = 0; entry < count; entry += 7) {
    expect(Buffer.from(engine.get(keyOf(entry))!).equals(valueOf(entry))).toBe(true);
    fillMissingKey(key, entry);
    expect(engine.get(key)).toBeUndefined();
  }
  expect(await engine.getMany([keyOf(3), key, keyOf(5)])).toBe(2);
  expect(await engine.seek(keyOf(10), 10)).toBe(10);
  expect(await engine.seek(keyOf(count - 4), 10)).toBe(4);
  expect(await countScan(engine.scan(false))).toBe(count);
  expect(await countScan(engine.scan(true))).toBe(count);
}

/** Each adapter must do what the bench takes for granted, or figures are compared that are of different work. */
describe.each(engineNames)('%s', (name) => {
  it.each([true, false])('keeps what it was given, also when opened again (durable %s)', async (durable) => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-test-'));
    const options = { durable, valueBytes: 100, cacheBytes: 8 * MIB, writeBufferBytes: 4 * MIB };
    try {
      const engine = await openEngine(name, directory, options);
      await fill(engine);
      await engine.flush();
      await expectAll(engine);
      const returned = engine.get(keyOf(1))!;
      returned.fill(0);
      expect(Buffer.from(engine.get(keyOf(1))!).equals(valueOf(1))).toBe(true);
      await engine.compact();
      expect(engine.debt()).not.toBe('');
      await engine.close();

      const again = await openEngine(name, directory, options);
      await expectAll(again);
      await again.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
