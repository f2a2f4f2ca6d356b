import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { HeldSyncs } from '../testing/held-syncs.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { bytes, codeOf, contentsOf, isSettled, openOn, text, turns, valueAt } from '../testing/store.ts';
import type { Decide, Offered } from './entry.ts';
import type { CompactionProgress } from './maintenance/compactor.ts';
import type { StorageEngine } from './storage-engine.ts';
import type { BatchOperation } from './write.ts';

const KEY = bytes('key');
const NONE = new Uint8Array(0);
const highest: Decide = (current, incoming) => {
  return current !== undefined && current[0]! >= incoming[0]! ? 'keep' : 'replace';
};
const offer = (meta: Uint8Array, value: string): Offered => ({ meta, value: bytes(value) });

function open(): Promise<StorageEngine> {
  return openOn(new CrashableFileSystem(), { memtableBytes: 4096, blockBytes: 256, separateBytes: 100 });
}

/** A store whose log syncs wait for the test. */
async function openHeld(): Promise<{ engine: StorageEngine; syncs: HeldSyncs }> {
  const syncs = new HeldSyncs();
  const engine = await openOn(new CrashableFileSystem(), {}, { wrapFileSystem: (inner) => syncs.wrap(inner) });
  await engine.put(bytes('first'), bytes('creates the segment'));
  return { engine, syncs };
}

describe('compact', () => {
  it('leaves one run and little of the values that were replaced, and tells what it did', async () => {
    const told: CompactionProgress[] = [];
    const options = {
      memtableBytes: 262_144,
      separateBytes: 100,
      onCompaction: (each: CompactionProgress) => told.push(each),
    };
    const engine = await openOn(new CrashableFileSystem(), options);
    const write = async (count: number, fill: string): Promise<void> => {
      for (let i = 0; i < count; i++) await engine.put(bytes(`k${10 + i}`), bytes(fill.repeat(500)));
      await engine.flush();
    };
    await write(60, 'old');
    await write(30, 'new');
    await engine.compact();
    const { runs, valueBytes, garbageBytes, runsPerTier, compactions, compactedBytes } = engine.stats();
    expect(runs).toBe(1);
    expect(runsPerTier.reduce((sum, count) => sum + count)).toBe(1);
    expect(garbageBytes).toBeLessThan(valueBytes / 10);
    const ended = told.filter(({ stage }) => stage === 'ended');
    expect(ended).toHaveLength(compactions);
    expect(ended[0]).toMatchObject({ reason: 'manual', inputs: 2 });
    expect(ended.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0)).toBe(compactedBytes);
    expect([valueAt(engine, 'k10'), valueAt(engine, 'k69')]).toEqual(['new'.repeat(500), 'old'.repeat(500)]);
    await engine.close();
  });
});

