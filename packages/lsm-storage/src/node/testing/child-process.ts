/** Processes of tests, which say what they have to say in lines. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProcessOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

export interface ProcessOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** A command that starts the process, put before it. */
  readonly through?: readonly string[];
  /** After which it is killed. */
  readonly timeout: number;
}

/** Runs a TypeScript file to its end, whatever that is. */
export async function runScript(
  script: string,
  args: readonly unknown[],
  { environment = process.env, through = [], timeout }: ProcessOptions,
): Promise<ProcessOutcome> {
  const [command = '', ...rest] = [...through, process.execPath, '--import', 'tsx', script, ...args.map(String)];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
    timeout,
    killSignal: 'SIGKILL',
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, lines }));
  });
}
