import { describe, expect, it } from 'vitest';
import { CrashableFileSystem, PowerLossError, Survival, fileSystemContract, seededRandom } from './index.ts';
import type { DiskCall } from './index.ts';

fileSystemContract({ describe, it, expect }, () => ({ subject: new CrashableFileSystem() }));

const SEEDS = 200;

async function write(disk: CrashableFileSystem, path: string, bytes: Uint8Array, sync: boolean): Promise<void> {
  const file = await disk.open(path, (await disk.exists(path)) ? 'modify' : 'create');
  await file.write(0, [bytes]);
  if (sync) await file.sync();
  await file.close();
}

/** What a file may hold after power losses with many seeds; `undefined` where it is gone. */
async function outcomes(disk: CrashableFileSystem, path: string): Promise<(Uint8Array | undefined)[]> {
  const found: (Uint8Array | undefined)[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const after = disk.afterPowerLoss(seededRandom(seed));
    found.push((await after.exists(path)) ? after.contents(path) : undefined);
  }
  return found;
}

describe('power loss', () => {
  it('keeps what was synced, and the name that was synced', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(10_000).fill(1), true);
    await disk.syncDirectory('');
    for (const bytes of await outcomes(disk, 'a')) {
      expect(bytes !== undefined && bytes.length === 10_000 && bytes.every((byte) => byte === 1)).toBe(true);
    }
  });

  it('may lose a name that was not synced, with its synced bytes', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(100).fill(1), true);
    const found = await outcomes(disk, 'a');
    expect(found.some((bytes) => bytes === undefined)).toBe(true);
    expect(found.some((bytes) => bytes !== undefined)).toBe(true);
  });

  it('keeps any subset of unsynced pages, in part or whole, and any size between', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(3 * 4096).fill(1), true);
    await disk.syncDirectory('');
    await write(disk, 'a', new Uint8Array(5 * 4096).fill(2), false);
    const found = (await outcomes(disk, 'a')).map((bytes) => bytes ?? new Uint8Array(0));
    const firstLostSecondKept = found.some((bytes) => bytes[0] === 1 && bytes[4096] === 2);
    const firstKeptSecondLost = found.some((bytes) => bytes[0] === 2 && bytes[4096] === 1);
    const torn = found.some((bytes) => bytes[0] === 2 && bytes[4095] === 1);
    const zeroed = found.some((bytes) => bytes.length === 5 * 4096 && bytes[3 * 4096] === 0);
    const cut = found.some((bytes) => bytes.length > 3 * 4096 && bytes.length < 5 * 4096);
    expect({ firstLostSecondKept, firstKeptSecondLost, torn, zeroed, cut }).toEqual({
      firstLostSecondKept: true,
      firstKeptSecondLost: true,
      torn: true,
      zeroed: true,
      cut: true,
    });
    expect(found.every((bytes) => bytes.length >= 3 * 4096)).toBe(true);
  });

  it('may bring back a removed name and undo a rename, but never half of a rename', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', Uint8Array.of(1), true);
    await write(disk, 'b', Uint8Array.of(2), true);
    await disk.syncDirectory('');
    await disk.rename('a', 'b');
    const seen = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const after = disk.afterPowerLoss(seededRandom(seed));
      seen.add(`${(await after.list('')).join()}:${after.contents('b').join()}`);
    }
    expect([...seen].sort()).toEqual(['a,b:2', 'b:1']);
  });

  it('leaves a file with two names one file, with either, both or none of them', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(2000).fill(1), false);
    await disk.link('a', 'b');
    const seen = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const after = disk.afterPowerLoss(seededRandom(seed));
      const names = await after.list('');
      seen.add(names.join());
      if (names.length === 2) expect(after.contents('a').join()).toBe(after.contents('b').join());
    }
    expect([...seen].sort()).toEqual(['', 'a', 'a,b', 'b']);
    const twin = disk.clone();
    await write(twin, 'a', Uint8Array.of(9), false);
    expect(twin.contents('b')[0]).toBe(9);
    expect(disk.contents('b')[0]).toBe(1);
  });

  it('is the same for the same seed', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(50_000).fill(3), false);
    await write(disk, 'b', new Uint8Array(50_000).fill(4), false);
    const names = async (): Promise<unknown> => {
      const after = disk.afterPowerLoss(seededRandom(5));
      return (await after.list('')).map((name) => [name, after.contents(name)]);
    };
    expect(await names()).toEqual(await names());
  });

  it('in the midst of a call leaves the call unsynced, and every later one fails', async () => {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', Uint8Array.of(1), true);
    await disk.syncDirectory('');
    const file = await disk.open('a', 'modify');
    await file.write(0, [Uint8Array.of(2)]);
    disk.observe((call) => (call.operation === 'sync' ? 'power-loss' : undefined));
    await expect(file.sync()).rejects.toBeInstanceOf(PowerLossError);
    await expect(disk.list('')).rejects.toBeInstanceOf(PowerLossError);
    const found = new Set((await outcomes(disk, 'a')).map((bytes) => bytes?.[0]));
    expect([...found].sort()).toEqual([1, 2]);
  });

  it('shows every call to the observer, and fails those it refuses without effect', async () => {
    const disk = new CrashableFileSystem();
    const calls: DiskCall[] = [];
    disk.observe((call) => {
      calls.push(call);
      if (call.operation === 'write' && calls.length > 3) throw new Error('refused');
      return undefined;
    });
    await write(disk, 'a', Uint8Array.of(1), false);
    const file = await disk.open('a', 'modify');
    await expect(file.write(0, [Uint8Array.of(2)])).rejects.toThrow('refused');
    expect(disk.contents('a')).toEqual(Uint8Array.of(1));
    expect(calls.map((call) => call.operation)).toEqual(['create', 'write', 'close', 'open', 'write']);
  });
});

