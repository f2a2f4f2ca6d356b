import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { bytes, openOn, turns, valueAt } from '../../testing/store.ts';
import { Memtable } from '../memtable/memtable.ts';
import { noCodec } from '../ports/codec.ts';
import { SlabPool } from '../memtable/slab-pool.ts';
import type { StorageEngine } from '../storage-engine.ts';
import { Lifetimes, StoreVersion } from './store-version.ts';
import type { StorePart } from './store-version.ts';

const newMemtable = (): Memtable => new Memtable(new SlabPool(64, 0), 1);

describe('versions', () => {
  function begin(): { gone: StorePart[]; make: (...memtables: Memtable[]) => StoreVersion; lifetimes: Lifetimes } {
    const gone: StorePart[] = [];
    const lifetimes = new Lifetimes((part) => gone.push(part));
    const make = (...memtables: Memtable[]): StoreVersion => {
      return new StoreVersion({ memtables, runs: [], valueFiles: new Map(), codec: noCodec }, lifetimes);
    };
    return { gone, make, lifetimes };
  }

  it('let a part go with the last version that has it, and not before', () => {
    const { gone, make, lifetimes } = begin();
    const [first, second] = [newMemtable(), newMemtable()];
    const older = make(first);
    const newer = make(second, first);
    older.release();
    expect([gone, lifetimes.parts()]).toEqual([[], [first, second]]);
    const newest = make(second);
    newer.release();
    expect(gone).toEqual([first]);
    newest.release();
    expect([gone, lifetimes.parts()]).toEqual([[first, second], []]);
  });

  it('stay for as long as anybody holds them', () => {
    const { gone, make } = begin();
    const memtable = newMemtable();
    const version = make(memtable);
    version.retain();
    version.retain();
    version.release();
    version.release();
    expect(gone).toEqual([]);
    version.release();
    expect(gone).toEqual([memtable]);
  });
});

describe('files', () => {
  const OPTIONS = { separateBytes: 50, blockBytes: 128 };

  async function replaced(disk: CrashableFileSystem): Promise<{ engine: StorageEngine; old: string[] }> {
    const engine = await openOn(disk, OPTIONS);
    for (let i = 0; i < 10; i++) await engine.put(bytes(`k${i}`), bytes(`old ${i} `.repeat(20)));
    await engine.flush();
    return { engine, old: await files(disk) };
  }

  async function files(disk: CrashableFileSystem): Promise<string[]> {
    return (await disk.list('')).filter((name) => name.endsWith('.run') || name.endsWith('.values'));
  }

  async function replace(engine: StorageEngine): Promise<void> {
    for (let i = 0; i < 10; i++) await engine.put(bytes(`k${i}`), bytes(`new ${i} `.repeat(20)));
    await engine.compact();
  }

  it('that were replaced go when nobody reads them any more: not while a snapshot does', async () => {
    const disk = new CrashableFileSystem();
    const { engine, old } = await replaced(disk);
    const snapshot = engine.snapshot();
    await replace(engine);
    expect(await files(disk)).toEqual(expect.arrayContaining(old));
    expect(valueAt(snapshot, 'k3')).toBe('old 3 '.repeat(20));
    snapshot.release();
    await turns();
    expect((await files(disk)).filter((name) => old.includes(name))).toEqual([]);
    expect(valueAt(engine, 'k3')).toBe('new 3 '.repeat(20));
    await engine.close();
  });

  it('… nor an iterator, closed or read to its end', async () => {
    for (const ends of ['closed', 'read'] as const) {
      const disk = new CrashableFileSystem();
      const { engine, old } = await replaced(disk);
      const iterator = engine.iterator();
      iterator.next();
      await replace(engine);
      expect(await files(disk)).toEqual(expect.arrayContaining(old));
      if (ends === 'closed') iterator.close();
      else expect([...iterator]).toHaveLength(9);
      await turns();
      expect((await files(disk)).filter((name) => old.includes(name))).toEqual([]);
      await engine.close();
    }
  });

  it('… nor a get that waits for the disk', async () => {
    const disk = new CrashableFileSystem();
    const { engine, old } = await replaced(disk);
    await engine.close();
    const cold = await openOn(disk, OPTIONS);
    const reading = cold.get(bytes('k5'));
    expect(reading).toBeInstanceOf(Promise);
    const replacing = replace(cold);
    expect(Buffer.from((await reading)!).toString()).toBe('old 5 '.repeat(20));
    await replacing;
    expect((await files(disk)).filter((name) => old.includes(name))).toEqual([]);
    await cold.close();
  });

  it('left behind by a store that was closed while they were read are removed at the next opening', async () => {
    const disk = new CrashableFileSystem();
    const { engine, old } = await replaced(disk);
    engine.snapshot();
    await replace(engine);
    await engine.close();
    expect(await files(disk)).toEqual(expect.arrayContaining(old));
    const again = await openOn(disk, OPTIONS);
    expect(again.recovery.orphansRemoved).toBe(old.length);
    expect((await files(disk)).filter((name) => old.includes(name))).toEqual([]);
    await again.close();
  });

  it('give the memory of memtables back with the last reader', async () => {
    const engine = await openOn(new CrashableFileSystem(), OPTIONS);
    await engine.put(bytes('k'), bytes('in a memtable'));
    const snapshot = engine.snapshot();
    await engine.flush();
    for (let i = 0; i < 100; i++) await engine.put(bytes(`other${i}`), bytes('would lie where it was'));
    expect(valueAt(snapshot, 'k')).toBe('in a memtable');
    snapshot.release();
    expect(engine.stats()).toMatchObject({ memtables: 1 });
    await engine.close();
  });
});
