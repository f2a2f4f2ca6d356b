/**
 * One operating system process that runs one node, from its spawn to its end. The process speaks to us by an IPC
 * channel, whose closing also tells it that we are gone; it is a process group of its own, so that a Ctrl-C in the
 * terminal reaches it only through us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

export interface NodeCommand {
  /** The node's main script. */
  readonly program: string;
  readonly topologyFile: string;
  readonly name: string;
  /** The node's own folder. */
  readonly data: string;
  /** True at the very first start of the node, which then writes its identity. */
  readonly create: boolean;
  /** Receives everything that the node prints, appended. */
  readonly logFile: string;
  readonly launch: NodeLaunch;
}

/** What is put between a node and its world. */
export interface NodeLaunch {
  /** A command that becomes the one given after it, in the same process: `nsenter --mount=…`. */
  readonly through?: readonly string[];
  /** Variables that the node has beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a process ended; `message` is what it said last about why, if it said anything. */
export type NodeExit =
  | { readonly how: 'exit'; readonly code: number; readonly message?: string }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals; readonly message?: string };

type NodeMessage = { readonly type: 'listening' | 'ready' } | { readonly type: 'failed'; readonly message: string };

const longestTail = 4096;

export class NodeProcess {
  readonly pid: number;
  /** Settles once, when the process is gone; never rejects. */
  readonly exited: Promise<NodeExit>;
  /** The node listens on its address and has its identity on disk. False if it ended before. */
  readonly listening: Promise<boolean>;
  /** The node sees every member that it can reach. False if it ended before. */
  readonly ready: Promise<boolean>;
  readonly #child: ChildProcess;
  readonly #log: number;
  #tail = '';
  #failure: string | undefined;

  constructor(command: NodeCommand) {
    makeFolder(dirname(command.logFile));
    this.#log = openSync(command.logFile, 'a');
    const { through = [], environment = {} } = command.launch;
    const [file = '', ...args] = [...through, process.execPath, command.program, ...argumentsOf(command)];
    const child = spawn(file, args, {
      stdio: ['ignore', this.#log, 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, ...environment },
    });
    // An error here is a signal or a message that came too late; the end of the process is told by `close`.
    child.on('error', (error) => this.#keep(`${error.message}\n`));
    // A spawn of our own interpreter fails only when the system is out of processes or memory.
    if (child.pid === undefined) throw new Error(`could not start a process for ${command.name}`);
    this.#child = child;
    this.pid = child.pid;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    child.on('message', (message) => this.#note(message as NodeMessage));
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        closeSync(this.#log);
        resolve(this.#describeExit(code, signal));
      });
    });
    this.listening = this.#told('listening');
    this.ready = this.#told('ready');
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Asks for a clean end, and ends the process by force if it takes longer than `patienceMs`. */
  async stop(patienceMs: number): Promise<NodeExit> {
    this.kill('SIGTERM');
    // A paused process receives the request only when it runs again.
    this.kill('SIGCONT');
    const force = setTimeout(() => this.kill('SIGKILL'), patienceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(force);
    }
  }

  #told(type: 'listening' | 'ready'): Promise<boolean> {
    const told = new Promise<boolean>((resolve) => {
      this.#child.on('message', (message) => {
        if ((message as NodeMessage).type === type) resolve(true);
      });
    });
    return Promise.race([told, this.exited.then(() => false)]);
  }

  #note(message: NodeMessage): void {
    if (message.type === 'failed') this.#failure = message.message;
  }

  #keep(text: string): void {
    writeSync(this.#log, text);
    this.#tail = (this.#tail + text).slice(-longestTail);
  }

  #describeExit(code: number | null, signal: NodeJS.Signals | null): NodeExit {
    const said = this.#failure ?? this.#tail.trim().split('\n').at(-1) ?? '';
    const message = said === '' ? {} : { message: said };
    if (signal !== null) return { how: 'signal', signal, ...message };
    return { how: 'exit', code: code ?? 1, ...message };
  }
}

/** `was killed by SIGKILL`, or `ended with code 1: why`. */
export function describeExit(exit: NodeExit): string {
  if (exit.how === 'signal') return `was killed by ${exit.signal}`;
  return exit.message === undefined ? `ended with code ${exit.code}` : `ended with code ${exit.code}: ${exit.message}`;
}

function argumentsOf(command: NodeCommand): string[] {
  const { topologyFile, name, data, create } = command;
  return ['--topology', topologyFile, '--node', name, '--data', data, ...(create ? ['--create'] : [])];
}
