/** Starts the measuring process for a job and passes on what it says. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, JobMessage } from './job.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = fileURLToPath(new URL(`./child.${extension}`, import.meta.url));
/** From source, as in tests, the child needs what its parent has from elsewhere. */
const execArgv = extension === 'ts' ? ['--conditions=@kv/source', '--import', 'tsx'] : [];

/** A process that takes longer is stuck. */
const longestMs = 15 * 60_000;

/**
 * Resolves when the process has ended, with how: `SIGKILL`, `exit 0`. Rejects when it could not be started or was
 * aborted; then it is gone too.
 */
export function runChild(job: Job, onMessage: (message: JobMessage) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = fork(program, {
      execArgv,
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), longestMs);
    child.on('message', onMessage);
    let failure: Error | undefined;
    child.on('error', (error) => {
      failure = error;
      if (child.pid === undefined) reject(error);
    });
    child.on('exit', (code, ended) => {
      clearTimeout(limit);
      if (failure === undefined) resolve(ended ?? `exit ${code}`);
      else reject(failure);
    });
    child.send(job);
  });
}
