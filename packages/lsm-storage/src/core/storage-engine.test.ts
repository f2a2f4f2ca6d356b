import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { HeldSyncs } from '../testing/held-syncs.ts';
import { bytes, codeOf, contentsOf, isSettled, openOn, text, turns } from '../testing/store.ts';
import type { Decide } from './entry.ts';
import type { StorageEngine } from './storage-engine.ts';

const KEY = bytes('key');
const highest: Decide = (current, incoming) => {
  return current !== undefined && current[0]! >= incoming[0]! ? 'keep' : 'replace';
};

function open(): Promise<StorageEngine> {
  return openOn(new CrashableFileSystem(), { memtableBytes: 4096, blockBytes: 256 });
}

function valueAt(engine: StorageEngine, key: string): string | undefined {
  const entry = engine.get(bytes(key));
  return entry === undefined ? undefined : text(entry.value);
}

/** A store whose log syncs wait for the test. */
async function openHeld(): Promise<{ engine: StorageEngine; syncs: HeldSyncs }> {
  const syncs = new HeldSyncs();
  const engine = await openOn(new CrashableFileSystem(), {}, { wrapFileSystem: (inner) => syncs.wrap(inner) });
  await engine.put(bytes('first'), bytes('creates the segment'));
  return { engine, syncs };
}

