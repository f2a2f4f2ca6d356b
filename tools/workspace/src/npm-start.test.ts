/** `npm start` and `npm run node` as a user runs them: npm, its shell, the scripts and real nodes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isInstalled } from '../install.mjs';
import { root } from './repository.ts';

// Loaded late, as the scripts do: they build it first.
const { findFreePorts, identify } = await import('@kv/local-cluster');

let data: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'kv-npm-start-'));
});

afterEach(async () => {
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(running.splice(0).map(ended));
  rmSync(data, { recursive: true, force: true });
});

interface Npm {
  readonly child: ChildProcess;
  output(): string;
  /** Waits until the text was printed. */
  shows(text: string | RegExp): Promise<void>;
}

function npm(...argv: string[]): Npm {
  return npmWith({}, ...argv);
}

function npmWith(variables: NodeJS.ProcessEnv, ...argv: string[]): Npm {
  // Without the settings of the npm that runs these tests, which is not the one that a user would type.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  const env = { ...inherited, ...variables };
  const child = spawn('npm', argv, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += stripVTControlCharacters(text)));
  }
  const shows = async (text: string | RegExp): Promise<void> => {
    await vi.waitFor(() => expect(output).toMatch(text), { timeout: 300_000, interval: 50 });
  };
  return { child, output: () => output, shows };
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

async function freePort(): Promise<number> {
  const [port = 0] = await findFreePorts(3);
  return port;
}

