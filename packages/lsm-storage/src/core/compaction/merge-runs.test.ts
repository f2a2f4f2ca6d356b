import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/index.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { BlockCache } from '../cache/block-cache.ts';
import { runFileName, valueFileName } from '../file-names.ts';
import type { JobPorts } from '../jobs/flush.ts';
import type { CompactionJob, Disposal } from '../jobs/job.ts';
import type { Codec } from '../ports/codec.ts';
import type { AddedRun, RunDescription, ValueFileDescription } from '../ports/manifest.ts';
import { RunScanner } from '../sorted-run/run-scanner.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import { ValueFile } from '../value-file/value-file.ts';
import { mergeRuns } from './merge-runs.ts';

interface Content {
  /** `undefined`: a plain tombstone. */
  readonly entries: Readonly<Record<string, string | undefined>>;
  readonly ranges?: readonly (readonly [from: string, to: string | undefined])[];
}

/** zstd that counts what it is asked to do. */
class CountingCodec implements Codec {
  readonly id = 1;
  handled = 0;
  readonly #zstd: ZstdCodec = new ZstdCodec();

  compress(raw: Uint8Array): Uint8Array {
    this.handled += raw.length;
    return this.#zstd.compress(raw);
  }

  decompress(stored: Uint8Array, into: Uint8Array): number {
    this.handled += into.length;
    return this.#zstd.decompress(stored, into);
  }
}

const NONE = new Uint8Array(0);
const SEPARATE = 1000;
const large = (letter: string): string => letter.repeat(10 * SEPARATE);
const RETAINING: Disposal = { oldest: false, now: 0, purge: { versionAt: { offset: 0, length: 0 }, rules: [] } };

class Bench {
  readonly disk: CrashableFileSystem = new CrashableFileSystem();
  readonly codec: CountingCodec = new CountingCodec();
  readonly paced: number[] = [];
  cancelled = false;
  #number = 1;
  readonly #values: Map<number, ValueFileDescription> = new Map();

  get ports(): JobPorts {
    const pace = async (done: number): Promise<void> => void this.paced.push(done);
    return { fileSystem: this.disk, codec: this.codec, control: { cancelled: () => this.cancelled }, pace };
  }

