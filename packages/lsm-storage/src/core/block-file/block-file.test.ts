import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/zstd-codec.ts';
import { codeOf } from '../../testing/store.ts';
import { CorruptionError } from '../errors.ts';
import { noCodec } from '../ports/codec.ts';
import type { BlockPointer } from '../versioned-entry.ts';
import { openBlock } from './block.ts';
import { BlockFile } from './block-file.ts';
import type { BlockFileName, RecordedFile } from './block-file.ts';
import { BlockFileWriter } from './block-file-writer.ts';
import { BlockWalk } from './block-walk.ts';
import type { WalkOptions } from './block-walk.ts';
import { footerBytes } from './file-footer.ts';

const NAME: BlockFileName = { path: 'file', kind: 'kv-run', number: 5, footerNumbers: 2 };
const FOOTER_BYTES = footerBytes(2);
const PLACE = { file: 'file', offset: 0 };

interface Written {
  readonly disk: CrashableFileSystem;
  readonly pointers: BlockPointer[];
  readonly recorded: RecordedFile;
}

/** Blocks of these sizes, each filled with its number. */
async function write(sizes: readonly number[], disk = new CrashableFileSystem(), codec = noCodec): Promise<Written> {
  const writer = new BlockFileWriter(disk, NAME, codec);
  const pointers: BlockPointer[] = [];
  for (const [i, size] of sizes.entries()) {
    pointers.push(writer.append('value', new Uint8Array(size).fill(i)));
    await writer.drain();
  }
  return { disk, pointers, recorded: await writer.finish([7, 2 ** 53 - 1]) };
}

async function walk(file: BlockFile, options: WalkOptions = {}): Promise<BlockPointer[]> {
  const pointers: BlockPointer[] = [];
  const blocks = new BlockWalk(file, options);
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) pointers.push(block.pointer);
  return pointers;
}

