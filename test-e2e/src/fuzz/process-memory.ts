/** How much memory a process has, and how many files it has open: from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessUse {
  readonly residentBytes: number;
  readonly openFiles: number;
}

/** Undefined where the system does not tell. */
export function useOf(pid: number): ProcessUse | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    return { residentBytes: kilobytes * 1024, openFiles: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}