/** Every process below one, by their parents; a zombie is none. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , state = '']) => !state.startsWith('Z'))
    .map(([child, parent]) => ({ child: Number(child), parent: Number(parent) }));
  const below = (parent: number): number[] =>
    rows.filter((row) => row.parent === parent).flatMap(({ child }) => [child, ...below(child)]);
  return below(pid);
}

function nodePid(name: string): number {
  const holder = JSON.parse(readFileSync(join(data, `${name}.pid`), 'utf8')) as { process: { pid: number } };
  return holder.process.pid;
}

function keyUrl(port: number, key: string): string {
  return `http://127.0.0.1:${port}/v1/keyspaces/default/keys/${key}`;
}

// Without a stamp npm start would replace the node_modules that these tests run from.
describe.skipIf(!isInstalled(root))('npm start', { timeout: 600_000 }, () => {
  it('serves, survives a killed node and its return, and stops without a trace on SIGTERM to npm', async () => {
    const port = await freePort();
    const start = npm('start', '--', '--nodes', '3', '--port', String(port), '--data', data);
    await start.shows(`cluster ready http://127.0.0.1:${port}`);
    expect(start.output()).toMatch(/node +address +process +state +share of the ring/);
    expect(start.output().match(/^node-\d +127\.0\.0\.1:\d+ +\d+ +alive +33\.\d %$/gm)).toHaveLength(3);
    const put = await fetch(keyUrl(port, 'greeting'), { method: 'PUT', body: 'hello' });
    expect(put.ok).toBe(true);

    const killed = nodePid('node-2');
    process.kill(killed, 'SIGKILL');
    await start.shows(`node-2 (process ${killed}) was killed by SIGKILL`);
    await start.shows(`start it again with: npm run node -- 2 --data ${data}`);
    expect(await (await fetch(keyUrl(port, 'greeting'))).text()).toBe('hello');

    const again = npm('run', 'node', '--', '2', '--data', data);
    await again.shows(`node-2 ready http://127.0.0.1:${port + 1}`);
    await start.shows(`node-2 is back (process ${nodePid('node-2')}); 3 of 3 run`);
    expect(await (await fetch(keyUrl(port + 1, 'greeting'))).text()).toBe('hello');

    for (const { child } of [again, start]) {
      const below = descendants(child.pid ?? 0);
      expect(below.length).toBeGreaterThan(1);
      child.kill('SIGTERM');
      await ended(child);
      await vi.waitFor(() => expect(below.filter(identify)).toEqual([]), 10_000);
    }
    expect(start.output()).toContain(`stopped; the data stays in ${data}`);
  });

  it('has every acknowledged write after all nodes were killed at once, on other ports too', async () => {
    const port = await freePort();
    const start = npm('start', '--', '--port', String(port), '--data', data);
    await start.shows('cluster ready');
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    for (const key of keys) {
      const { ok } = await fetch(keyUrl(port, key), { method: 'PUT', body: `value of ${key}` });
      expect(ok).toBe(true);
    }
    for (const name of ['node-1', 'node-2', 'node-3']) process.kill(nodePid(name), 'SIGKILL');
    expect(await ended(start.child)).not.toBe(0);
    await start.shows(`the last node is gone; the data stays in ${data}`);

    const other = await freePort();
    const again = npm('start', '--', '--port', String(other), '--data', data);
    await again.shows(`cluster ready http://127.0.0.1:${other}`);
    for (const key of keys) expect(await (await fetch(keyUrl(other, key))).text()).toBe(`value of ${key}`);

    const second = npm('start', '--', '--port', String(port), '--data', data);
    expect(await ended(second.child)).not.toBe(0);
    expect(second.output()).toContain(`${data} is in use by a running cluster`);

    // A Ctrl-C reaches every process in front of the terminal, and npm passes its own on: twice to ours.
    process.kill(-(again.child.pid ?? 0), 'SIGINT');
    await ended(again.child);
    await again.shows(`stopped; the data stays in ${data}`);
    expect(again.output()).not.toContain('did not stop cleanly');

    const more = npm('start', '--', '--nodes', '5', '--data', data);
    expect(await ended(more.child)).not.toBe(0);
    expect(more.output()).toContain('holds a cluster of 3 nodes, which cannot become 5 yet');
  });

  it('ends what it started when it is stopped while it builds', async () => {
    const start = npm('start', '--', '--port', String(await freePort()), '--data', data);
    await start.shows('… building');
    await vi.waitFor(() => expect(descendants(start.child.pid ?? 0).length).toBeGreaterThan(1), 10_000);
    const below = descendants(start.child.pid ?? 0);
    start.child.kill('SIGTERM');
    expect(await ended(start.child)).not.toBe(0);
    await vi.waitFor(() => expect(below.filter(identify)).toEqual([]), 10_000);
  });

  it('refuses at once what it cannot do, and says what to type', async () => {
    const file = join(data, 'file');
    writeFileSync(file, '');
    const counted = npm('start', '5');
    const kept = npm('start', '--nodes', '5');
    const many = npm('start', '--', '--nodes', '1000');
    const high = npm('start', '--', '--port', '99999');
    const nameless = npm('start', '--', '--data', '');
    expect(await ended(counted.child)).not.toBe(0);
    expect(await ended(kept.child)).not.toBe(0);
    await counted.shows('write: npm start -- --nodes 5');
    await kept.shows('as in: npm start -- --nodes 5');
    for (const refused of [many, high, nameless]) {
      expect(await ended(refused.child)).not.toBe(0);
      expect(refused.output()).not.toContain('building');
    }
    await many.shows('--nodes needs a whole number from 1 to 32, got "1000"');
    await high.shows('--port needs a whole number from 1024 to 65503, got "99999"');
    await nameless.shows('--data needs the name of a folder');
    const unwritable = npm('start', '--', '--data', join(file, 'below'));
    expect(await ended(unwritable.child)).not.toBe(0);
    await unwritable.shows('choose a folder that you can write in: npm start -- --data DIR');
  });
});

describe.skipIf(!isInstalled(root))('npm run example', { timeout: 300_000 }, () => {
  it('without a cluster says in one line where it looked and how to start one', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const example = npmWith({ KV_URL: `kv://${address}` }, 'run', '--silent', 'example');
    expect(await ended(example.child)).toBe(1);
    const said = example.output().trim().split('\n');
    expect(said.at(-1)).toMatch(new RegExp(`^no node answered at ${address} .*: is it running\\? npm start$`));
    // Before it stands at most what was built.
    expect(said.slice(0, -1).filter((line) => !/^(…|built|installed) /.test(line))).toEqual([]);
  });
});
