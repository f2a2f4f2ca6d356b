/** The steps that a store and its model are taken through, drawn so that everything happens often and in any mix. */

import fc from 'fast-check';
import type { StorageOptions } from '../core/index.ts';
import type { IteratorOptions } from '../core/read/storage-iterator.ts';
import { raw } from './model-store.ts';
import type { ModelWrite } from './model-store.ts';

export type Step =
  | { readonly do: 'write'; readonly writes: readonly ModelWrite[] }
  | {
      readonly do: 'apply';
      readonly key: string;
      readonly version: string;
      readonly value: string | undefined;
      readonly deadline: number;
    }
  | { readonly do: 'pass'; readonly milliseconds: number }
  | { readonly do: 'read'; readonly key: string; readonly from: number }
  | { readonly do: 'iterator'; readonly options: IteratorOptions; readonly from: number }
  | { readonly do: 'take'; readonly which: number; readonly count: number; readonly apart: boolean }
  | { readonly do: 'seek'; readonly which: number; readonly key: string }
  | { readonly do: 'snapshot' }
  | { readonly do: 'purge'; readonly range: 0 | 1; readonly upTo: string }
  | { readonly do: 'release'; readonly which: number }
  | { readonly do: 'flush' | 'compact' | 'settled' | 'reopen' }
  | { readonly do: 'compact-range'; readonly from: string; readonly to: string | undefined }
  | { readonly do: 'crash'; readonly seed: number };

const key: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('\x00', 'a', 'b', '\xff'), { maxLength: 3 })
  .map((characters) => characters.join(''));
const value: fc.Arbitrary<string> = fc.oneof(
  fc.stringMatching(/^[x-z]{0,8}$/),
  fc.nat(600).map((length) => 'large'.repeat(length).slice(0, length)),
);
const end = fc.option(key, { nil: undefined });
/** Around the clock's beginning, so that some have passed from the start and some never will. */
const deadline = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 999_000, max: 1_020_000 }) },
);

export const modelWrite: fc.Arbitrary<ModelWrite> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key,
      value,
      meta: fc.constantFrom('', '', '3', '7'),
      deadline,
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete-range' as const), from: key, to: end }) },
);

const bound = fc.option(key.map(raw), { nil: undefined });
const iteratorOptions: fc.Arbitrary<IteratorOptions> = fc
  .record({
    gte: bound,
    gt: bound,
    lte: bound,
    lt: bound,
    prefix: fc.option(key.map(raw), { nil: undefined, freq: 1 }),
    reverse: fc.boolean(),
    limit: fc.option(fc.nat(6), { nil: undefined }),
    tombstones: fc.boolean(),
    values: fc.boolean(),
  })
  .map((drawn) => Object.fromEntries(Object.entries(drawn).filter(([, each]) => each !== undefined)));

const which = fc.nat(5);
const writes = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(modelWrite) },
  { weight: 1, arbitrary: fc.array(modelWrite, { maxLength: 12 }) },
);

export const modelStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ do: fc.constant('write' as const), writes }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      key,
      version: fc.nat(9).map(String),
      value: fc.option(value, { nil: undefined }),
      deadline,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), milliseconds: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), key, from: which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('iterator' as const), options: iteratorOptions, from: which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('take' as const), which, count: fc.nat(5), apart: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('seek' as const), which, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('purge' as const),
      range: fc.constantFrom(0, 1),
      upTo: fc.nat(8).map(String),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'settled' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('compact' as const, 'reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact-range' as const), from: key, to: end }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), seed: fc.nat() }) },
);

export const modelOptions: fc.Arbitrary<StorageOptions> = fc.record({
  memtableBytes: fc.constantFrom(1024, 2048, 8192),
  blockBytes: fc.constantFrom(64, 512),
  separateBytes: fc.constantFrom(1, 100, 4096, 64 * 1024 * 1024),
  cacheBytes: fc.constantFrom(0, 1000, 50_000),
  scaling: fc.integer({ min: -4, max: 4 }),
  garbageRatio: fc.constantFrom(0.1, 0.5, 0.9),
  durability: fc.constantFrom('group', 'periodic', 'none'),
});
