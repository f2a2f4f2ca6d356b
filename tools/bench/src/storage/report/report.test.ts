import { describe, expect, it } from 'vitest';
import type { EngineName } from '../engines/bench-engine.ts';
import type { Sample } from '../run/campaign.ts';
import { alignColumns, formatDuration, formatNumber, formatSize } from './formatting.ts';
import { plotRatios } from './plot-ratios.ts';
import { computeRatios } from './ratios.ts';
import { makeReadmeTable } from './readme-table.ts';
import { makeRows } from './rows.ts';
import { makeReport } from './storage-report.ts';
import { judge, targets } from './targets.ts';

function sample(
  workload: string,
  engine: EngineName,
  round: number,
  opsPerSecond: number,
  more: { readonly valueBytes?: number; readonly figure?: number } = {},
): Sample {
  const { valueBytes = 100, ...figure } = more;
  const unknown = { p50Us: undefined, p99Us: undefined, writtenBytes: undefined };
  const reading = { ...unknown, highWaterRssBytes: undefined, eventLoopDelayP99Ms: undefined, peakRssBytes: 1 };
  const measurement = { ...reading, seconds: 1, operations: opsPerSecond, opsPerSecond, options: 'none', ...figure };
  return { workload, engine, valueBytes, round, measurement };
}

describe('ratios', () => {
  it('are the median over the rounds of the ratio within each', () => {
    // The machine was ten times slower in the third round: it must not matter.
    const samples = [
      ...[1000, 3000, 200].map((speed, round) => sample('get-hot', 'ours', round + 1, speed)),
      ...[500, 1000, 100].map((speed, round) => sample('get-hot', 'classic-level', round + 1, speed)),
    ];
    expect(computeRatios(samples)).toEqual([
      { workload: 'get-hot', valueBytes: 100, against: 'classic-level', ratio: 2 },
    ]);
  });

  it('take only rounds in which both were measured', () => {
    const samples = [
      sample('seek', 'ours', 1, 100),
      sample('seek', 'ours', 2, 900),
      sample('seek', 'better-sqlite3', 1, 400),
      sample('seek', 'lmdb', 3, 400),
    ];
    expect(computeRatios(samples)).toEqual([
      { workload: 'seek', valueBytes: 100, against: 'better-sqlite3', ratio: 0.25 },
    ]);
  });

  it('keep workloads and sizes apart, and are none without ours', () => {
    const samples = [
      sample('seek', 'ours', 1, 100),
      sample('seek', 'lmdb', 1, 50, { valueBytes: 1000 }),
      sample('batch', 'lmdb', 1, 50),
    ];
    expect(computeRatios(samples)).toEqual([]);
  });
});

describe('rows', () => {
  it('are medians, by size and in the order of the workloads', () => {
    const rows = makeRows([
      sample('get-hot', 'lmdb', 1, 7),
      ...[5, 1, 3].map((speed, round) => sample('get-hot', 'ours', round + 1, speed)),
      sample('batch', 'ours', 1, 9),
      sample('get-hot', 'ours', 1, 2, { valueBytes: 10 }),
    ]);
    expect(rows.map((row) => [row.valueBytes, row.workload, row.engine, row.opsPerSecond, row.rounds])).toEqual([
      [10, 'get-hot', 'ours', 2, 1],
      [100, 'batch', 'ours', 9, 1],
      [100, 'get-hot', 'ours', 3, 3],
      [100, 'get-hot', 'lmdb', 7, 1],
    ]);
  });
});

