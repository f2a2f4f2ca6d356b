import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/index.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { runFileName } from '../file-names.ts';
import type { Codec } from '../ports/codec.ts';
import type { RunDescription, RunPages } from '../ports/manifest.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import { SortedRun } from '../sorted-run/sorted-run.ts';
import { mergeRuns } from './merge-runs.ts';

type Content = Readonly<Record<string, string | undefined>>;

/** zstd that counts what it is asked to do. */
class CountingCodec implements Codec {
  readonly id = 1;
  compressed = 0;
  decompressed = 0;
  readonly #zstd = new ZstdCodec();

  compress(raw: Uint8Array): Uint8Array {
    this.compressed += raw.length;
    return this.#zstd.compress(raw);
  }

  decompress(stored: Uint8Array, rawLength: number): Uint8Array {
    this.decompressed += rawLength;
    return this.#zstd.decompress(stored, rawLength);
  }
}

const large = (letter: string): string => letter.repeat(10_000);

class Bench {
  readonly disk = new CrashableFileSystem();
  readonly codec = new CountingCodec();
  readonly #pages = new Map<number, RunPages>();
  #number = 1;

  async run(content: Content): Promise<SortedRun> {
    const plan = { number: this.#number++, blockBytes: 16_384, firstSequence: 1, lastSequence: 2 };
    const added = await writeRun(this.disk, this.codec, plan, async (writer) => {
      for (const [key, value] of Object.entries(content)) {
        writer.add(bytes(key), bytes('meta'), value === undefined ? undefined : bytes(value));
      }
    });
    this.#pages.set(plan.number, added!.pages);
    return this.reopen(added!.run);
  }

  reopen(run: RunDescription): Promise<SortedRun> {
    return SortedRun.open(this.disk, run, this.#pages.get(run.number)!, this.codec);
  }

  /** The contents of the merged run; tombstones read as "gone". `undefined` when there is none. */
  async merge(inputs: readonly SortedRun[], dropTombstones: boolean): Promise<Record<string, string> | undefined> {
    const plan = { number: this.#number++, blockBytes: 16_384, firstSequence: 1, lastSequence: 9, dropTombstones };
    const added = await mergeRuns(this.disk, this.codec, inputs, plan, () => false);
    if (added === undefined) return undefined;
    const run = await SortedRun.open(this.disk, added.run, added.pages, this.codec);
    const entries = (await Promise.all(Array.from({ length: run.index.blocks }, (_, i) => run.readEntries(i)))).flat();
    return Object.fromEntries(
      entries.map(({ key, value }) => {
        const content = value === undefined || value instanceof Uint8Array ? value : run.readValueSync(value);
        return [text(key), content === undefined ? 'gone' : text(content)];
      }),
    );
  }
}

describe('merge runs', () => {
  it('keeps the newest entry of each key', async () => {
    const bench = new Bench();
    const old = await bench.run({ a: 'old', b: 'old', c: 'old' });
    const middle = await bench.run({ b: 'middle', c: 'middle', d: 'middle' });
    const newest = await bench.run({ c: 'newest', e: 'newest' });
    const merged = await bench.merge([newest, middle, old], false);
    expect(merged).toEqual({ a: 'old', b: 'middle', c: 'newest', d: 'middle', e: 'newest' });
  });

  it('keeps tombstones, unless told that nothing older is left to hide', async () => {
    const bench = new Bench();
    const old = await bench.run({ a: 'old', b: 'old' });
    const newest = await bench.run({ a: undefined, x: undefined });
    expect(await bench.merge([newest, old], false)).toEqual({ a: 'gone', b: 'old', x: 'gone' });
    expect(await bench.merge([newest, old], true)).toEqual({ b: 'old' });
    expect(await bench.merge([newest], true)).toBeUndefined();
  });

  it('copies values in blocks of their own without opening them', async () => {
    const bench = new Bench();
    const old = await bench.run({ a: large('a'), b: large('b'), small: 's' });
    const newest = await bench.run({ b: large('B'), c: large('c') });
    bench.codec.compressed = 0;
    const decompressedBefore = bench.codec.decompressed;
    const plan = { number: 90, blockBytes: 16_384, firstSequence: 1, lastSequence: 9, dropTombstones: false };
    const added = await mergeRuns(bench.disk, bench.codec, [newest, old], plan, () => false);
    expect(bench.codec.decompressed - decompressedBefore).toBeLessThan(1000);
    expect(bench.codec.compressed).toBeLessThan(1000);
    const run = await SortedRun.open(bench.disk, added!.run, added!.pages, bench.codec);
    for (const [key, value] of [
      ['a', large('a')],
      ['b', large('B')],
      ['c', large('c')],
    ] as const) {
      const found = run.find(bytes(key))!.value;
      expect(found instanceof Uint8Array).toBe(false);
      expect(text(run.readValueSync(found as never)) === value).toBe(true);
    }
  });

  it('does not read values that were replaced', async () => {
    const bench = new Bench();
    const old = await bench.run(
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [String(100 + i), large('o')])),
    );
    const newest = await bench.run(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [String(100 + i), 'new'])));
    let read = 0;
    bench.disk.observe((call) => {
      if (call.operation === 'read' && call.path === runFileName(1)) read += call.bytes ?? 0;
      return undefined;
    });
    expect(Object.keys((await bench.merge([newest, old], true))!)).toHaveLength(200);
    expect(read).toBeLessThan(20_000);
  });

  it('never carries damage over: a changed byte of a copied value stops the merge', async () => {
    const bench = new Bench();
    const run = await bench.run({ a: large('a'), b: large('b') });
    const file = bench.disk.contents(runFileName(1));
    file[60] = (file[60] as number) ^ 1;
    bench.disk.place(runFileName(1), file);
    const reopened = await bench.reopen(run.description);
    expect(await codeOf(() => bench.merge([reopened], true))).toBe('CORRUPTION');
    expect(await bench.disk.list('')).toEqual([runFileName(1)]);
  });

  it('is given up when cancelled, and leaves no file', async () => {
    const bench = new Bench();
    const run = await bench.run({ a: 'a', b: 'b' });
    const plan = { number: 9, blockBytes: 16_384, firstSequence: 1, lastSequence: 9, dropTombstones: false };
    let asked = 0;
    const merging = mergeRuns(bench.disk, bench.codec, [run], plan, () => ++asked > 1);
    expect(await codeOf(() => merging)).toBe('CLOSED');
    expect(await bench.disk.list('')).toEqual([runFileName(1)]);
  });
});