describe('put, get and delete', () => {
  it('give back what was put last, and nothing for what was deleted or never put', async () => {
    const engine = await open();
    await engine.put(KEY, bytes('one'));
    await engine.put(KEY, bytes('two'), { meta: bytes('meta'), deadline: 2_000_000 });
    expect(engine.getEntrySync(KEY)).toEqual({ meta: bytes('meta'), value: bytes('two'), deadline: 2_000_000 });
    expect(engine.getMeta(KEY)).toEqual({ meta: bytes('meta'), deadline: 2_000_000, tombstone: false });
    await engine.delete(KEY);
    expect([engine.getSync(KEY), engine.getMeta(KEY), engine.getSync(bytes('never'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await engine.close();
  });

  it('take and give copies', async () => {
    const engine = await open();
    const given = { key: bytes('key'), value: bytes('value '.repeat(30)), meta: bytes('meta') };
    const writing = engine.put(given.key, given.value, { meta: given.meta });
    for (const each of Object.values(given)) each.fill(0);
    await writing;
    for (const stored of ['memtable', 'run', 'cache']) {
      const got = engine.getEntrySync(KEY)!;
      expect(got, stored).toEqual({ meta: bytes('meta'), value: bytes('value '.repeat(30)), deadline: 0 });
      got.value!.fill(0);
      got.meta.fill(0);
      (await engine.get(KEY))!.fill(0);
      engine.getMeta(KEY)!.meta.fill(0);
      for (const each of engine.scan()) for (const part of [each.key, each.meta, each.value!]) part.fill(0);
      await engine.flush();
    }
    expect(valueAt(engine, 'key')).toBe('value '.repeat(30));
    await engine.close();
  });

  it('accept Buffers and give plain bytes', async () => {
    const engine = await open();
    await engine.put(Buffer.from('key'), Buffer.from('value'), { meta: Buffer.from('meta') });
    expect(engine.getSync(Buffer.from('key'))?.constructor).toBe(Uint8Array);
    expect(engine.getMeta(KEY)?.meta.constructor).toBe(Uint8Array);
    await engine.close();
  });

  it('hold empty keys, metas and values, and the largest ones', async () => {
    const engine = await open();
    const largest = { key: new Uint8Array(65_535).fill(1), meta: new Uint8Array(255), value: new Uint8Array(2 ** 24) };
    await engine.put(NONE, NONE);
    await engine.put(largest.key, largest.value, { meta: largest.meta });
    await engine.compact();
    expect(engine.getEntrySync(NONE)).toEqual({ meta: NONE, value: NONE, deadline: 0 });
    const found = engine.getEntrySync(largest.key);
    expect([found?.meta.length, found?.value?.length]).toEqual([255, 2 ** 24]);
    await engine.close();
  });

  it('refuse what is too long or cannot be meant, naming the limit and what was got', async () => {
    const engine = await open();
    const refused = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
    expect(await refused(engine.put(new Uint8Array(65_536), NONE))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'a key has at most 65535 bytes, got 65536',
    });
    const longEnd: BatchOperation = { type: 'delete-range', from: NONE, to: new Uint8Array(65_536) };
    for (const work of [
      engine.put(NONE, new Uint8Array(2 ** 24 + 1)),
      engine.put(NONE, NONE, { meta: new Uint8Array(256) }),
      engine.put(NONE, NONE, { deadline: -1 }),
      engine.put(NONE, NONE, { deadline: 1.5 }),
      engine.put(NONE, NONE, { deadline: 2 ** 48 }),
      engine.delete(new Uint8Array(65_536)),
      engine.batch([{ type: 'put', key: NONE, value: NONE }, longEnd]),
      engine.apply(new Uint8Array(65_536), offer(NONE, ''), highest),
    ]) {
      expect(await refused(work)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(contentsOf(engine).size).toBe(0);
    await engine.close();
  });

  it('take byte strings only, and say what else they got', async () => {
    const engine = await open();
    const data = new DataView(new ArrayBuffer(2));
    const wrongs: [unknown, string][] = [
      ['key', 'string'],
      [new Uint16Array([1000]), 'Uint16Array'],
      [data, 'DataView'],
      [new ArrayBuffer(2), 'ArrayBuffer'],
      [[1, 2], 'Array'],
      [null, 'null'],
    ];
    for (const [given, got] of wrongs) {
      const wrong = given as Uint8Array;
      const calls: [string, () => unknown][] = [
        ['key', () => engine.put(wrong, NONE)],
        ['value', () => engine.put(KEY, wrong)],
        ['meta', () => engine.put(KEY, NONE, { meta: wrong })],
        ['key', () => engine.delete(wrong)],
        ['key', () => engine.batch([{ type: 'delete', key: wrong }])],
        ['key', () => engine.deleteRange(wrong, undefined)],
        ['key', () => engine.deleteRange(NONE, wrong)],
        ['key', () => engine.apply(wrong, offer(NONE, ''), highest)],
        ['value', () => engine.apply(KEY, { meta: NONE, value: wrong }, highest)],
        ['meta', () => engine.apply(KEY, offer(NONE, ''), () => ({ meta: wrong, value: NONE }))],
        ['key', () => engine.get(wrong)],
        ['key', () => engine.getSync(wrong)],
        ['key', () => engine.getEntry(wrong)],
        ['key', () => engine.getEntrySync(wrong)],
        ['key', () => engine.getMeta(wrong)],
        ['key', () => engine.has(wrong)],
        ['key', () => engine.hasSync(wrong)],
        ['key', () => engine.getMany([KEY, wrong])],
        ['key', () => engine.iterator({ gte: wrong })],
        ['key', () => engine.iterator({ prefix: wrong })],
        ['key', () => engine.compactRange(NONE, wrong)],
        ['key', () => engine.approximateBytes(wrong, undefined)],
      ];
      for (const [what, call] of calls) {
        await expect((async () => call())(), String(call)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: `a ${what} must be a Uint8Array, got ${got}`,
        });
      }
    }
    await engine.put(Buffer.from('key'), Buffer.from('value'), { meta: Buffer.from('meta') });
    expect([...contentsOf(engine)]).toEqual([['key', 'value']]);
    const foreign = runInNewContext('new Uint8Array([107, 101, 121])') as Uint8Array;
    expect(text(engine.getSync(foreign)!)).toBe('value');
    await engine.close();
  });

  it('show a write once it is durable, not before, wherever it lies', async () => {
    const { engine, syncs } = await openHeld();
    syncs.hold();
    const writing = engine.put(KEY, bytes('value'));
    expect(await isSettled(writing)).toBe(false);
    expect([engine.getSync(KEY), engine.hasSync(KEY), engine.getMeta(KEY)]).toEqual([undefined, false, undefined]);
    expect([...engine.scan()].map(({ key }) => text(key))).toEqual(['first']);
    syncs.release();
    await writing;
    expect(valueAt(engine, 'key')).toBe('value');
    await engine.close();
  });
});

describe('batch', () => {
  it('is written in its order: what it deletes by range stays deleted unless it comes later', async () => {
    const engine = await open();
    await engine.put(bytes('b'), bytes('old'));
    await engine.batch([
      { type: 'put', key: bytes('a'), value: bytes('1') },
      { type: 'delete-range', from: bytes('a'), to: bytes('c') },
      { type: 'put', key: bytes('b'), value: bytes('2') },
      { type: 'put', key: bytes('d'), value: bytes('3') },
      { type: 'delete', key: bytes('d') },
    ]);
    expect([...contentsOf(engine)]).toEqual([['b', '2']]);
    await engine.flush();
    expect([...contentsOf(engine)]).toEqual([['b', '2']]);
    await engine.close();
  });

  it('is refused if an operation is of no type there is', async () => {
    const engine = await open();
    const unknown = { type: 'del', key: KEY } as unknown as BatchOperation;
    await expect(engine.batch([{ type: 'put', key: KEY, value: NONE }, unknown])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'an operation is of type put, delete or delete-range, got del',
    });
    expect(engine.stats().memtableEntries).toBe(0);
    await engine.close();
  });

  it('without operations waits for what was written before', async () => {
    const { engine, syncs } = await openHeld();
    syncs.hold();
    const writing = engine.put(KEY, bytes('value'));
    const empty = engine.batch([]);
    expect(await isSettled(empty)).toBe(false);
    syncs.release();
    await Promise.all([writing, empty]);
    await engine.close();
  });

  it('is refused whole if it is too large, also where it is many operations that hold next to nothing', async () => {
    const engine = await open();
    const value = new Uint8Array(2 ** 24);
    const large = Array.from({ length: 5 }, (): BatchOperation => ({ type: 'put', key: KEY, value }));
    expect(await codeOf(() => engine.batch(large))).toBe('INVALID_ARGUMENT');
    // Each takes bytes of the log, though its key has none.
    const empty: BatchOperation = { type: 'put', key: NONE, value: NONE, deadline: 1 };
    const many: BatchOperation[] = new Array<BatchOperation>(5_000_000).fill(empty);
    expect(await codeOf(() => engine.batch(many))).toBe('INVALID_ARGUMENT');
    expect(engine.stats().memtableEntries).toBe(0);
    await engine.close();
  });
});

describe('deadlines', () => {
  it('make an entry a tombstone of its meta, or of none, from their moment on, in memory and on disk', async () => {
    const clock = new ManualClock(1000);
    const engine = await openOn(new CrashableFileSystem(), {}, { clock });
    await engine.put(bytes('plain'), bytes('v'), { deadline: 2000 });
    await engine.put(bytes('meta'), bytes('v'), { deadline: 2000, meta: bytes('m') });
    for (const stored of ['memtable', 'run']) {
      expect([engine.hasSync(bytes('plain')), engine.hasSync(bytes('plain'), 2000)], stored).toEqual([true, false]);
      await engine.flush();
    }
    clock.advance(1000);
    expect(contentsOf(engine).size).toBe(0);
    expect(engine.getEntrySync(bytes('plain'))).toBeUndefined();
    expect(engine.getEntrySync(bytes('meta'))).toEqual({ meta: bytes('m'), value: undefined, deadline: 2000 });
    expect([...engine.scan({ tombstones: true })].map(({ key }) => text(key))).toEqual(['meta']);
    await engine.compact();
    expect(engine.stats()).toMatchObject({ runs: 1, runEntries: 1 });
    await engine.close();
  });

  it('once passed, are seen by decisions: nothing without meta, a tombstone with one', async () => {
    const clock = new ManualClock(1000);
    const engine = await openOn(new CrashableFileSystem(), {}, { clock });
    await engine.put(bytes('plain'), bytes('v'), { deadline: 2000 });
    await engine.put(bytes('meta'), bytes('v'), { deadline: 2000, meta: bytes('m') });
    const seen: unknown[] = [];
    const look: Decide = (current, _, value) => {
      seen.push(current === undefined ? undefined : text(current), value()?.length);
      return 'keep';
    };
    for (const at of [0, 1000]) {
      clock.advance(at);
      for (const name of ['plain', 'meta']) await engine.apply(bytes(name), offer(NONE, ''), look);
    }
    expect(seen).toEqual(['', 1, 'm', 1, undefined, undefined, 'm', undefined]);
    await engine.close();
  });
});

describe('apply', () => {
  it('judges against the same burst, the group in flight, the memtable and runs', async () => {
    const { engine, syncs } = await openHeld();
    const seen: (string | undefined)[] = [];
    const note: Decide = (current, _, value) => {
      seen.push(current === undefined ? undefined : `${text(current)}${text(value()!)}`);
      return 'replace';
    };
    syncs.hold();
    const writes = [engine.apply(KEY, offer(bytes('a'), '1'), note), engine.apply(KEY, offer(bytes('b'), '2'), note)];
    await turns();
    writes.push(engine.apply(KEY, offer(bytes('c'), '3'), note));
    syncs.release();
    await Promise.all(writes);
    await engine.apply(KEY, offer(bytes('d'), '4'), note);
    await engine.flush();
    await engine.apply(KEY, offer(bytes('e'), '5'), note);
    expect(seen).toEqual([undefined, 'a1', 'b2', 'c3', 'd4']);
    expect(engine.getEntrySync(KEY)).toEqual({ meta: bytes('e'), value: bytes('5'), deadline: 0 });
    await engine.close();
  });

  it('calls decide once, before the call returns', async () => {
    const engine = await open();
    let calls = 0;
    const applying = engine.apply(KEY, offer(bytes('m'), 'v'), () => {
      calls++;
      return 'replace';
    });
    expect(calls).toBe(1);
    await applying;
    expect(calls).toBe(1);
    await engine.close();
  });

  it('says what the engine holds now, and writes what decide makes of both', async () => {
    const engine = await open();
    const first = await engine.apply(KEY, offer(Uint8Array.of(5), 'five'), highest);
    expect(first).toEqual({ outcome: 'replaced', meta: Uint8Array.of(5) });
    const older = await engine.apply(KEY, offer(Uint8Array.of(3), 'three'), highest);
    expect(older).toEqual({ outcome: 'kept', meta: Uint8Array.of(5) });
    expect(valueAt(engine, 'key')).toBe('five');
    const merge: Decide = (current, incoming, value) => ({
      meta: Uint8Array.of(current![0]! + incoming[0]!),
      value: bytes(`${text(value()!)} and more`),
    });
    const merged = await engine.apply(KEY, offer(Uint8Array.of(3), 'three'), merge);
    expect(merged).toEqual({ outcome: 'merged', meta: Uint8Array.of(8) });
    expect(valueAt(engine, 'key')).toBe('five and more');
    const deleted = await engine.apply(KEY, { meta: Uint8Array.of(9), value: undefined }, highest);
    expect(deleted.outcome).toBe('replaced');
    expect(engine.getEntrySync(KEY)).toEqual({ meta: Uint8Array.of(9), value: undefined, deadline: 0 });
    await engine.close();
  });

  it('sees nothing where a delete was last, and may keep it so', async () => {
    const engine = await open();
    for (const remove of [() => engine.delete(KEY), () => engine.deleteRange(bytes('k'), bytes('l'))]) {
      await engine.put(KEY, bytes('value'), { meta: bytes('meta') });
      await remove();
      let seen: Uint8Array | undefined = bytes('unset');
      const kept = await engine.apply(KEY, offer(bytes('m'), 'v'), (current) => {
        seen = current;
        return 'keep';
      });
      expect(seen).toBeUndefined();
      expect(kept).toEqual({ outcome: 'kept', meta: NONE });
      expect(engine.getSync(KEY)).toBeUndefined();
    }
    await engine.close();
  });

  it('answers "kept" only when what was kept is durable', async () => {
    const { engine, syncs } = await openHeld();
    syncs.hold();
    const winning = engine.apply(KEY, offer(Uint8Array.of(5), 'five'), highest);
    await turns();
    const losing = engine.apply(KEY, offer(Uint8Array.of(3), 'three'), highest);
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
        const applying = engine.apply(key, offer(Uint8Array.of(version), `v${version}`), highest);
        if (round % 2 === 0) await applying;
        if (version === 4) await engine.flush();
      }
      await engine.flush();
      expect(engine.getMeta(key)?.meta).toEqual(Uint8Array.of(8));
      expect(valueAt(engine, `key${round}`)).toBe('v8');
    }
    await engine.close();
  });

  it('fails with what decide throws, and writes nothing', async () => {
    const engine = await open();
    const failure = new Error('cannot judge');
    const applying = engine.apply(KEY, offer(bytes('m'), 'v'), () => {
      throw failure;
    });
    await expect(applying).rejects.toBe(failure);
    await engine.put(bytes('other'), bytes('v'));
    expect(engine.getSync(KEY)).toBeUndefined();
    await engine.close();
  });
});

describe('scan', () => {
  async function filled(): Promise<StorageEngine> {
    const engine = await open();
    for (let i = 0; i < 60; i++) await engine.put(bytes(`k${10 + i}`), bytes(`v${i}`), { meta: bytes(`m${i}`) });
    return engine;
  }

  it('gives metas without reading values', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    for (let i = 0; i < 20; i++) {
      await engine.put(bytes(`k${10 + i}`), new Uint8Array(50_000), { meta: bytes(`m${i}`) });
    }
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

  it('is of one moment, also over writes, flushes and compactions in its midst', async () => {
    for (const reverse of [false, true]) {
      const engine = await filled();
      const seen: string[] = [];
      for (const { key, value } of engine.scan({ reverse })) {
        seen.push(`${text(key)}=${text(value!)}`);
        if (seen.length % 7 === 0) await engine.batch([{ type: 'delete-range', from: bytes('k3'), to: undefined }]);
        if (seen.length % 7 === 1) await engine.put(bytes(`k${10 + seen.length}`), bytes('new'));
        if (seen.length % 10 === 0) await engine.flush();
        if (seen.length % 25 === 0) await engine.compact();
      }
      const expected = Array.from({ length: 60 }, (_, i) => `k${10 + i}=v${i}`);
      expect(seen).toEqual(reverse ? expected.reverse() : expected);
      await engine.close();
    }
  });

  it('left by break lets go of what it read from', async () => {
    const disk = new CrashableFileSystem();
    const engine = await openOn(disk);
    for (let i = 0; i < 20; i++) await engine.put(bytes(`k${i}`), bytes('v'));
    await engine.flush();
    for (const { key } of engine.scan()) if (text(key) === 'k1') break;
    await engine.put(bytes('k1'), bytes('new'));
    await engine.compact();
    expect((await disk.list('')).filter((name) => name.endsWith('.run'))).toHaveLength(1);
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
    for (const limit of [-1, 1.5, NaN]) {
      expect(await codeOf(() => engine.iterator({ limit }))).toBe('INVALID_ARGUMENT');
    }
    expect([...engine.scan({ limit: 0 })]).toEqual([]);
    await engine.close();
  });

  it('gives so many entries at a time, or so many bytes', async () => {
    const engine = await filled();
    const iterator = engine.iterator();
    expect(iterator.nextv(2).map(({ key }) => text(key))).toEqual(['k10', 'k11']);
    // Five bytes an entry: three of them are the first to come to eleven.
    expect(iterator.nextv(100, 11)).toHaveLength(3);
    expect(iterator.nextv(100, 0)).toHaveLength(1);
    expect(iterator.nextv(1000)).toHaveLength(54);
    expect([iterator.nextv(1), iterator.next().done]).toEqual([[], true]);
    await engine.close();
  });
});

describe('snapshot', () => {
  it('fails with CLOSED when it was released, or the engine was closed', async () => {
    const engine = await open();
    await engine.put(KEY, bytes('v'));
    const [released, left] = [engine.snapshot(), engine.snapshot()];
    released.release();
    released.release();
    await engine.put(KEY, bytes('new'));
    expect(valueAt(left, 'key')).toBe('v');
    expect(await codeOf(() => released.getSync(KEY))).toBe('CLOSED');
    await engine.close();
    for (const work of [() => left.getSync(KEY), () => left.get(KEY), () => left.iterator(), () => engine.snapshot()]) {
      expect(await codeOf(work)).toBe('CLOSED');
    }
  });
});
