import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadValues, openValues, type Values, writeValuePool } from './value-pool.ts';

describe.each([100, 1000, 10_000])('the pool of values of %i bytes', (valueBytes) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  const path = join(folder, 'pool');
  let values: Values;

  beforeAll(() => {
    writeValuePool(path, valueBytes);
    values = loadValues(path, valueBytes);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const many = (): Buffer =>
    Buffer.concat(Array.from({ length: Math.ceil(400_000 / valueBytes) }, (_, number) => values.value(number)));

  it('is at least 64 MiB', () => {
    expect(statSync(path).size).toBeGreaterThanOrEqual(64 * 1024 * 1024);
  });

  it('compresses to about half', () => {
    const bytes = many();
    const share = deflateRawSync(bytes).length / bytes.length;
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(0.58);
  });

  it('has values whose first half cannot be compressed and whose rest is text', () => {
    const halves = Array.from({ length: 50_000 / valueBytes }, (_, number) =>
      values.value(number).subarray(0, valueBytes / 2),
    );
    const random = Buffer.concat(halves);
    expect(deflateRawSync(random).length).toBeGreaterThan(random.length * 0.99);
    expect(
      values
        .value(3)
        .subarray(valueBytes / 2)
        .toString(),
    ).toMatch(/^the quick brown fox/);
  });

  it('gives the same bytes for the same number, from memory and from the file', () => {
    const opened = openValues(path, valueBytes);
    for (const number of [0, 1, 12_345, 9_999_999]) {
      expect(values.value(number)).toHaveLength(valueBytes);
      expect(opened.value(number).equals(values.value(number))).toBe(true);
    }
    expect(values.value(0).equals(values.value(1))).toBe(false);
  });
});
