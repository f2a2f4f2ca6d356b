/**
 * A lock file that names its holder. It is taken over when the holder is no longer running, which is asked of the
 * operating system: by process id and, where Linux tells them, by the time that process started and the boot it belongs
 * to, since ids are given out again.
 *
 * Two processes that find the same dead holder at the same moment cannot both be told apart by files alone; behind this
 * lock stands the one that SQLite holds on the manifest, which the kernel keeps.
 */

import { readFileSync } from 'node:fs';
import { link, readFile, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { StorageError } from '../core/errors.ts';
import type { FileLock } from '../core/index.ts';
import { errnoOf, fileError } from './file-errors.ts';

interface Holder {
  readonly pid: number;
  /** Ticks since boot at which the process started; `undefined` where the system does not tell. */
  readonly started?: string | undefined;
  readonly boot?: string | undefined;
  /** Which thread of the process. */
  readonly thread?: number | undefined;
}

/** Lock files of this thread, by real path: what it has begun to lock, it must not take for left behind. */
const heldHere: Set<string> = new Set();

/** What this thread does where it does not hold the lock, by the lock's real path. None of them rejects. */
const unheldHere: Map<string, Set<Promise<unknown>>> = new Map();

/** Whichever path leads to the directory, it is one lock. `LOCKED` names the holder. */
export async function acquireLockFile(given: string): Promise<FileLock> {
  const path = await realPathOf(given);
  if (heldHere.has(path)) throw locked(path, process.pid);
  heldHere.add(path);
  try {
    const unheld = unheldHere.get(path);
    if (unheld !== undefined) await Promise.all(unheld);
    await writeOrTakeOver(path);
  } catch (error) {
    heldHere.delete(path);
    throw error instanceof StorageError ? error : fileError(error, `locking ${path}`);
  }
  return { release: () => release(path) };
}

/**
 * Has work done that must not be done in a process that holds the lock, and keeps this thread from taking it meanwhile;
 * who else holds it does not matter. `undefined`, and nothing done: this thread holds it. `LOCKED`: another thread of this
 * process does. One that takes it in the midst of the work is not seen.
 */
export async function whileUnheldHere<T>(given: string, work: () => Promise<T>): Promise<T | undefined> {
  const path = await realPathOf(given);
  if (heldHere.has(path)) return undefined;
  const working = refuseOtherThread(path).then(work);
  const settled = working.catch(() => undefined);
  const others = unheldHere.get(path) ?? new Set();
  unheldHere.set(path, others.add(settled));
  try {
    return await working;
  } finally {
    others.delete(settled);
    if (others.size === 0) unheldHere.delete(path);
  }
}

async function refuseOtherThread(path: string): Promise<void> {
  const holder = parseHolder((await readIfThere(path)) ?? '');
  if (holder === undefined || holder.pid !== process.pid) return;
  const { thread, started, boot } = thisThread();
  if (holder.thread === thread || holder.started !== started || holder.boot !== boot) return;
  throw new StorageError('LOCKED', `${path} is held by another thread of this process (${process.pid})`);
}

/** Of a file that may not be there yet, in a directory that is. */
async function realPathOf(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw fileError(error, `locking ${path}`);
  }
}

async function writeOrTakeOver(path: string): Promise<void> {
  while (!(await writeNew(path))) {
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && isRunning(holder)) throw locked(path, holder.pid);
    await moveAside(path);
  }
}

async function release(path: string): Promise<void> {
  if (!heldHere.delete(path)) return;
  try {
    await unlink(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw fileError(cause, `unlocking ${path}`);
  }
}

/** False if there is a lock file already. Linked, not created: nobody ever sees one that does not name its holder. */
async function writeNew(path: string): Promise<boolean> {
  const draft = `${path}.new-${process.pid}-${threadId}`;
  await writeFile(draft, `${JSON.stringify(thisThread())}\n`);
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    throw cause;
  } finally {
    await unlink(draft);
  }
}

/** Renamed, not removed: of several processes that try, one succeeds. */
async function moveAside(path: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}-${threadId}`;
  try {
    await rename(path, aside);
    await unlink(aside);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

/** `undefined` for what no engine wrote. */
function parseHolder(text: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { pid, started, boot, thread } = parsed as Record<string, unknown>;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
    return {
      pid,
      started: typeof started === 'string' ? started : undefined,
      boot: typeof boot === 'string' ? boot : undefined,
      thread: typeof thread === 'number' ? thread : undefined,
    };
  } catch {
    return undefined;
  }
}

function isRunning(holder: Holder): boolean {
  if (holder.pid === process.pid) return isOtherThread(holder);
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    if (errnoOf(cause) === 'ESRCH') return false;
  }
  const boot = bootId();
  const started = startOf(holder.pid);
  if (holder.boot !== undefined && boot !== undefined && holder.boot !== boot) return false;
  return holder.started === undefined || started === undefined || holder.started === started;
}

/**
 * Whether another thread of this process holds it, rather than an earlier process that had its id. Where the system does
 * not tell them apart, the earlier one is meant. What this thread holds is known: a file that names it was left behind.
 */
function isOtherThread({ started, boot, thread }: Holder): boolean {
  const own = thisThread();
  return thread !== own.thread && started !== undefined && started === own.started && boot === own.boot;
}

function thisThread(): Holder {
  return { thread: threadId, pid: process.pid, started: startOf(process.pid), boot: bootId() };
}

/** Field 22 of /proc/<pid>/stat; the command in field 2 may hold anything, but ends at the last parenthesis. */
function startOf(pid: number): string | undefined {
  const stat = readProcess(`/proc/${pid}/stat`);
  return stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19);
}

function bootId(): string | undefined {
  return readProcess('/proc/sys/kernel/random/boot_id')?.trim();
}

function readProcess(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function locked(path: string, pid: number): StorageError {
  const holder = pid === process.pid ? `this process (${pid}) already` : `process ${pid}`;
  return new StorageError('LOCKED', `${path} is held by ${holder}`);
}
