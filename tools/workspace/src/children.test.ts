import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onInterrupt } from '../interrupts.mjs';
import { createProgress } from '../progress.mjs';
import { root } from './repository.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kv-children-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Starts a script that runs a shell, which in turn starts a process that nobody waits for, with `runChild`. */
function runShell(shell: string): ChildProcess {
  const children = pathToFileURL(join(root, 'tools/workspace/children.mjs')).href;
  const enter = pathToFileURL(join(root, 'tools/workspace/enter.mjs')).href;
  const script = join(folder, 'script.mjs');
  writeFileSync(
    script,
    `import { enter } from '${enter}';
    import { runChild } from '${children}';
    const options = { cwd: ${JSON.stringify(folder)}, output: 'inherit' };
    enter(async () => ({ main: () => runChild('sh', ['-c', ${JSON.stringify(shell)}], options) }));`,
  );
  return spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
}

async function readPid(): Promise<number> {
  const path = join(folder, 'pid');
  return vi.waitFor(() => {
    const pid = Number(readFileSync(path, 'utf8').trim());
    if (pid === 0) throw new Error('not written yet');
    return pid;
  }, 10_000);
}

/** `Z` is a process that ended and that nobody has asked about. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\S+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a program run by a script', () => {
  it('gives the script its exit code', async () => {
    expect(await ended(runShell('exit 3'))).toEqual({ code: 3, signal: null });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends with all that it started when the script gets %s', async (signal, code) => {
    const script = runShell('sleep 60 & echo $! > pid; wait');
    const pid = await readPid();
    script.kill(signal);
    expect(await ended(script)).toEqual({ code, signal: null });
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
  });

  it('is forced to end when it takes no notice', { timeout: 20_000 }, async () => {
    const script = runShell('trap "" TERM; echo $$ > pid; while :; do sleep 1; done');
    const pid = await readPid();
    script.kill('SIGTERM');
    expect(await ended(script)).toEqual({ code: 143, signal: null });
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
  });

  it('leaves nothing in the background when it ends by itself', async () => {
    const script = runShell('sleep 60 & echo $! > pid');
    expect(await ended(script)).toEqual({ code: 0, signal: null });
    const pid = await readPid();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
  });
});

describe('a request to stop', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told once though a Ctrl-C arrives twice, and again when a person asks again', () => {
    const told: string[] = [];
    const ignore = onInterrupt(({ message }) => told.push(message));
    process.emit('SIGHUP', 'SIGHUP');
    vi.advanceTimersByTime(50);
    process.emit('SIGHUP', 'SIGHUP');
    expect(told).toEqual(['interrupted by SIGHUP']);
    vi.advanceTimersByTime(1_000);
    process.emit('SIGHUP', 'SIGHUP');
    expect(told).toHaveLength(2);
    ignore();
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });
});

describe('the progress of a command', () => {
  function record(
    isTTY: boolean,
    quietMs?: number,
  ): { text: () => string; progress: ReturnType<typeof createProgress> } {
    const stream = Object.assign(new PassThrough(), { isTTY });
    const written: string[] = [];
    stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
    const options = quietMs === undefined ? {} : { quietMs };
    const progress = createProgress({ stream: stream as unknown as NodeJS.WriteStream, ...options });
    return { text: () => written.join(''), progress };
  }

  /** What a person would see appear, one after the other in the same line. */
  function onScreen(text: string): string[] {
    return text.split('\r\u001B[K').filter((shown) => shown !== '');
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows the step and its seconds in place on a terminal', () => {
    const { text, progress } = record(true);
    const done = progress.step('building');
    vi.advanceTimersByTime(2_500);
    done('built');
    expect(onScreen(text())).toEqual(['… building 0.0 s', '… building 1.0 s', '… building 2.0 s', 'built 2.5 s\n']);
  });

  it('shows steps that are under way together in one line, and each that ends in its own', () => {
    const { text, progress } = record(true);
    const lint = progress.step('lint');
    vi.advanceTimersByTime(1_000);
    const types = progress.step('types');
    vi.advanceTimersByTime(1_000);
    lint('linted');
    vi.advanceTimersByTime(1_000);
    types('typed');
    vi.advanceTimersByTime(5_000);
    expect(onScreen(text())).toEqual([
      '… lint 0.0 s',
      '… lint 1.0 s',
      '… lint 1.0 s, types 0.0 s',
      '… lint 2.0 s, types 1.0 s',
      'linted 2.0 s\n',
      '… types 2.0 s',
      'typed 2.0 s\n',
    ]);
  });

  it('leaves nothing of a step that failed, so that the problem stands alone', async () => {
    const { text, progress } = record(true);
    const failing = progress.during('building', () => Promise.reject(new Error('no')), String);
    await expect(failing).rejects.toThrow('no');
    progress.step('starting');
    progress.problem('the port is taken');
    vi.advanceTimersByTime(5_000);
    expect(onScreen(text())).toEqual(['… building 0.0 s', '… starting 0.0 s', 'the port is taken\n']);
    expect(text()).toMatch(/\r\u001B\[Kthe port is taken\n$/);
  });

  it('says what came of work that succeeded', async () => {
    const { text, progress } = record(false);
    expect(
      await progress.during(
        'counting',
        () => Promise.resolve(3),
        (count) => `counted ${count},`,
      ),
    ).toBe(3);
    expect(text()).toBe('… counting 0.0 s\ncounted 3, 0.0 s\n');
  });

  it('writes a line now and then in a log', () => {
    const { text, progress } = record(false);
    const done = progress.step('building');
    vi.advanceTimersByTime(25_000);
    done('built');
    expect(text()).toBe('… building 0.0 s\n… building 10 s\n… building 20 s\nbuilt 25 s\n');
  });

  it('says nothing about quick steps when it is to be quiet', () => {
    const { text, progress } = record(false, 2_000);
    progress.step('building')('built');
    expect(text()).toBe('');
    const done = progress.step('building');
    vi.advanceTimersByTime(11_000);
    done('built');
    expect(text()).toBe('… building 10 s\nbuilt 11 s\n');
  });
});
