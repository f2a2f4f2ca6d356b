import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeCommand } from './node-command.ts';
import { identify } from './process-identity.ts';
import { formatMembers, startCommand } from './start-command.ts';
import type { Terminal } from './terminal.ts';

const program = fileURLToPath(new URL('../testdata/fake-node.mjs', import.meta.url));
const starter = fileURLToPath(new URL('../testdata/starter.ts', import.meta.url));

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'kv-start-command-'));
});

afterEach(() => {
  rmSync(data, { recursive: true, force: true });
  rmSync(`${data}.misbehave.json`, { force: true });
});

/** A terminal that remembers what was printed and can press Ctrl-C. */
class RecordedTerminal implements Terminal {
  readonly lines: string[] = [];
  readonly #listeners: (() => void)[] = [];

  line(text: string): void {
    this.lines.push(text);
  }

  problem(text: string): void {
    this.lines.push(text);
  }

  step(label: string): (outcome: string) => void {
    this.lines.push(label);
    return (outcome) => this.lines.push(outcome);
  }

  onInterrupt(listener: () => void): void {
    this.#listeners.push(listener);
  }

  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Waits until a line contains the text. */
  async shows(text: string): Promise<void> {
    await vi.waitUntil(() => this.lines.some((line) => line.includes(text)), { timeout: 20_000, interval: 20 });
  }
}

function run(nodes?: number): { terminal: RecordedTerminal; code: Promise<number> } {
  const terminal = new RecordedTerminal();
  const options = { ...(nodes === undefined ? {} : { nodes }), port: 'free' as const, data, program };
  return { terminal, code: startCommand(options, terminal) };
}

function pidOf(name: string): number {
  const holder = JSON.parse(readFileSync(join(data, `${name}.pid`), 'utf8')) as { process: { pid: number } };
  return holder.process.pid;
}

/** A zombie, whose parent has not asked for its end yet, is not alive. */
function isAlive(pid: number): boolean {
  return identify(pid) !== undefined;
}

const names = ['node-1', 'node-2', 'node-3'];

describe('npm start', () => {
  it('prints the table, then that the cluster is ready, and stops everything when it is interrupted', async () => {
    const { terminal, code } = run(3);
    await terminal.shows('cluster ready http://127.0.0.1:');
    expect(terminal.lines.slice(0, 2)).toEqual(['starting the nodes', '3 nodes started']);
    expect(terminal.lines.find((line) => line.startsWith('node-3'))).toMatch(
      /^node-3 {2}127\.0\.0\.1:\d+ +\d+ +alive +33\.3 %$/,
    );
    const pids = names.map(pidOf);
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(terminal.lines.at(-1)).toBe(`stopped; the data stays in ${data}`);
  });

  it('names the node that was killed and how to start it, and ends with 1 when the last one is gone', async () => {
    const { terminal, code } = run(3);
    await terminal.shows('cluster ready');
    const pid = pidOf('node-2');
    process.kill(pid, 'SIGKILL');
    await terminal.shows(`node-2 (process ${pid}) was killed by SIGKILL; 2 of 3 still run`);
    expect(terminal.lines.at(-1)).toBe(`start it again with: npm run node -- 2 --data ${data}`);
    for (const name of ['node-1', 'node-3']) process.kill(pidOf(name), 'SIGKILL');
    expect(await code).toBe(1);
    expect(terminal.lines.at(-1)).toBe(
      `the last node is gone; the data stays in ${data}: start again with: npm start -- --nodes 3 --data ${data}`,
    );
  });

  it('ends with 1 and one line when it cannot start', async () => {
    writeFileSync(`${data}.misbehave.json`, '{"node-1":{"fail":"no space left"}}');
    const { terminal, code } = run(2);
    expect(await code).toBe(1);
    expect(terminal.lines).toHaveLength(2);
    expect(terminal.lines[1]).toContain('node-1 did not start: it ended with code 1: no space left');
  });

  it('ends with 0 when it is interrupted while it starts', async () => {
    const { terminal, code } = run(3);
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(terminal.lines.at(-1)).toBe('stopped');
  });

  it('kills nodes that do not stop when it is interrupted twice', async () => {
    writeFileSync(`${data}.misbehave.json`, '{"node-1":{"ignoreStop":true}}');
    const { terminal, code } = run(1);
    await terminal.shows('cluster ready');
    terminal.interrupt();
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(terminal.lines.at(-2)).toBe('node-1 did not stop cleanly: it was killed by SIGKILL');
  });
});

