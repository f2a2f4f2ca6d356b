import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { CompactionProgress } from '../core/index.ts';
import { bytes, codeOf, contentsOf, text } from '../testing/store.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { openStorage } from './open-storage.ts';
import { repairStorage } from './repair-storage.ts';

const WRITER = join(import.meta.dirname, 'testing/writing-process.ts');

interface Writer {
  readonly process: ChildProcess;
  /** Resolves with the number of the newest acknowledged key once so many lines were said. */
  lines(count: number): Promise<number>;
  kill(): Promise<void>;
}

function startWriter(directory: string): Writer {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return {
    process: child,
    lines: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (lines.length < count) return;
          waiting.delete(check);
          resolve(Number(lines.at(-1)));
        };
        waiting.add(check);
        check();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe('open storage', { timeout: 120_000 }, () => {
  it('makes the directory, and keeps everything over reopenings', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'made', 'for', 'it');
    let engine = await openStorage(path, { memtableBytes: 20_000 });
    const writes = Array.from({ length: 300 }, (_, i) =>
      engine.put(bytes(`k${i}`), bytes(`value ${i} `.repeat(i % 50))),
    );
    await Promise.all(writes);
    await engine.compact();
    await engine.put(bytes('last'), bytes('in the log'));
    await engine.close();
    expect((await readdir(path)).every((name) => /^(manifest\.db|\d{10}\.(log|run))$/.test(name))).toBe(true);
    engine = await openStorage(path);
    const contents = contentsOf(engine);
    expect(contents.size).toBe(301);
    expect(contents.get('k49')).toBe('value 49 '.repeat(49));
    expect(text(engine.getSync(bytes('last'))!)).toBe('in the log');
    expect(engine.recovery).toMatchObject({ cleanShutdown: true, entriesReplayed: 1 });
    await engine.close();
  });

  it('reads with and without compression what was written without, not the reverse', async () => {
    await using directory = await temporaryDirectory();
    const write = async (compression: 'zstd' | 'none', key: string): Promise<void> => {
      const engine = await openStorage(directory.path, { compression });
      await engine.put(bytes(key), new Uint8Array(50_000));
      await engine.flush();
      await engine.close();
    };
    await write('none', 'plain');
    await write('zstd', 'compressed');
    const engine = await openStorage(directory.path, { compression: 'none' });
    expect(engine.getSync(bytes('plain'))).toHaveLength(50_000);
    expect(await codeOf(() => engine.getSync(bytes('compressed')))).toBe('UNSUPPORTED_FORMAT');
    await engine.close();
  });

  it('refuses a compression and a level that there are not, and makes nothing', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'store');
    for (const compression of ['gzip', true, null, {}]) {
      const refused = openStorage(path, { compression: compression as 'none' });
      await expect(refused).rejects.toThrow('compression must be zstd, none or a codec, got ');
      await expect(repairStorage(path, { compression: compression as 'none' })).rejects.toThrow('compression must be');
    }
    for (const compressionLevel of [-8, 23, 1.5, NaN, '3' as unknown as number]) {
      await expect(openStorage(path, { compressionLevel })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(await readdir(directory.path)).toEqual([]);
  });

  it('gives values whose memory no reader can take from the others', async () => {
    await using directory = await temporaryDirectory();
    const engine = await openStorage(directory.path);
    await engine.put(bytes('k'), bytes('value'));
    const [one, other] = [engine.getSync(bytes('k'))!, engine.getSync(bytes('k'))!];
    expect(one.buffer).toBe(other.buffer);
    try {
      structuredClone(one, { transfer: [one.buffer as ArrayBuffer] });
    } catch (error) {
      // Later releases of Node refuse where this one copies.
      expect(error).toMatchObject({ name: 'DataCloneError' });
    }
    expect([text(one), text(other)]).toEqual(['value', 'value']);
    await engine.close();
  });

  it('commits to a manifest that survives a power loss, and that no other process can open', async () => {
    await using directory = await temporaryDirectory();
    const engine = await openStorage(directory.path);
    await engine.put(bytes('k'), bytes('v'));
    await engine.flush();
    // With the lock file out of the way, the kernel's lock on the manifest still stands.
    await rm(join(directory.path, 'LOCK'));
    const other = new Database(join(directory.path, 'manifest.db'), { timeout: 0 });
    expect(await codeOf(() => other.prepare('SELECT * FROM state').all())).toBe('SQLITE_BUSY');
    other.close();
    await engine.close();
    const reader = new Database(join(directory.path, 'manifest.db'), { readonly: true });
    expect(reader.pragma('journal_mode', { simple: true })).toBe('wal');
    reader.close();
  });

  it('tells how far a compaction on its own thread is while it runs', async () => {
    await using directory = await temporaryDirectory();
    const told: CompactionProgress[] = [];
    const engine = await openStorage(directory.path, {
      compression: 'none',
      // So that it takes longer than it takes to ask for it several times.
      compactionBytesPerSecond: 8 * 1024 * 1024,
      onCompaction: (progress) => told.push(progress),
    });
    for (const fill of [1, 2]) {
      const puts = Array.from({ length: 1000 }, (_, i) => engine.put(bytes(`k${i}`), new Uint8Array(2000).fill(fill)));
      await Promise.all(puts);
      await engine.flush();
    }
    await engine.compact();
    const running = told.filter(({ stage }) => stage === 'running');
    expect([told[0]!.stage, told.at(-1)!.stage]).toEqual(['begun', 'ended']);
    expect(running).toHaveLength(told.length - 2);
    expect(running.length).toBeGreaterThan(2);
    const counts = running.map(({ bytesRead }) => bytesRead);
    expect(counts).toEqual([...new Set(counts)].sort((left, right) => left - right));
    for (const { bytesRead, bytesTotal } of running) expect(bytesRead).toBeLessThanOrEqual(bytesTotal);
    await engine.close();
  });

  it('refuses a second engine in this process, and lets the next in after close', async () => {
    await using directory = await temporaryDirectory();
    const engine = await openStorage(directory.path);
    expect(await codeOf(() => openStorage(directory.path))).toBe('LOCKED');
    await engine.put(bytes('k'), bytes('v'));
    await engine.close();
    await (await openStorage(directory.path)).close();
  });

  it('has everything that a killed process had acknowledged, and nothing else but the write under way', async () => {
    await using directory = await temporaryDirectory();
    for (let round = 0; round < 2; round++) {
      const writer = startWriter(directory.path);
      await writer.lines(1);
      const refused = openStorage(directory.path);
      await expect(refused).rejects.toThrow(`is held by process ${writer.process.pid}`);
      const acknowledged = await writer.lines(150);
      await writer.kill();
      const engine = await openStorage(directory.path);
      expect(engine.recovery.cleanShutdown).toBe(false);
      const keys = [...engine.scanMeta()].map(({ key }) => Number(text(key).slice(3)));
      expect(keys).toEqual(keys.map((_, i) => i));
      expect(keys.length).toBeGreaterThan(acknowledged);
      await engine.close();
    }
  });
});
