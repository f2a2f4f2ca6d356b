/**
 * The engine against a sorted map: whatever mix of writes, reads, flushes, compactions and reopenings it is given, it
 * answers as the map does. Options are drawn as well, down to sizes at which every block, group and tier is tiny.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { ZstdCodec } from '../node/index.ts';
import { bytes, openOn, text } from '../testing/store.ts';
import type { StoreOverrides } from '../testing/store.ts';
import type { Decide, ScanRange } from './entry.ts';
import type { StorageOptions } from './options.ts';
import { noCodec } from './ports/codec.ts';
import type { StorageEngine } from './storage-engine.ts';

type Model = Map<string, { readonly meta: string; readonly value: string }>;

const key = fc.stringMatching(/^[ab]{0,3}$/);
const value = fc.oneof(
  fc.stringMatching(/^[x-z]{0,8}$/),
  fc.nat(400).map((length) => 'large'.repeat(length).slice(0, length)),
);
const bound = fc.option(key, { nil: undefined });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, value }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('apply' as const), key, value, version: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('scan' as const),
      bounds: fc.record({ gte: bound, gt: bound, lte: bound, lt: bound }),
      reverse: fc.boolean(),
      limit: fc.option(fc.nat(5), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'compact' as const, 'reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const options = fc.record({
  memtableBytes: fc.constantFrom(1024, 4096, 1 << 20),
  segmentBytes: fc.constantFrom(1024, 1 << 20),
  blockBytes: fc.constantFrom(64, 512, 16_384),
  compactionFan: fc.constantFrom(2, 4),
});
const codec = fc.constantFrom(noCodec, new ZstdCodec());

const highest: Decide = (current, incoming) => {
  return current !== undefined && text(current) >= text(incoming) ? 'keep' : 'replace';
};

class Pair {
  readonly #disk = new CrashableFileSystem();
  readonly #options: StorageOptions;
  readonly #overrides: StoreOverrides;
  readonly #model: Model = new Map();
  #engine: StorageEngine | undefined;

  constructor(drawn: StorageOptions, overrides: StoreOverrides) {
    this.#options = drawn;
    this.#overrides = overrides;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) await this.#step(each, await this.#open());
    const engine = await this.#open();
    this.#expectScan(engine, {});
    for (const each of this.#model.keys()) this.#expectGet(engine, each);
    await engine.close();
  }

  async #open(): Promise<StorageEngine> {
    this.#engine ??= await openOn(this.#disk, this.#options, this.#overrides);
    return this.#engine;
  }

  async #step(each: Step, engine: StorageEngine): Promise<void> {
    if (each.do === 'put') {
      await engine.put(bytes(each.key), bytes(each.value));
      this.#model.set(each.key, { meta: '', value: each.value });
    } else if (each.do === 'apply') await this.#apply(engine, each.key, String(each.version), each.value);
    else if (each.do === 'delete') {
      await engine.delete(bytes(each.key));
      this.#model.delete(each.key);
    } else if (each.do === 'get') this.#expectGet(engine, each.key);
    else if (each.do === 'scan') this.#expectScan(engine, rangeOf(each));
    else if (each.do === 'reopen') {
      await engine.close();
      this.#engine = undefined;
    } else await engine[each.do]();
  }

  async #apply(engine: StorageEngine, at: string, version: string, content: string): Promise<void> {
    const held = this.#model.get(at);
    const keeps = held !== undefined && held.meta >= version;
    if (!keeps) this.#model.set(at, { meta: version, value: content });
    const applied = await engine.apply(bytes(at), bytes(version), bytes(content), highest);
    const expected = keeps ? { outcome: 'kept', meta: held.meta } : { outcome: 'replaced', meta: version };
    expect({ outcome: applied.outcome, meta: text(applied.meta) }).toEqual(expected);
  }

  #expectGet(engine: StorageEngine, at: string): void {
    const found = engine.get(bytes(at));
    const got = found === undefined ? undefined : { meta: text(found.meta), value: text(found.value) };
    expect(got).toEqual(this.#model.get(at));
    const meta = engine.getMeta(bytes(at));
    expect(meta === undefined ? undefined : text(meta)).toEqual(this.#model.get(at)?.meta);
  }

  #expectScan(engine: StorageEngine, range: ScanRange): void {
    const scanned = [...engine.scan(range)].map((entry) => [text(entry.key), text(entry.meta), text(entry.value)]);
    const expected = modelScan(this.#model, range).map(([at, held]) => [at, held.meta, held.value]);
    expect(scanned).toEqual(expected);
    const metas = [...engine.scanMeta(range)].map((entry) => [text(entry.key), text(entry.meta)]);
    expect(metas).toEqual(expected.map(([at, meta]) => [at, meta]));
  }
}

function rangeOf(each: Step & { do: 'scan' }): ScanRange {
  const bounds = Object.entries(each.bounds).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const limit = each.limit === undefined ? {} : { limit: each.limit };
  return { ...Object.fromEntries(bounds.map(([name, at]) => [name, bytes(at)])), reverse: each.reverse, ...limit };
}

function modelScan(model: Model, range: ScanRange): [string, { meta: string; value: string }][] {
  const low = range.gt ?? range.gte;
  const high = range.lt ?? range.lte;
  const entries = [...model].sort(([left], [right]) => (left < right ? -1 : 1));
  const inside = entries.filter(([at]) => {
    const aboveLow = low === undefined || (range.gt === undefined ? at >= text(low) : at > text(low));
    const belowHigh = high === undefined || (range.lt === undefined ? at <= text(high) : at < text(high));
    return aboveLow && belowHigh;
  });
  return (range.reverse === true ? inside.reverse() : inside).slice(0, range.limit);
}

describe('the engine and a sorted map', () => {
  it('cannot be told apart', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), options, codec, async (steps, drawn, used) => {
        await new Pair(drawn, { codec: used }).run(steps);
      }),
      { numRuns: 150 },
    );
  });

  it('hold the same under bursts of unawaited writes', async () => {
    const write = fc.tuple(key, fc.option(value, { nil: undefined }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(write, { maxLength: 30 }), { maxLength: 8 }),
        options,
        async (bursts, drawn) => {
          const engine = await openOn(new CrashableFileSystem(), drawn);
          const model = new Map<string, string>();
          for (const burst of bursts) {
            const writes = burst.map(([at, content]) => {
              if (content === undefined) model.delete(at);
              else model.set(at, content);
              return content === undefined ? engine.delete(bytes(at)) : engine.put(bytes(at), bytes(content));
            });
            await Promise.all(writes);
            const scanned = [...engine.scan()].map((entry) => [text(entry.key), text(entry.value)]);
            expect(scanned).toEqual([...model].sort(([left], [right]) => (left < right ? -1 : 1)));
          }
          await engine.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