describe('block file', () => {
  it.each([
    ['none', noCodec],
    ['zstd', new ZstdCodec()],
  ])('gives back its blocks and the numbers of its footer, compressed with %s', async (_, codec) => {
    const { disk, pointers, recorded } = await write([10, 100_000, 0, 700_000, 5000], undefined, codec);
    const file = await BlockFile.open(disk, NAME, recorded);
    expect(file.footer).toEqual([7, 2 ** 53 - 1]);
    expect(file.bytes).toBe(disk.contents('file').length);
    for (const [i, size] of [10, 100_000, 0, 700_000, 5000].entries()) {
      const expected = new Uint8Array(size).fill(i);
      const blocks = [await file.read('value', pointers[i]!), file.readSync('value', pointers[i]!)];
      for (const block of blocks) expect(Buffer.compare(openBlock(block, codec, PLACE), expected)).toBe(0);
    }
    expect(await walk(file)).toEqual(pointers);
    await file.close();
  });

  it('is walked over gaps without reading them', async () => {
    const { disk, pointers, recorded } = await write([10, 100_000, 20, 30, 700_000, 5000]);
    const edges = [...pointers.map(({ position }) => position), disk.contents('file').length - FOOTER_BYTES];
    for (const skipped of [[0], [1], [1, 2], [1, 3], [5], [4, 5], [0, 1, 2, 3, 4, 5]]) {
      const gaps = skipped.map((block) => ({ from: edges[block]!, to: edges[block + 1]! }));
      const file = await BlockFile.open(disk, NAME, recorded);
      disk.observe(({ operation, position = 0, bytes = 0 }) => {
        const reads = operation === 'read' && gaps.some(({ from, to }) => position < to && position + bytes > from);
        if (reads) throw new Error(`read ${position}`);
        return undefined;
      });
      const found = await walk(file, { gaps });
      disk.observe(undefined);
      expect(found).toEqual(pointers.filter((_, block) => !skipped.includes(block)));
      await file.close();
    }
  });

  it('is not walked into a gap that does not begin where a block ends', async () => {
    const { disk, pointers, recorded } = await write([10, 20, 30]);
    const file = await BlockFile.open(disk, NAME, recorded);
    const gaps = [{ from: pointers[1]!.position - 1, to: pointers[2]!.position }];
    expect(await codeOf(() => walk(file, { gaps }))).toBe('CORRUPTION');
    await file.close();
  });

  it('is read without header and footer, where they are known', async () => {
    const { disk, pointers, recorded } = await write([10, 20, 30]);
    const contents = disk.contents('file');
    disk.place('file', contents.fill(0, 0, 24).fill(0, contents.length - FOOTER_BYTES));
    expect(await codeOf(() => BlockFile.open(disk, NAME, recorded))).toBe('CORRUPTION');
    const file = await BlockFile.openDamaged(disk, NAME, { ...recorded, footer: [7, 2 ** 53 - 1] });
    expect(file.footer).toEqual([7, 2 ** 53 - 1]);
    expect(await walk(file)).toEqual(pointers);
    expect(await codeOf(() => file.checkEnds(NAME))).toBe('CORRUPTION');
    await file.close();
    await disk.remove('file');
    const known = { ...recorded, footer: [7, 0] };
    expect(await codeOf(() => BlockFile.openDamaged(disk, NAME, known))).toBe('CORRUPTION');
  });

  it('moves a block to another file as it is stored', async () => {
    const zstd = new ZstdCodec();
    const { disk, pointers } = await write([5000], undefined, zstd);
    const source = await BlockFile.open(disk, NAME);
    const target = { ...NAME, path: 'target', number: 6 };
    const writer = new BlockFileWriter(disk, target, noCodec);
    const moved = writer.appendMoved('value', await source.read('value', pointers[0]!));
    await writer.finish([0, 0]);
    expect(moved.storedLength).toBe(pointers[0]!.storedLength);
    const block = await (await BlockFile.open(disk, target)).read('value', moved);
    expect(openBlock(block, zstd, PLACE)).toEqual(new Uint8Array(5000));
  });

  it('is created by its first write, and removed when it is given up', async () => {
    const disk = new CrashableFileSystem();
    const writer = new BlockFileWriter(disk, NAME, noCodec);
    writer.append('value', new Uint8Array(100));
    expect(writer.full).toBe(false);
    await writer.drain();
    await writer.abandon();
    expect(await disk.list('')).toEqual([]);
    writer.append('value', new Uint8Array(300_000));
    expect(writer.full).toBe(true);
    await writer.drain();
    expect(writer.full).toBe(false);
    expect(await disk.list('')).toEqual(['file']);
    await writer.abandon();
    expect(await disk.list('')).toEqual([]);
  });

  it('shows every changed bit when it is opened and walked', async () => {
    const { disk, recorded } = await write([10, 30]);
    const original = disk.contents('file');
    for (let bit = 0; bit < original.length * 8; bit++) {
      const damaged = new Uint8Array(original);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      disk.place('file', damaged);
      const reading = async (): Promise<unknown> => walk(await BlockFile.open(disk, NAME, recorded));
      expect(await codeOf(reading)).toBe('CORRUPTION');
    }
  });

  it('of any other length is refused, whoever asks', async () => {
    const { disk, recorded } = await write([10, 30]);
    const original = disk.contents('file');
    for (let length = 0; length < original.length; length++) {
      disk.place('file', original.subarray(0, length));
      expect(await codeOf(() => BlockFile.open(disk, NAME, recorded))).toBe('CORRUPTION');
      expect(await codeOf(() => BlockFile.open(disk, NAME))).toBe('CORRUPTION');
    }
    disk.place('file', Uint8Array.from([...original, 0]));
    expect(await codeOf(() => BlockFile.open(disk, NAME))).toBe('CORRUPTION');
  });

  it('of another time, number or kind, or one that is missing, is refused', async () => {
    const { disk, recorded } = await write([10]);
    const other = { ...recorded, footerChecksum: recorded.footerChecksum ^ 1 };
    await expect(BlockFile.open(disk, NAME, other)).rejects.toThrow('not the file that the manifest recorded');
    expect(await codeOf(() => BlockFile.open(disk, { ...NAME, number: 6 }))).toBe('CORRUPTION');
    expect(await codeOf(() => BlockFile.open(disk, { ...NAME, kind: 'kv-val' }))).toBe('CORRUPTION');
    await expect(BlockFile.open(disk, { ...NAME, path: 'none' })).rejects.toThrow('it is missing');
  });

  it('reads nothing on the word of a pointer that leads out of it, or to another kind of block', async () => {
    const { disk, pointers, recorded } = await write([10, 20]);
    const file = await BlockFile.open(disk, NAME, recorded);
    const [first] = pointers;
    for (const pointer of [
      { position: 2 ** 50, storedLength: 10 },
      { position: first!.position, storedLength: 2 ** 50 },
      { position: 0, storedLength: 10 },
      { position: first!.position, storedLength: 11 },
    ]) {
      expect(() => file.readSync('value', pointer)).toThrow(CorruptionError);
      await expect(file.read('value', pointer)).rejects.toThrow(CorruptionError);
    }
    expect(() => file.readSync('entries', first!)).toThrow('not a block of kind entries');
  });
});