describe('power loss, part by part', () => {
  /** A synced file of two pages, then both written anew, a third added, and a new file beside it: five parts. */
  async function drafted(): Promise<CrashableFileSystem> {
    const disk = new CrashableFileSystem();
    await write(disk, 'a', new Uint8Array(8192).fill(1), true);
    await disk.syncDirectory('');
    await write(disk, 'a', new Uint8Array(12_288).fill(2), false);
    await write(disk, 'b', new Uint8Array(10).fill(3), false);
    return disk;
  }

  /** The first byte of each page of `a`, and whether there is a `b`. */
  async function found(disk: CrashableFileSystem, keeps: (part: number) => boolean): Promise<string> {
    const after = disk.surviving(new Survival(keeps));
    const contents = after.contents('a');
    const pages = [0, 4096, 8192].map((at) => contents[at] ?? '-').join('');
    return (await after.exists('b')) ? `${pages} ${after.contents('b').join('')}` : pages;
  }

  it('keeps all, none, or just those that are asked for', async () => {
    const disk = await drafted();
    expect(disk.unsyncedParts()).toBe(5);
    expect(await found(disk, () => true)).toBe('222 3333333333');
    expect(await found(disk, () => false)).toBe('11-');
    const alone = await Promise.all([0, 1, 2, 3, 4].map((only) => found(disk, (part) => part === only)));
    // The name alone: a file of which no byte was synced. The page of a file whose name is lost is lost with it.
    expect(alone).toEqual(['11- ', '21-', '12-', '112', '11-']);
  });

  it('cuts the last page that survives at any byte', async () => {
    const disk = await drafted();
    const sizes = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      sizes.add(disk.surviving(new Survival(() => true, seededRandom(seed))).contents('a').length);
    }
    expect(sizes.size).toBeGreaterThan(40);
    for (const size of sizes) expect(size >= 8192 && size <= 12_288).toBe(true);
  });
});