describe('targets', () => {
  it.each([
    [1, 'missed'],
    [1.2, 'must'],
    [2, 'aim'],
  ])('a ratio of %d is %s where 1.2 must be and 2 is aimed at', (ratio, reached) => {
    const found = judge([], [{ workload: 'put-buffered-64', valueBytes: 100, against: 'classic-level', ratio }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ measured: ratio, reached });
  });

  it('judge the worst of all sizes where none is named, the lower the better, of ours alone', () => {
    const rows = makeRows([
      sample('recovery', 'ours', 1, 1, { figure: 0.5 }),
      sample('recovery', 'ours', 1, 1, { figure: 2, valueBytes: 1000 }),
      sample('recovery', 'classic-level', 1, 1, { figure: 9 }),
    ]);
    expect(judge(rows, [])).toMatchObject([{ workload: 'recovery', measured: 2, reached: 'must' }]);
  });

  it('aim higher than they demand', () => {
    for (const { against, must, aim } of targets)
      expect(against === undefined ? must - aim : aim - must).toBeGreaterThan(0);
  });
});

describe('the text of a report', () => {
  it.each([
    [178_412, '178,000'],
    [6712, '6,710'],
    [12.345, '12.3'],
    [0.5234, '0.52'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('names sizes and durations with their units', () => {
    expect([100, 1000, 10_000].map(formatSize)).toEqual(['100 B', '1 kB', '10 kB']);
    expect([0.85, 3.2, 14_100].map(formatDuration)).toEqual(['850 ns', '3.2 µs', '14.1 ms']);
  });

  it('has its numbers under each other', () => {
    expect(
      alignColumns(
        [
          ['a', '1'],
          ['bcd', '100'],
        ],
        1,
      ),
    ).toEqual(['a      1', 'bcd  100']);
  });
});

describe('the plot', () => {
  it('puts ratios at logarithmic distances and keeps all of them on the page', () => {
    const ratios = [0.001, 1, 2, 4, 1000].map((ratio, index) => {
      return { workload: `w${index}`, valueBytes: 100, against: 'lmdb' as const, ratio };
    });
    const svg = plotRatios(ratios);
    const at = [...svg.matchAll(/<circle class="lmdb" cx="([\d.]+)" cy="[\d.]+" r="5"><title>/g)].map(([, x]) =>
      Number(x),
    );
    expect(at).toHaveLength(5);
    expect(at[3]! - at[2]!).toBeCloseTo(at[2]! - at[1]!, 0);
    const width = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]);
    for (const x of at) expect(x > 0 && x < width).toBe(true);
    expect(svg.match(/<text/g)?.length).toBe(svg.match(/<\/text>/g)?.length);
  });
});

describe('the table of the README', () => {
  it('has the speeds side by side, and the version and options of each engine for the largest values', () => {
    const options = (engine: EngineName, workload: string, valueBytes: number, text: string): Sample => {
      const one = sample(workload, engine, 1, 1234, { valueBytes });
      return { ...one, measurement: { ...one.measurement, options: text } };
    };
    const samples = [
      options('ours', 'get-hot', 100, 'small'),
      options('ours', 'get-hot', 1000, 'all in cache'),
      options('ours', 'seek', 1000, 'not typical'),
      options('lmdb', 'get-hot', 1000, 'a memory map'),
    ];
    const platform = { node: '20', system: 'linux', cpu: 'one', cores: 2, memoryBytes: 2 ** 30, folder: '/x' };
    const fileSystem = { type: 'ext4', inMemory: false, freeBytes: 1 };
    const ceiling = { fdatasyncMs: 1, writeMBs: 1, read16kUs: 1 };
    const facts = { quick: false, startedAt: '2026-01-02T03:04', seconds: 1, refused: [] };
    const versions = { ours: '0.1.0', lmdb: '3.4.5' };
    const about = { ...facts, versions, platform: { ...platform, fileSystem, ceiling } };
    const table = makeReadmeTable(makeReport(about, { samples, leftOut: 0, failures: [] })).split('\n');
    expect(table).toContain('| get-hot  |   1 kB | 1,230 | 1,230 |');
    expect(table).toContain('| seek     |   1 kB | 1,230 |       |');
    expect(table.slice(-2)).toEqual([
      '- ours 0.1.0 at 1 kB: `get-hot` all in cache',
      '- lmdb 3.4.5 at 1 kB: `get-hot` a memory map',
    ]);
  });
});
