import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awaitVacancy, claim, readHolder, recordChild, release } from './process-file.ts';
import { identify, isRunning } from './process-identity.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kv-process-file-'));
  path = join(folder, 'holder');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const self = identify(process.pid) ?? { pid: 0, started: '' };

describe('the identity of a process', () => {
  it('is stable while the process runs, and nobody else has it', () => {
    expect(identify(process.pid)).toEqual(self);
    expect(identify(process.ppid)?.started).not.toBe(self.started);
    expect(isRunning(self)).toBe(true);
  });

  it('tells a process from a later one with the same number', () => {
    expect(isRunning({ pid: process.pid, started: `${self.started}0` })).toBe(false);
  });

  it('is none for a process that ended', async () => {
    const child = spawn(process.execPath, ['--version']);
    await new Promise((resolve) => child.once('exit', resolve));
    expect(identify(child.pid ?? 0)).toBeUndefined();
  });
});

describe('a process file', () => {
  it('is claimed once, and again after its release', () => {
    expect(claim(path)).toEqual({ type: 'claimed' });
    expect(claim(path)).toEqual({ type: 'held', holder: { process: self, launcher: self } });
    release(path, process.pid);
    expect(claim(path)).toEqual({ type: 'claimed' });
  });

  it.each(['', '{', 'null', '{"process":{"pid":"1","started":"x"},"launcher":{}}'])(
    'holds nothing with %j in it',
    (text) => {
      writeFileSync(path, text);
      expect(readHolder(path)).toBeUndefined();
      expect(claim(path)).toEqual({ type: 'claimed' });
    },
  );

  it('holds nothing once its process is gone', () => {
    const gone = { pid: process.pid, started: 'before the reboot' };
    writeFileSync(path, JSON.stringify({ process: gone, launcher: gone }));
    expect(claim(path)).toEqual({ type: 'claimed' });
  });

  it('is not released by a process that does not hold it', () => {
    claim(path);
    release(path, process.pid + 1);
    expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`);
  });

  it('is waited for only when the launcher of its process vanished', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)']);
    recordChild(path, child.pid ?? 0);
    expect((await awaitVacancy(path))?.process.pid).toBe(child.pid);
    const orphan = { process: identify(child.pid ?? 0), launcher: { pid: 1, started: 'never' } };
    writeFileSync(path, JSON.stringify(orphan));
    expect((await awaitVacancy(path, 50))?.process.pid).toBe(child.pid);
    const vacant = awaitVacancy(path);
    child.kill('SIGKILL');
    expect(await vacant).toBeUndefined();
  });
});
