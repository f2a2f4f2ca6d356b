import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/zstd-codec.ts';
import { codeOf } from '../../testing/store.ts';
import { BlockCache } from '../cache/block-cache.ts';
import { CacheMiss } from '../cache/cache-miss.ts';
import { valueFileName } from '../file-names.ts';
import { noCodec } from '../ports/codec.ts';
import type { Codec } from '../ports/codec.ts';
import type { ValueFileDescription } from '../ports/manifest.ts';
import type { ValuePointer } from '../versioned-entry.ts';
import { ValueFile, describeValueFile } from './value-file.ts';
import { ValueFileWriter } from './value-file-writer.ts';

interface Written {
  readonly disk: CrashableFileSystem;
  readonly pointers: ValuePointer[];
  readonly description: ValueFileDescription;
}

async function write(values: readonly Uint8Array[], codec: Codec = noCodec): Promise<Written> {
  const disk = new CrashableFileSystem();
  const writer = new ValueFileWriter(disk, codec, 7);
  const pointers = values.map((value) => writer.append(value));
  return { disk, pointers, description: (await writer.finish())! };
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);

describe('value file', () => {
  it.each([
    ['none', noCodec],
    ['zstd', new ZstdCodec()],
  ])('gives back its values, compressed with %s', async (_, codec) => {
    const values = fc.array(fc.uint8Array({ maxLength: 2000, size: 'max' }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(values, async (list) => {
        const { disk, pointers, description } = await write([...list, zeros(3000)], codec);
        const file = await ValueFile.open(disk, description, codec, new BlockCache(1 << 20));
        for (const [i, value] of [...list, zeros(3000)].entries()) {
          const pointer = pointers[i]!;
          const found = [file.readPassing(pointer), file.read(pointer, 'disk'), await file.loadPassing(pointer)];
          for (const each of found) expect(Buffer.compare(each, value)).toBe(0);
        }
        await file.verify();
        expect(await describeValueFile(disk, 7)).toEqual(description);
      }),
      { numRuns: 40 },
    );
  });

  it('stores a value compressed only if that saves an eighth', async () => {
    const random = seededRandom(1);
    const noise = Uint8Array.from({ length: 1000 }, () => 256 * random());
    const { pointers } = await write([noise, zeros(1000)], new ZstdCodec());
    expect(pointers[0]).toEqual({ file: 7, position: 24, storedLength: 1000, rawLength: 1000 });
    expect(pointers[1]!.storedLength).toBeLessThan(100);
  });

  it('is not there without values', async () => {
    const disk = new CrashableFileSystem();
    expect(await new ValueFileWriter(disk, noCodec, 7).finish()).toBeUndefined();
    expect(await disk.list('')).toEqual([]);
  });

  it('is read once per value, and not at all on behalf of memory', async () => {
    const { disk, pointers, description } = await write([zeros(500)]);
    const file = await ValueFile.open(disk, description, noCodec, new BlockCache(1 << 20));
    const pointer = pointers[0]!;
    let reads = 0;
    disk.observe(({ operation }) => void (operation === 'read' && reads++));
    const miss = thrownBy(() => file.read(pointer, 'memory'));
    expect(miss).toBeInstanceOf(CacheMiss);
    expect(reads).toBe(0);
    await (miss as CacheMiss).load();
    for (const from of ['memory', 'disk'] as const) expect(file.read(pointer, from)).toEqual(zeros(500));
    expect([file.peek(pointer), await file.loadPassing(pointer)]).toEqual([zeros(500), zeros(500)]);
    expect(reads).toBe(1);
  });

  it.each([
    ['once, where half of the cache is empty', 1 << 20, 1],
    ['at every read, where it is not', 40_000, 3],
  ])('is decompressed %s', async (_, capacity, times) => {
    const zstd = new ZstdCodec();
    let decompressed = 0;
    const counting: Codec = {
      ...noCodec,
      id: zstd.id,
      decompress: (bytes, into) => {
        decompressed++;
        return zstd.decompress(bytes, into);
      },
    };
    const value = zeros(30_000).fill(7);
    const { disk, pointers, description } = await write([value], zstd);
    const file = await ValueFile.open(disk, description, counting, new BlockCache(capacity));
    const found = [1, 2, 3].map(() => file.read(pointers[0]!, 'disk'));
    for (const each of found) expect(each).toEqual(value);
    found[0]!.fill(0);
    expect(file.peek(pointers[0]!)).toEqual(value);
    expect(decompressed - (times === 1 ? 0 : 1)).toBe(times);
  });

  it('leaves nothing in the cache for those who pass by, or once it is closed', async () => {
    const { disk, pointers, description } = await write([zeros(500)]);
    const cache = new BlockCache(1 << 20);
    const file = await ValueFile.open(disk, description, noCodec, cache);
    file.readPassing(pointers[0]!);
    expect(cache.bytes).toBe(0);
    file.read(pointers[0]!, 'disk');
    expect(cache.bytes).toBeGreaterThan(500);
    await file.close();
    expect(cache.bytes).toBe(0);
  });

  it('gives up a value as it is stored, to be moved', async () => {
    const zstd = new ZstdCodec();
    const { disk, pointers, description } = await write([zeros(5000)], zstd);
    const file = await ValueFile.open(disk, description, noCodec, new BlockCache(0));
    const writer = new ValueFileWriter(disk, noCodec, 8);
    const moved = writer.appendMoved(await file.readStored(pointers[0]!), 5000);
    expect(moved).toEqual({ ...pointers[0], file: 8 });
    const target = await ValueFile.open(disk, (await writer.finish())!, zstd, new BlockCache(0));
    expect(target.read(moved, 'disk')).toEqual(zeros(5000));
  });

  it('shows every changed bit', async () => {
    const { disk, description, pointers } = await write([zeros(10), zeros(5)]);
    const original = disk.contents(valueFileName(7));
    const unharmed = await ValueFile.open(disk, description, noCodec, new BlockCache(0));
    for (let bit = 24 * 8; bit < original.length * 8; bit++) {
      const damaged = new Uint8Array(original);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const copy = new CrashableFileSystem();
      copy.place(valueFileName(7), damaged);
      const verifying = async (): Promise<void> =>
        (await ValueFile.open(copy, description, noCodec, new BlockCache(0))).verify();
      expect(await codeOf(verifying)).toBe('CORRUPTION');
      expect(await codeOf(() => describeValueFile(copy, 7))).toBe('CORRUPTION');
    }
    expect(unharmed.read(pointers[1]!, 'disk')).toEqual(zeros(5));
  });

  it('refuses a pointer to a value of another length, and a count that the manifest does not have', async () => {
    const { disk, pointers, description } = await write([zeros(500)]);
    const file = await ValueFile.open(disk, description, noCodec, new BlockCache(0));
    expect(() => file.read({ ...pointers[0]!, rawLength: 499 }, 'disk')).toThrow('a value of 499 bytes was expected');
    const counted = await ValueFile.open(disk, { ...description, values: 2 }, noCodec, new BlockCache(0));
    await expect(counted.verify()).rejects.toThrow('the manifest recorded 2 values');
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}