describe('npm run node', () => {
  it('runs a killed node again beside the starter until it is interrupted', async () => {
    const cluster = run(3);
    await cluster.terminal.shows('cluster ready');
    process.kill(pidOf('node-2'), 'SIGKILL');
    await cluster.terminal.shows('start it again with');
    const terminal = new RecordedTerminal();
    const code = nodeCommand({ number: 2, data, program }, terminal);
    await terminal.shows('node-2 ready http://127.0.0.1:');
    terminal.interrupt();
    expect(await code).toBe(0);
    cluster.terminal.interrupt();
    expect(await cluster.code).toBe(0);
  });

  it('is counted by the starter, which goes on until the last node is gone, whoever started it', async () => {
    const cluster = run(3);
    await cluster.terminal.shows('cluster ready');
    process.kill(pidOf('node-2'), 'SIGKILL');
    await cluster.terminal.shows('2 of 3 still run');
    const terminal = new RecordedTerminal();
    const code = nodeCommand({ number: 2, data, program }, terminal);
    await terminal.shows('node-2 ready');
    await cluster.terminal.shows(`node-2 is back (process ${pidOf('node-2')}); 3 of 3 run`);
    for (const name of ['node-1', 'node-3']) process.kill(pidOf(name), 'SIGKILL');
    await cluster.terminal.shows('1 of 3 still run');
    expect(cluster.terminal.lines.at(-1)).toMatch(/^start it again with: npm run node -- [13] --data /);
    const last = pidOf('node-2');
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(await cluster.code).toBe(1);
    expect(cluster.terminal.lines).toContain(`node-2 (process ${last}) ended; 0 of 3 still run`);
    expect(cluster.terminal.lines.at(-1)).toMatch(/^the last node is gone/);
  });

  it('leaves its node running when the starter is stopped, which says so', async () => {
    const cluster = run(2);
    await cluster.terminal.shows('cluster ready');
    process.kill(pidOf('node-2'), 'SIGKILL');
    await cluster.terminal.shows('start it again with');
    const terminal = new RecordedTerminal();
    const code = nodeCommand({ number: 2, data, program }, terminal);
    await terminal.shows('node-2 ready');
    const pid = pidOf('node-2');
    cluster.terminal.interrupt();
    expect(await cluster.code).toBe(0);
    expect(cluster.terminal.lines.join('\n')).toMatch(
      new RegExp(`^node-2 goes on at 127.0.0.1:\\d+, for it was started elsewhere: process ${pid}$`, 'm'),
    );
    expect(isAlive(pid)).toBe(true);
    terminal.interrupt();
    expect(await code).toBe(0);
  });

  it('says which process runs the node already, and ends with 1', async () => {
    const cluster = run(1);
    await cluster.terminal.shows('cluster ready');
    const terminal = new RecordedTerminal();
    expect(await nodeCommand({ number: 1, data, program }, terminal)).toBe(1);
    expect(terminal.lines.at(-1)).toContain(`node-1 is running already (process ${pidOf('node-1')})`);
    cluster.terminal.interrupt();
    await cluster.code;
  });

  it('ends with 1 when the node is killed', async () => {
    const cluster = run(1);
    await cluster.terminal.shows('cluster ready');
    cluster.terminal.interrupt();
    await cluster.code;
    const terminal = new RecordedTerminal();
    const code = nodeCommand({ number: 1, data, program }, terminal);
    await terminal.shows('node-1 ready');
    process.kill(pidOf('node-1'), 'SIGKILL');
    expect(await code).toBe(1);
    expect(terminal.lines.at(-1)).toBe('node-1 was killed by SIGKILL');
  });
});

describe('a starter that vanishes', () => {
  it('takes its nodes with it, and the next start waits for them', async () => {
    const first = spawnStarter();
    await first.shows('cluster ready');
    const pids = names.map(pidOf);
    const gone = new Promise((resolve) => first.child.once('exit', resolve));
    first.child.kill('SIGKILL');
    await gone;
    const next = run();
    await next.terminal.shows('cluster ready');
    expect(pids.filter(isAlive)).toEqual([]);
    next.terminal.interrupt();
    expect(await next.code).toBe(0);
  });

  it('stops its nodes on SIGTERM', async () => {
    const { child, shows } = spawnStarter();
    await shows('cluster ready');
    const pids = names.map(pidOf);
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

function spawnStarter(): { child: ChildProcess; shows: (text: string) => Promise<void> } {
  const child = spawn(process.execPath, ['--import', 'tsx', starter, data, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const shows = async (text: string): Promise<void> => {
    await vi.waitUntil(() => output.includes(text), { timeout: 20_000, interval: 20 });
  };
  return { child, shows };
}

describe('the table of members', () => {
  it('aligns its columns and shows shares as percentages', () => {
    const members = [
      { id: 'a', name: 'node-1', address: '127.0.0.1:7400', state: 'alive', share: 0.3359375 },
      { id: 'b', name: 'node-10', address: '127.0.0.1:740', state: 'suspect', share: 0 },
    ] as const;
    expect(formatMembers(members, new Map([['node-1', 4711]]))).toEqual([
      'node     address         process  state    share of the ring',
      'node-1   127.0.0.1:7400  4711     alive    33.6 %',
      'node-10  127.0.0.1:740   -        suspect  0.0 %',
    ]);
  });
});
