import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../contract/index.ts';
import { ZstdCodec } from '../node/index.ts';
import { bytes, openOn } from '../testing/store.ts';
import { segmentFileName } from './file-names.ts';
import { noCodec } from './ports/codec.ts';
import type { Codec } from './ports/codec.ts';
import { ValuePacker } from './value-packer.ts';

const LATER = 2 ** 40;
const random = seededRandom(1);
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => 256 * random());
const text = (length: number): Uint8Array => bytes('the same again, '.repeat(length / 16));

/** Counts what it is asked to compress. */
class CountingCodec extends ZstdCodec {
  calls = 0;

  override compress(raw: Uint8Array): Uint8Array {
    this.calls++;
    return super.compress(raw);
  }
}

describe('value packer', () => {
  it('packs what becomes smaller, from the given length to 64 KiB', () => {
    const packer = new ValuePacker(new ZstdCodec(), 4096);
    expect(packer.pack(text(4080))).toBeUndefined();
    for (const length of [4096, 10_000, 65_536]) expect(packer.pack(text(length))!.length).toBeLessThan(length / 8);
    expect(packer.pack(text(65_552))).toBeUndefined();
    expect(packer.pack(noise(10_000))).toBeUndefined();
    expect(new ValuePacker(noCodec, 4096).pack(text(10_000))).toBeUndefined();
  });

  it('tries ever fewer of values that do not become smaller, and all again after one that did', () => {
    const codec = new CountingCodec();
    const packer = new ValuePacker(codec, 4096);
    const incompressible = noise(5000);
    for (let i = 0; i < 1000; i++) packer.pack(incompressible);
    expect(codec.calls).toBeLessThan(1000 / 16 + 8);
    expect(codec.calls).toBeGreaterThan(1000 / 18);
    const values = Array.from({ length: 20 }, () => packer.pack(text(5008)));
    expect(values.filter((packed) => packed === undefined).length).toBeLessThan(17);
    const before = codec.calls;
    for (let i = 0; i < 10; i++) expect(packer.pack(text(5008))).toBeDefined();
    expect(codec.calls).toBe(before + 10);
  });
});

describe('a packed value', () => {
  const open = (disk: CrashableFileSystem, codec: Codec) => openOn(disk, { separateBytes: 100 }, { codec });
  const value = text(8000);

  it('is compressed once: logged, read, replayed and flushed as it was packed', async () => {
    const disk = new CrashableFileSystem();
    const codec = new CountingCodec();
    let engine = await open(disk, codec);
    await engine.put(bytes('key'), value, { meta: bytes('meta'), deadline: LATER });
    await engine.batch([{ type: 'put', key: bytes('other'), value }]);
    const { meta, deadline } = engine.getMeta(bytes('key'), 0)!;
    expect([meta, deadline]).toEqual([bytes('meta'), LATER]);
    expect(engine.stats().segmentBytes).toBeLessThan(1000);
    for (const step of ['memtable', 'log', 'run'] as const) {
      if (step === 'log') {
        await engine.close();
        engine = await open(disk, codec);
      }
      if (step === 'run') await engine.flush();
      expect(engine.getSync(bytes('key'), 0), step).toEqual(value);
      expect(engine.getSync(bytes('other')), step).toEqual(value);
      expect([...engine.scan({ now: 0 })].map((entry) => entry.value)).toEqual([value, value]);
    }
    // The two values, and the block of entries that points to them.
    expect(codec.calls).toBe(3);
    await engine.close();
  });

  it('is told from damage when the codec is missing that packed it', async () => {
    const disk = new CrashableFileSystem();
    const engine = await open(disk, new ZstdCodec());
    await engine.put(bytes('key'), value);
    await engine.close();
    const without = await open(disk, noCodec);
    expect(() => without.getSync(bytes('key'))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }));
    await without.close();
    expect(await disk.exists(segmentFileName(1))).toBe(true);
  });
});
