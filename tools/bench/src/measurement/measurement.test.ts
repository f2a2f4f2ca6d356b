import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allocatedBytes, listFiles } from './directory.ts';
import { mountType } from './file-system.ts';
import { median } from './median.ts';
import { Meter } from './meter.ts';

describe('a median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([])).toBeUndefined();
  });
});

describe('the file system of a path', () => {
  const mounts = [
    '/dev/vda / ext4 rw 0 0',
    'tmpfs /tmp tmpfs rw 0 0',
    '/dev/vdb /tmp/with\\040space xfs rw 0 0',
    '/dev/vdc /data btrfs rw 0 0',
    'tmpfs /data tmpfs rw 0 0',
  ].join('\n');

  it.each([
    ['/home/me', 'ext4'],
    ['/tmp', 'tmpfs'],
    ['/tmp/below', 'tmpfs'],
    ['/tmpfoo', 'ext4'],
    ['/tmp/with space/below', 'xfs'],
    ['/data/mounted-over', 'tmpfs'],
  ])('%s is %s', (path, type) => {
    expect(mountType(path, mounts)).toBe(type);
  });

  it('is unknown where the kernel keeps no list', () => {
    expect(mountType('/home', '')).toBeUndefined();
  });
});

describe('a directory', () => {
  it('takes what its files have allocated, not how long they are', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-test-'));
    try {
      writeFileSync(join(directory, 'full'), Buffer.alloc(64 * 1024, 1));
      writeFileSync(join(directory, 'sparse'), '');
      truncateSync(join(directory, 'sparse'), 1024 ** 3);
      expect(listFiles(directory)).toHaveLength(2);
      expect(allocatedBytes(directory)).toBeLessThan(1024 ** 2);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('a meter', () => {
  it('reads off operations per second, percentiles and memory', async () => {
    const meter = Meter.start();
    for (let ms = 1; ms <= 100; ms++) meter.latency.record(ms * 1e6);
    await new Promise((resolve) => setImmediate(resolve));
    const reading = meter.stop(100);
    expect(reading.opsPerSecond).toBeCloseTo(100 / reading.seconds);
    expect(reading.p50Us! / 50_000).toBeCloseTo(1, 1);
    expect(reading.p99Us! / 99_000).toBeCloseTo(1, 1);
    expect(reading.peakRssBytes).toBeGreaterThan(10 * 1024 * 1024);
  });
});
