import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { LoggedMemtable, addTo } from '../../testing/log.ts';
import { bytes, codeOf, text } from '../../testing/store.ts';
import { segmentFileName } from '../file-names.ts';
import { noCodec } from '../ports/codec.ts';
import type { AddedRun } from '../ports/manifest.ts';
import { RunScanner } from '../sorted-run/run-scanner.ts';
import { flushMemtable } from './flush.ts';
import type { JobPorts } from './flush.ts';
import type { FlushJob } from './job.ts';
import { runJob } from './run-job.ts';

const FIRST = 11;

class Flush {
  readonly disk: CrashableFileSystem = new CrashableFileSystem();
  readonly logged: LoggedMemtable = new LoggedMemtable(this.disk, 5, FIRST);
  cancelled = false;

  get ports(): JobPorts {
    const control = { cancelled: () => this.cancelled };
    return { fileSystem: this.disk, codec: noCodec, control, pace: () => Promise.resolve() };
  }

  job(oldest = false, now = 0): FlushJob {
    const { segments, lastSequence } = this.logged.memtable;
    const plan = { run: 1, valueFile: 2, blockBytes: 128, separateBytes: 100, firstSequence: FIRST, lastSequence };
    const purge = { versionAt: { offset: 0, length: 0 }, rules: [] };
    return { kind: 'flush', segments: [...segments], plan, disposal: { oldest, now, purge } };
  }

  async run(job: FlushJob = this.job()): Promise<AddedRun | undefined> {
    return (await runJob(job, this.ports)).added;
  }

  async read(added: AddedRun): Promise<{ keys: string[]; ranges: number }> {
    const scanner = await RunScanner.open(this.disk, noCodec, added.run.number, added.run);
    const keys: string[] = [];
    for (let block = await scanner.nextBlock(); block !== undefined; block = await scanner.nextBlock()) {
      for (let i = 0; i < block.entries.count; i++) keys.push(text(block.entries.keyAt(i)));
    }
    await scanner.close();
    return { keys, ranges: scanner.ranges.length };
  }
}

const value = (length: number): Uint8Array => new Uint8Array(length).fill(7);

describe('flush', () => {
  it('puts segments into one run: the newest of each key, in order, without what ranges deleted', async () => {
    const flush = new Flush();
    await flush.logged.begin();
    await flush.logged.append((memtable) => {
      addTo(memtable, 'c', value(10));
      addTo(memtable, 'a', value(200));
      addTo(memtable, 'm', value(10));
    });
    await flush.logged.begin();
    await flush.logged.append((memtable) => {
      memtable.addRange(bytes('l'), bytes('z'));
      addTo(memtable, 'c', undefined);
      addTo(memtable, 'p', value(20));
    });
    const added = (await flush.run())!;
    expect(await flush.read(added)).toEqual({ keys: ['a', 'c', 'p'], ranges: 1 });
    expect(added.run).toMatchObject({ entries: 3, tombstones: 1, ranges: 1, firstSequence: 11, lastSequence: 16 });
    expect(added.valueFile).toMatchObject({ number: 2, values: 1 });
  });

  it('from the log and from memory comes to the same bytes', async () => {
    const flush = new Flush();
    await flush.logged.begin();
    for (let i = 0; i < 50; i++) await flush.logged.append((memtable) => addTo(memtable, `k${i % 20}`, value(i * 4)));
    const fromLog = (await flush.run())!;
    const files = ['0000000001.run', '0000000002.values'].map((name) => flush.disk.contents(name));
    for (const name of ['0000000001.run', '0000000002.values']) await flush.disk.remove(name);
    const fromMemory = await flushMemtable(flush.logged.memtable, flush.job(), flush.ports);
    expect(fromMemory).toEqual(fromLog);
    expect(['0000000001.run', '0000000002.values'].map((name) => flush.disk.contents(name))).toEqual(files);
  });

  it('with nothing older drops tombstones and ranges, and comes to no file if that was all', async () => {
    const flush = new Flush();
    await flush.logged.begin();
    await flush.logged.append((memtable) => {
      addTo(memtable, 'a', undefined);
      memtable.addRange(bytes('b'), undefined);
    });
    expect(await flush.run(flush.job(true))).toBeUndefined();
    expect(await flush.disk.list('')).toEqual([segmentFileName(5)]);
  });

  it('leaves out the frames of its first segment that are in runs already', async () => {
    const flush = new Flush();
    await flush.logged.begin();
    for (const name of ['a', 'b', 'c']) await flush.logged.append((memtable) => addTo(memtable, name, value(1)));
    const job = flush.job();
    const added = (await flush.run({ ...job, plan: { ...job.plan, firstSequence: FIRST + 1 } }))!;
    expect((await flush.read(added)).keys).toEqual(['b', 'c']);
  });

  it('refuses a log that is damaged, cut or too short, naming it, and leaves no file', async () => {
    for (const harm of ['damaged', 'cut', 'short'] as const) {
      const flush = new Flush();
      await flush.logged.begin();
      for (const name of ['a', 'b']) await flush.logged.append((memtable) => addTo(memtable, name, value(30)));
      const path = segmentFileName(5);
      const contents = flush.disk.contents(path);
      if (harm === 'damaged') contents[70] = (contents[70] as number) ^ 1;
      const frame = (contents.length - 24) / 2;
      flush.disk.place(path, contents.subarray(0, contents.length - { damaged: 0, cut: 5, short: frame }[harm]));
      expect(await flush.run().catch((error: unknown) => error), harm).toMatchObject({
        code: 'CORRUPTION',
        file: path,
      });
      expect(await flush.disk.list('')).toEqual([path]);
    }
  });

  it('is given up when cancelled, and leaves no file', async () => {
    const flush = new Flush();
    await flush.logged.begin();
    await flush.logged.append((memtable) => {
      for (let i = 0; i < 20_000; i++) addTo(memtable, `key${i}`, value(90));
    });
    flush.cancelled = true;
    expect(await codeOf(() => flush.run())).toBe('CLOSED');
    expect(await flush.disk.list('')).toEqual([segmentFileName(5)]);
  });
});