  plan(): CompactionJob['plan'] {
    const [run, valueFile] = [this.#number++, this.#number++];
    return { run, valueFile, blockBytes: 256, separateBytes: SEPARATE, firstSequence: 1, lastSequence: 9 };
  }

  async run({ entries, ranges = [] }: Content): Promise<RunDescription> {
    const added = await writeRun(this.disk, this.codec, this.plan(), async (writer) => {
      for (const [key, value] of Object.entries(entries).sort(([left], [right]) => (left < right ? -1 : 1))) {
        const held = value === undefined ? undefined : bytes(value);
        writer.add({ key: bytes(key), meta: NONE, deadline: 0, value: held });
      }
      for (const [from, to] of ranges) {
        writer.addRange({ from: bytes(from), to: to === undefined ? undefined : bytes(to) });
      }
    });
    return this.#named(added as AddedRun);
  }

  async merge(
    inputs: readonly RunDescription[],
    disposal: Partial<Disposal> = {},
    relocate: readonly number[] = [],
  ): Promise<RunDescription | undefined> {
    const relocated = relocate.map((file) => this.#values.get(file) as ValueFileDescription);
    const plan = this.plan();
    const job: CompactionJob = {
      kind: 'compaction',
      inputs,
      relocated,
      plan,
      disposal: { ...RETAINING, ...disposal },
      bytesPerSecond: 0,
    };
    const added = await mergeRuns(job, this.ports);
    return added === undefined ? undefined : this.#named(added);
  }

  /** What a run says; tombstones as "gone", ranges by their ends. */
  async read(run: RunDescription): Promise<{ entries: Record<string, string>; ranges: (string | undefined)[][] }> {
    const scanner = await RunScanner.open(this.disk, this.codec, run.number, run);
    const entries: Record<string, string> = {};
    for (;;) {
      if (scanner.wanting) await scanner.supply();
      const { current } = scanner;
      if (current === undefined) break;
      const { key, value } = current;
      if (value === undefined) entries[text(key)] = 'gone';
      else if (value instanceof Uint8Array) entries[text(key)] = text(value);
      else {
        const described = this.#values.get(value.file) as ValueFileDescription;
        const file = await ValueFile.open(this.disk, described, this.codec, new BlockCache(0));
        entries[text(key)] = text(file.read(value, 'disk'));
        await file.close();
      }
      scanner.advance();
    }
    const ranges = scanner.ranges.map(({ from, to }) => [text(from), to === undefined ? undefined : text(to)]);
    await scanner.close();
    return { entries, ranges };
  }

  #named({ run, valueFile }: AddedRun): RunDescription {
    if (valueFile !== undefined) this.#values.set(valueFile.number, valueFile);
    return run;
  }
}

describe('merge runs', () => {
  it('keeps the newest entry of each key', async () => {
    const bench = new Bench();
    const old = await bench.run({ entries: { a: 'old', b: 'old', c: 'old' } });
    const middle = await bench.run({ entries: { b: 'middle', c: 'middle', d: 'middle' } });
    const newest = await bench.run({ entries: { c: 'newest', e: 'newest' } });
    const merged = await bench.merge([newest, middle, old]);
    expect((await bench.read(merged!)).entries).toEqual({
      a: 'old',
      b: 'middle',
      c: 'newest',
      d: 'middle',
      e: 'newest',
    });
  });

  it('keeps tombstones and ranges, unless nothing older is left that they could hide', async () => {
    const bench = new Bench();
    const old = await bench.run({ entries: { a: 'old', b: 'old', m: 'old' } });
    const newest = await bench.run({ entries: { a: undefined, n: 'new', x: undefined }, ranges: [['m', 'p']] });
    expect(await bench.read((await bench.merge([newest, old]))!)).toEqual({
      entries: { a: 'gone', b: 'old', n: 'new', x: 'gone' },
      ranges: [['m', 'p']],
    });
    expect(await bench.read((await bench.merge([newest, old], { oldest: true }))!)).toEqual({
      entries: { b: 'old', n: 'new' },
      ranges: [],
    });
    const emptied = await bench.run({ entries: { a: undefined }, ranges: [['', undefined]] });
    expect(await bench.merge([emptied, old], { oldest: true })).toBeUndefined();
    expect((await bench.disk.list('')).filter((name) => name.endsWith('.run'))).toHaveLength(5);
  });

  it('is as if each run had been laid over the older ones, for any runs', async () => {
    const key = fc.stringMatching(/^[a-d]{1,2}$/);
    const content = fc.record({
      entries: fc.dictionary(key, fc.option(fc.constantFrom('v', 'w'.repeat(SEPARATE)), { nil: undefined })),
      cuts: fc.uniqueArray(key, { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 4 }), fc.boolean(), async (drawn, oldest) => {
        const bench = new Bench();
        const inputs: RunDescription[] = [];
        const expected = new Map<string, string>();
        const covered: (readonly [string, string | undefined])[] = [];
        for (const { entries, cuts } of drawn) {
          const sorted = [...cuts].sort();
          const ranges = sorted.flatMap((from, i) => (i % 2 === 0 ? [[from, sorted[i + 1]] as const] : []));
          if (Object.keys(entries).length === 0 && ranges.length === 0) continue;
          inputs.unshift(await bench.run({ entries, ranges }));
          covered.push(...ranges);
          for (const each of expected.keys()) {
            if (ranges.some(([from, to]) => each >= from && (to === undefined || each < to))) expected.delete(each);
          }
          for (const [each, value] of Object.entries(entries)) expected.set(each, value ?? 'gone');
        }
        if (inputs.length === 0) return;
        if (oldest) for (const [each, value] of expected) if (value === 'gone') expected.delete(each);
        const merged = await bench.merge(inputs, { oldest });
        const found = merged === undefined ? { entries: {}, ranges: [] } : await bench.read(merged);
        expect(found.entries).toEqual(Object.fromEntries(expected));
        for (const name of ['', 'a', 'ab', 'b', 'bd', 'c', 'd', 'dd', 'e']) {
          const within = ([from, to]: readonly (string | undefined)[]): boolean => {
            return name >= (from as string) && (to === undefined || name < to);
          };
          expect(found.ranges.some(within)).toBe(!oldest && covered.some(within));
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('leaves values that are kept apart where they are, and does not look into them', async () => {
    const bench = new Bench();
    const old = await bench.run({ entries: { a: large('a'), b: large('b'), small: 's' } });
    const newest = await bench.run({ entries: { b: large('B'), c: large('c') } });
    bench.codec.handled = 0;
    let readValues = 0;
    bench.disk.observe(({ operation, path }) => {
      return void (readValues += operation === 'read' && path.endsWith('.values') ? 1 : 0);
    });
    const merged = await bench.merge([newest, old]);
    expect(bench.codec.handled).toBeLessThan(2000);
    expect(readValues).toBe(0);
    expect(merged?.references.map(({ file, values }) => [file, values])).toEqual([
      [2, 1],
      [4, 2],
    ]);
    const expected = { a: large('a'), b: large('B'), c: large('c'), small: 's' };
    expect((await bench.read(merged!)).entries).toEqual(expected);
  });

  it('moves values out of the files it is told to, as they are stored', async () => {
    const bench = new Bench();
    const old = await bench.run({ entries: { a: large('a'), b: large('b') } });
    const newest = await bench.run({ entries: { b: large('B') } });
    bench.codec.handled = 0;
    const merged = await bench.merge([newest, old], {}, [2]);
    expect(bench.codec.handled).toBeLessThan(2000);
    expect(merged?.references.map(({ file, values }) => [file, values])).toEqual([
      [4, 1],
      [6, 1],
    ]);
    await bench.disk.remove(valueFileName(2));
    expect((await bench.read(merged!)).entries).toEqual({ a: large('a'), b: large('B') });
  });

  it('never carries damage over: a changed byte stops it, and leaves no file', async () => {
    for (const path of [runFileName(1), valueFileName(2)]) {
      const bench = new Bench();
      const run = await bench.run({ entries: { a: large('a'), b: large('b') } });
      const before = await bench.disk.list('');
      const file = bench.disk.contents(path);
      file[60] = (file[60] as number) ^ 1;
      bench.disk.place(path, file);
      expect(await bench.merge([run], {}, [2]).catch((error: unknown) => error)).toMatchObject({
        code: 'CORRUPTION',
        file: path,
      });
      expect(await bench.disk.list('')).toEqual(before);
    }
  });

  it('is given up when cancelled, and leaves no file', async () => {
    const bench = new Bench();
    const many = Array.from({ length: 5000 }, (_, i) => [`key${10_000 + i}`, `${i}`.repeat(100)] as const);
    const run = await bench.run({ entries: Object.fromEntries(many) });
    const before = await bench.disk.list('');
    bench.cancelled = true;
    expect(await codeOf(() => bench.merge([run]))).toBe('CLOSED');
    expect(await bench.disk.list('')).toEqual(before);
  });

  it('tells what it has done while it works, so that it can be slowed down', async () => {
    const bench = new Bench();
    const noise = Array.from(
      { length: 20_000 },
      (_, i) =>
        [`${Math.imul(i, 2654435761) >>> 0}`.padStart(10, '0'), `${Math.imul(i, 40503) >>> 0}`.repeat(9)] as const,
    );
    const run = await bench.run({ entries: Object.fromEntries(noise) });
    const merged = await bench.merge([run]);
    expect(bench.paced.length).toBeGreaterThan(1);
    const told = bench.paced.reduce((sum, each) => sum + each, 0);
    expect(told).toBeGreaterThan(merged!.bytes);
    expect(told).toBeLessThanOrEqual(2 * merged!.bytes);
  });
});
