/**
 * A store of layers, for tests of cutting damage out: what lies over the layer that is damaged must stay, what lies under
 * it must not come forth, whether it was replaced, deleted, or deleted by a range.
 */

import { expect } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import type { KeyRange, StorageEngine, StorageOptions } from '../core/index.ts';
import { coversKey } from '../core/key-ranges.ts';
import { CARE_OPTIONS, filesOf } from './care.ts';
import type { StoreOverrides } from './store.ts';
import { bytes, openOn, text } from './store.ts';

type Layer = ReadonlyMap<string, string | undefined>;

/** Keys of the lower layers; those from 60 on the middle one knows by a range alone. */
const KEYS: readonly string[] = Array.from({ length: 70 }, (_, i) => `key${i}`).map((key) =>
  key.replace(/y(.)$/, 'y0$1'),
);

/** Where the middle layer, in which the damage is to be, has `undefined`, it deletes. */
export interface Layers {
  readonly disk: CrashableFileSystem;
  /** The files of the middle layer. */
  readonly run: string;
  readonly values: string;
  readonly middle: Layer;
  readonly upper: Layer;
  /** What can be read of the whole. */
  readonly contents: ReadonlyMap<string, string>;
}

function valueOf(key: string, layer: string): string {
  return `${key} ${layer} `.repeat(key.endsWith('3') || key.endsWith('7') ? 20 : 8);
}

function lowerLayer(): Layer {
  return new Map(KEYS.map((key) => [key, valueOf(key, 'lower')]));
}

/** Of five keys it replaces three, deletes one and does not know the last. */
function middleLayer(): Layer {
  const middle = new Map<string, string | undefined>();
  for (const [i, key] of KEYS.slice(0, 60).entries()) {
    if (i % 5 !== 4) middle.set(key, i % 5 === 1 ? undefined : valueOf(key, 'middle'));
  }
  return middle;
}

/** What is written last stays in the memtable. */
const UPPER: Layer = new Map([
  ['key03', 'upper 03'],
  ['key04', 'upper 04'],
  ['key05', undefined],
  ['key33', 'upper 33'],
  ['key57', undefined],
  ['key58', 'upper 58'],
  ['key61', 'upper 61'],
  ['key06', 'memtable 06'],
  ['key07', 'memtable 07'],
]);

async function write(engine: StorageEngine, layer: Iterable<readonly [string, string | undefined]>): Promise<void> {
  await engine.batch(
    [...layer].map(([key, value]) =>
      value === undefined ? { type: 'delete', key: bytes(key) } : { type: 'put', key: bytes(key), value: bytes(value) },
    ),
  );
}

/** `oldest`: nothing lies under the middle layer. */
export async function layeredStore(oldest = false): Promise<Layers> {
  const disk = new CrashableFileSystem();
  const engine = await openOn(disk, CARE_OPTIONS);
  const lower = oldest ? new Map<string, string>() : lowerLayer();
  const middle = middleLayer();
  if (!oldest) {
    await write(engine, lower);
    await engine.flush();
  }
  const before = [...(await filesOf(disk, '.run')), ...(await filesOf(disk, '.values'))];
  await write(engine, middle);
  await engine.deleteRange(bytes('key60'), bytes('key65'));
  await engine.flush();
  const files = [...(await filesOf(disk, '.run')), ...(await filesOf(disk, '.values'))];
  const [run = '', values = ''] = files.filter((file) => !before.includes(file));
  await write(engine, [...UPPER].slice(0, -2));
  await engine.flush();
  await write(engine, [...UPPER].slice(-2));
  await engine.close();
  const contents = new Map<string, string>();
  for (const [key, value] of [...lower, ...middle]) {
    if (value === undefined || (key >= 'key60' && key < 'key65')) contents.delete(key);
    else contents.set(key, value);
  }
  for (const [key, value] of UPPER) {
    if (value === undefined) contents.delete(key);
    else contents.set(key, value);
  }
  return { disk, run, values, middle, upper: UPPER, contents };
}

/** On a disk of its own, with the same files. */
export async function openLayers(
  { disk }: Layers,
  overrides: StoreOverrides = {},
  options: StorageOptions = {},
): Promise<{ disk: CrashableFileSystem; engine: StorageEngine }> {
  const clone = disk.clone();
  return { disk: clone, engine: await openOn(clone, { ...CARE_OPTIONS, ...options }, overrides) };
}

/** What must be read once these ranges were lost of the middle layer: of their keys, what the upper layer has. */
export function contentsWithout({ contents, upper }: Layers, lost: readonly KeyRange[]): Map<string, string> {
  return new Map([...contents].filter(([key]) => !coversKey(lost, bytes(key)) || upper.get(key) !== undefined));
}

/** By each way of reading. */
export async function expectContents(engine: StorageEngine, contents: ReadonlyMap<string, string>): Promise<void> {
  for (const key of KEYS) {
    const entry = engine.getEntrySync(bytes(key));
    expect(entry?.value === undefined ? undefined : text(entry.value), key).toBe(contents.get(key));
    expect(engine.hasSync(bytes(key))).toBe(contents.has(key));
  }
  const ascending = [...contents].sort(([left], [right]) => (left < right ? -1 : 1));
  for (const reverse of [false, true]) {
    const expected = reverse ? ascending.toReversed() : ascending;
    const pairs = ({ key, value }: { key: Uint8Array; value: Uint8Array | undefined }): [string, string] => [
      text(key),
      text(value as Uint8Array),
    ];
    expect([...engine.scan({ reverse })].map(pairs)).toEqual(expected);
    const found: [string, string][] = [];
    const iterator = engine.iterator({ reverse });
    for await (const entry of iterator) found.push(pairs(entry));
    iterator.close();
    expect(found).toEqual(expected);
  }
}