describe('put, get and delete', () => {
  it('give back what was put last, and nothing for what was deleted or never put', async () => {
    const engine = await open();
    await engine.put(KEY, bytes('one'));
    await engine.put(KEY, bytes('two'), bytes('meta'));
    expect(engine.get(KEY)).toEqual({ meta: bytes('meta'), value: bytes('two') });
    expect(engine.getMeta(KEY)).toEqual(bytes('meta'));
    await engine.delete(KEY);
    expect([engine.get(KEY), engine.getMeta(KEY), engine.get(bytes('never'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await engine.close();
  });

  it('take and give copies', async () => {
    const engine = await open();
    const given = { key: bytes('key'), value: bytes('value'), meta: bytes('meta') };
    const writing = engine.put(given.key, given.value, given.meta);
    for (const each of Object.values(given)) each.fill(0);
    await writing;
    for (const stored of ['memtable', 'run']) {
      const got = engine.get(KEY)!;
      got.value.fill(0);
      got.meta.fill(0);
      engine.getMeta(KEY)!.fill(0);
      for (const each of engine.scan()) each.key.fill(0);
      expect(engine.get(KEY), stored).toEqual({ meta: bytes('meta'), value: bytes('value') });
      await engine.flush();
    }
    await engine.close();
  });

  it('accept Buffers and give plain bytes', async () => {
    const engine = await open();
    await engine.put(Buffer.from('key'), Buffer.from('value'), Buffer.from('meta'));
    expect(engine.get(KEY)?.value.constructor).toBe(Uint8Array);
    expect(valueAt(engine, 'key')).toBe('value');
    await engine.close();
  });

  it('hold empty keys, metas and values, and the largest ones', async () => {
    const engine = await open();
    const largest = { key: new Uint8Array(65_535).fill(1), meta: new Uint8Array(255), value: new Uint8Array(2 ** 24) };
    await engine.put(new Uint8Array(0), new Uint8Array(0));
    await engine.put(largest.key, largest.value, largest.meta);
    await engine.compact();
    expect(engine.get(new Uint8Array(0))).toEqual({ meta: new Uint8Array(0), value: new Uint8Array(0) });
    const found = engine.get(largest.key);
    expect([found?.meta.length, found?.value.length]).toEqual([255, 2 ** 24]);
    await engine.close();
  });

  it('refuse what is too long, naming the limit and what was got', async () => {
    const engine = await open();
    const refused = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
    const small = new Uint8Array(0);
    expect(await refused(engine.put(new Uint8Array(65_536), small))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'a key has at most 65535 bytes, got 65536',
    });
    expect(await refused(engine.put(small, new Uint8Array(2 ** 24 + 1)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refused(engine.put(small, small, new Uint8Array(256)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refused(engine.delete(new Uint8Array(65_536)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(contentsOf(engine).size).toBe(0);
    await engine.close();
  });

  it('show a write once it is durable, not before', async () => {
    const { engine, syncs } = await openHeld();
    syncs.hold();
    const writing = engine.put(KEY, bytes('value'));
    expect(await isSettled(writing)).toBe(false);
    expect(engine.get(KEY)).toBeUndefined();
    expect([...engine.scan()].map(({ key }) => text(key))).toEqual(['first']);
    syncs.release();
    await writing;
    expect(valueAt(engine, 'key')).toBe('value');
    await engine.close();
  });
});

describe('apply', () => {
  it('judges against the same burst, the group in flight, the memtable and runs', async () => {
    const { engine, syncs } = await openHeld();
    const seen: (string | undefined)[] = [];
    const note: Decide = (current) => {
      seen.push(current === undefined ? undefined : text(current));
      return 'replace';
    };
    syncs.hold();
    const writes = [engine.apply(KEY, bytes('a'), bytes('1'), note), engine.apply(KEY, bytes('b'), bytes('2'), note)];
    await turns();
    writes.push(engine.apply(KEY, bytes('c'), bytes('3'), note));
    syncs.release();
    await Promise.all(writes);
    await engine.apply(KEY, bytes('d'), bytes('4'), note);
    await engine.flush();
    await engine.apply(KEY, bytes('e'), bytes('5'), note);
    expect(seen).toEqual([undefined, 'a', 'b', 'c', 'd']);
    expect(engine.get(KEY)).toEqual({ meta: bytes('e'), value: bytes('5') });
    await engine.close();
  });

  it('calls decide once, before the call returns', async () => {
    const engine = await open();
    let calls = 0;
    const applying = engine.apply(KEY, bytes('m'), bytes('v'), () => {
      calls++;
      return 'replace';
    });
    expect(calls).toBe(1);
    await applying;
    expect(calls).toBe(1);
    await engine.close();
  });

  it('says what the engine holds now', async () => {
    const engine = await open();
    const first = await engine.apply(KEY, Uint8Array.of(5), bytes('five'), highest);
    expect(first).toEqual({ outcome: 'replaced', meta: Uint8Array.of(5) });
    const older = await engine.apply(KEY, Uint8Array.of(3), bytes('three'), highest);
    expect(older).toEqual({ outcome: 'kept', meta: Uint8Array.of(5) });
    expect(valueAt(engine, 'key')).toBe('five');
    await engine.close();
  });

  it('sees nothing where a delete was last, and may keep it so', async () => {
    const engine = await open();
    await engine.put(KEY, bytes('value'), bytes('meta'));
    await engine.delete(KEY);
    let seen: Uint8Array | undefined = bytes('unset');
    const kept = await engine.apply(KEY, bytes('m'), bytes('v'), (current) => {
      seen = current;
      return 'keep';
    });
    expect(seen).toBeUndefined();
    expect(kept).toEqual({ outcome: 'kept', meta: new Uint8Array(0) });
    expect(engine.get(KEY)).toBeUndefined();
    await engine.close();
  });

  it('answers "kept" only when what was kept is durable', async () => {
    const { engine, syncs } = await openHeld();
    syncs.hold();
    const winning = engine.apply(KEY, Uint8Array.of(5), bytes('five'), highest);
    await turns();
    const losing = engine.apply(KEY, Uint8Array.of(3), bytes('three'), highest);
    expect(await isSettled(losing)).toBe(false);
    syncs.release();
    expect((await losing).outcome).toBe('kept');
    await winning;
    await engine.close();
  });

  it('leaves the highest version, in whatever order versions arrive', async () => {
    const engine = await open();
    for (let round = 0; round < 20; round++) {
      const key = bytes(`key${round}`);
      const versions = Array.from({ length: 8 }, (_, i) => ((i * (2 * round + 1)) % 8) + 1);
      for (const version of versions) {
        const applying = engine.apply(key, Uint8Array.of(version), bytes(`v${version}`), highest);
        if (round % 2 === 0) await applying;
        if (version === 4) await engine.flush();
      }
      await engine.flush();
      expect(engine.getMeta(key)).toEqual(Uint8Array.of(8));
      expect(valueAt(engine, `key${round}`)).toBe('v8');
    }
    await engine.close();
  });

  it('fails with what decide throws, and writes nothing', async () => {
    const engine = await open();
    const failure = new Error('cannot judge');
    const applying = engine.apply(KEY, bytes('m'), bytes('v'), () => {
      throw failure;
    });
    await expect(applying).rejects.toBe(failure);
    await engine.put(bytes('other'), bytes('v'));
    expect(engine.get(KEY)).toBeUndefined();
    await engine.close();
  });
});

describe('scan', () => {
  async function filled(): Promise<StorageEngine> {
    const engine = await open();
    for (let i = 0; i < 60; i++) await engine.put(bytes(`k${10 + i}`), bytes(`v${i}`), bytes(`m${i}`));
    return engine;
  }

  it('gives metas without reading values', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    for (let i = 0; i < 20; i++) await engine.put(bytes(`k${10 + i}`), new Uint8Array(50_000), bytes(`m${i}`));
    await engine.flush();
    let read = 0;
    disk.observe((call) => {
      read += call.operation === 'read' ? (call.bytes ?? 0) : 0;
      return undefined;
    });
    const metas = [...engine.scanMeta({ gte: bytes('k15') })].map(({ key, meta }) => [text(key), text(meta)]);
    expect(metas[0]).toEqual(['k15', 'm5']);
    expect(metas).toHaveLength(15);
    expect(read).toBeLessThan(50_000);
    await engine.close();
  });

  it('goes on over flushes and compactions, each key once, without gaps', async () => {
    for (const reverse of [false, true]) {
      const engine = await filled();
      const keys: string[] = [];
      for (const { key } of engine.scan({ reverse })) {
        keys.push(text(key));
        if (keys.length % 7 === 0) await engine.put(bytes('zz'), bytes('new'));
        if (keys.length % 10 === 0) await engine.flush();
        if (keys.length % 25 === 0) await engine.compact();
      }
      const expected = Array.from({ length: 60 }, (_, i) => `k${10 + i}`);
      const old = keys.filter((key) => key !== 'zz');
      expect(old).toEqual(reverse ? expected.reverse() : expected);
      await engine.close();
    }
  });

  it('without pauses is a snapshot as of its first step', async () => {
    const engine = await filled();
    const scanning = engine.scan();
    scanning.next();
    void engine.put(bytes('k11'), bytes('changed'));
    void engine.delete(bytes('k12'));
    const values = [...scanning].map(({ value }) => text(value));
    expect(values).toEqual(Array.from({ length: 59 }, (_, i) => `v${i + 1}`));
    await engine.close();
  });

  it('can be left and forgotten, also in the midst of a run that goes away', async () => {
    const engine = await filled();
    await engine.flush();
    const left = engine.scan();
    left.next();
    await engine.compact();
    await engine.close();
    expect(await codeOf(() => left.next())).toBe('CLOSED');
  });

  it('refuses a limit that cannot be meant', async () => {
    const engine = await filled();
    for (const limit of [-1, 1.5, NaN]) expect(await codeOf(() => engine.scan({ limit }))).toBe('INVALID_ARGUMENT');
    expect([...engine.scan({ limit: 0 })]).toEqual([]);
    await engine.close();
  });
});
