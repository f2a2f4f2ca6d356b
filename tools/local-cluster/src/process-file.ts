/**
 * A file that says which process holds something: the whole data folder, or one node. Whoever finds the file asks
 * whether that very process still runs; a file left behind by a killed process holds nothing.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { writeFileAtomically } from './data-folder.ts';
import { systemErrorCode } from './errors.ts';
import { identify, isRunning, parseIdentity, type ProcessIdentity } from './process-identity.ts';

export interface Holder {
  /** The process that holds it. */
  readonly process: ProcessIdentity;
  /** The process that started the holder and whose end is the holder's end; the holder itself if nobody did. */
  readonly launcher: ProcessIdentity;
}

export type ClaimOutcome = { readonly type: 'claimed' } | { readonly type: 'held'; readonly holder: Holder };

/** The live holder named in the file; undefined when there is no file, no sense in it, or no such process any more. */
export function readHolder(path: string): Holder | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const record = parsed as Record<string, unknown>;
  const holder = parseIdentity(record['process']);
  const launcher = parseIdentity(record['launcher']);
  if (holder === undefined || launcher === undefined || !isRunning(holder)) return undefined;
  return { process: holder, launcher };
}

/** Takes the file for this process, exclusively: of two that try at once, one is told who was first. */
export function claim(path: string): ClaimOutcome {
  const self = identifySelf();
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, JSON.stringify({ process: self, launcher: self }));
      closeSync(file);
      return { type: 'claimed' };
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    const holder = readHolder(path);
    if (holder !== undefined) return { type: 'held', holder };
    rmSync(path, { force: true });
  }
}

/** Says in the file that a process started by this one holds it. A process that is already gone is not recorded. */
export function recordChild(path: string, pid: number): void {
  const child = identify(pid);
  if (child !== undefined) writeFileAtomically(path, JSON.stringify({ process: child, launcher: identifySelf() }));
}

/** Removes the file of a process that is gone or gives up, unless another process holds the file by now. */
export function release(path: string, pid: number): void {
  const holder = readHolder(path);
  if (holder === undefined || holder.process.pid === pid) rmSync(path, { force: true });
}

/**
 * Waits until no process holds the file. One whose launcher vanished gets the time to notice it and end (a node does
 * within 5 s); any other is answered at once. Undefined when the file is free.
 */
export async function awaitVacancy(path: string, orphanPatienceMs = 10_000): Promise<Holder | undefined> {
  const deadline = performance.now() + orphanPatienceMs;
  for (;;) {
    const holder = readHolder(path);
    if (holder === undefined) return undefined;
    if (isRunning(holder.launcher) || performance.now() > deadline) return holder;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error(`cannot tell when this process (${process.pid}) started`);
  return self;
}
