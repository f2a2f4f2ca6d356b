import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessMessage, runProcess } from './lifecycle.ts';
import { RawConnection, send } from './testing/raw-http.ts';
import { eventually, freePorts, TestCluster } from './testing/test-cluster.ts';

/** A process as a node sees it: takes note of what it is told, and of how it ended. */
class FakeProcess extends EventEmitter {
  readonly argv: string[];
  readonly env: NodeJS.ProcessEnv = {};
  readonly messages: ProcessMessage[] = [];
  readonly exits: number[] = [];
  printed = '';
  errors = '';
  readonly stdout = { write: (text: string) => (this.printed += text) };
  readonly stderr = { write: (text: string) => (this.errors += text) };

  constructor(args: readonly string[]) {
    super();
    this.argv = ['node', 'main.js', ...args];
  }

  readonly send = (message: ProcessMessage, _handle?: unknown, _options?: unknown, done?: () => void): boolean => {
    this.messages.push(message);
    done?.();
    return true;
  };

  readonly exit = (code: number): void => void this.exits.push(code);

  start(): this {
    runProcess(this as unknown as Parameters<typeof runProcess>[0]);
    return this;
  }

  async ended(): Promise<number> {
    await eventually(() => this.exits.length > 0);
    return this.exits[0] ?? -1;
  }

  async ready(): Promise<void> {
    await eventually(() => this.messages.some(({ type }) => type === 'ready'));
  }
}

let cluster: TestCluster;
let args: (changes?: Record<string, string | true>) => string[];
let fresh = 0;

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: 1 });
  await cluster.stopNode(0);
  args = (changes = {}) => {
    const { topology, node, data } = cluster.config(0);
    const options: Record<string, string | true> = { topology, node, data, 'log-level': 'silent', ...changes };
    return Object.entries(options).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
  };
});
afterAll(() => cluster.close());

const running: FakeProcess[] = [];
afterEach(async () => {
  for (const process of running.splice(0)) {
    if (process.exits.length === 0) process.emit('SIGTERM');
    await process.ended();
  }
});

function start(changes?: Record<string, string | true>): FakeProcess {
  const process = new FakeProcess(args(changes)).start();
  running.push(process);
  return process;
}

function freshFolder(): string {
  fresh += 1;
  return join(cluster.folder, `fresh-${fresh}`);
}

describe('a node process', () => {
  it('tells its starter that it listens and that it is ready, and serves', async () => {
    const process = start();
    await process.ready();
    expect(process.messages).toEqual([{ type: 'listening' }, { type: 'ready' }]);
    expect((await send({ port: cluster.ports[0] ?? 0, path: '/readyz' })).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT', 'disconnect'])(
    'ends cleanly on %s, and starts again on the same folder',
    async (event) => {
      const process = start();
      await process.ready();
      process.emit(event);
      expect(await process.ended()).toBe(0);
      expect(process.errors).toBe('');
      const again = start();
      await again.ready();
    },
  );

  /** A write that has begun, and whose body has 4 bytes. */
  async function beginWrite(): Promise<RawConnection> {
    const connection = new RawConnection(cluster.ports[0] ?? 0);
    const head = [
      'PUT /v1/keyspaces/default/keys/late HTTP/1.1',
      'Host: x',
      'Content-Length: 4',
      'Expect: 100-continue',
    ];
    await connection.write(`${head.join('\r\n')}\r\n\r\n`);
    await eventually(() => connection.text.includes('100 Continue'));
    return connection;
  }

  it('lets a request finish that is under way when it is told to stop, and takes no further one', async () => {
    const process = start();
    await process.ready();
    const connection = await beginWrite();
    const idle = new RawConnection(cluster.ports[0] ?? 0);
    await idle.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => idle.text.includes('alive'));
    process.emit('SIGTERM');
    await eventually(() => idle.closed);
    await expect(send({ port: cluster.ports[0] ?? 0, path: '/livez' })).rejects.toThrow(/ECONNREFUSED/);
    await connection.write('late');
    expect(await process.ended()).toBe(0);
    expect(connection.text).toMatch(/HTTP\/1\.1 204 /);
  });

  it('does not wait for a request that never ends', async () => {
    const process = start();
    await process.ready();
    await beginWrite();
    const startedAt = performance.now();
    process.emit('SIGTERM');
    expect(await process.ended()).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(1900);
    expect(performance.now() - startedAt).toBeLessThan(4500);
  });

  it('exits at once on a second signal', async () => {
    const process = start();
    await process.ready();
    process.emit('SIGINT');
    process.emit('SIGINT');
    expect(process.exits).toEqual([1]);
    await eventually(() => process.exits.length === 2);
  });

  it('prints its help and starts nothing', () => {
    const process = new FakeProcess(['--help']).start();
    expect(process.printed).toContain('--topology FILE');
    expect(process.messages).toEqual([]);
  });

  it('dies of an unforeseen error in one line', async () => {
    const process = start();
    await process.ready();
    process.emit('uncaughtException', new Error('two\n  lines'));
    expect(await process.ended()).toBe(1);
    expect(process.errors).toBe('node-1: two lines\n');
    process.emit('SIGTERM');
    await eventually(() => process.exits.includes(0));
  });
});

describe('a node that cannot start', () => {
  async function failureOf(process: FakeProcess): Promise<string> {
    expect(await process.ended()).toBe(1);
    expect(process.errors.trimEnd()).not.toContain('\n');
    expect(process.messages.at(-1)).toEqual({ type: 'failed', message: process.errors.trimEnd() });
    expect(process.messages).toHaveLength(1);
    return process.errors;
  }

  it('says every fault of its configuration', async () => {
    const failure = await failureOf(new FakeProcess(['--data', 'd', '--what']).start());
    expect(failure).toMatch(/--what.*--topology.*--node/);
  });

  it('refuses an empty folder unless it is its first start', async () => {
    expect(await failureOf(start({ data: freshFolder() }))).toMatch(/^node-1: .*no identity.*replace the member/);
    const created = start({ data: freshFolder(), create: true });
    await created.ready();
  });

  it('refuses the folder of another member', async () => {
    const topology = {
      ...cluster.topology,
      members: [{ ...cluster.topology.members[0], id: '99999999-9999-4999-8999-999999999999' }],
    };
    const file = join(cluster.folder, 'other.json');
    writeFileSync(file, JSON.stringify(topology));
    expect(await failureOf(start({ topology: file }))).toMatch(/belongs to member/);
  });

  it('refuses a folder in use', async () => {
    const process = start();
    await process.ready();
    const [port = 0] = await freePorts(1);
    expect(await failureOf(start({ listen: `127.0.0.1:${port}` }))).toMatch(/lock|in use/i);
  });

  it('says which port is taken', async () => {
    const taken = await listening();
    try {
      const failure = await failureOf(start({ listen: `127.0.0.1:${taken.port}` }));
      expect(failure).toContain(`port ${taken.port} on 127.0.0.1 is taken`);
    } finally {
      await new Promise((resolve) => taken.server.close(resolve));
    }
  });

  it('refuses an address that is not loopback', async () => {
    expect(await failureOf(start({ listen: '0.0.0.0:0' }))).toMatch(/will not listen on 0\.0\.0\.0:0: only loopback/);
  });

  it('says which member it should have been', async () => {
    expect(await failureOf(start({ node: 'node-9' }))).toMatch(
      /--node .*names no member of the topology: there is node-1/,
    );
  });

  it('says what is wrong with the topology file', async () => {
    const file = join(cluster.folder, 'broken.json');
    writeFileSync(file, '{"clusterId": 1, "partitions": "many", "members": [{}]}');
    const failure = await failureOf(start({ topology: file }));
    for (const fault of ['clusterId', 'partitions', 'members.0.id', 'keyspaces']) expect(failure).toContain(fault);
    expect(await failureOf(start({ topology: '/no/such/file' }))).toMatch(/cannot read the topology file/);
    const { members, ...rest } = cluster.topology;
    writeFileSync(file, JSON.stringify({ ...rest, partitions: 7, members: [...members, ...members] }));
    expect(await failureOf(start({ topology: file }))).toMatch(/power of two.*two members with the id/);
  });

  it('says which folder it cannot write', async () => {
    const parent = freshFolder();
    writeFileSync(parent, 'a file');
    expect(await failureOf(start({ data: join(parent, 'data'), create: true }))).toContain(
      `cannot make the folder ${parent}: something that is no folder has that name`,
    );
    if (process.getuid?.() === 0) return;
    const sealed = freshFolder();
    mkdirSync(sealed);
    chmodSync(sealed, 0o500);
    expect(await failureOf(start({ data: sealed, create: true }))).toContain(sealed);
  });
});

// In processes of their own: what is guarded against is a call that never returns and hears no signal.
it.skipIf(!existsSync('/proc'))('ends where the system has no place for its folders', { timeout: 120_000 }, () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  for (const place of [{ data: '/proc/nope', create: true as const }, { 'log-file': '/proc/nope/node.log' }]) {
    const argv = ['--conditions=@kv/source', '--import', 'tsx', main, ...args(place)];
    const limits = { encoding: 'utf8', timeout: 50_000, killSignal: 'SIGKILL' } as const;
    const { status, stderr } = spawnSync(process.execPath, argv, limits);
    expect(stderr).toBe('node-1: cannot make the folder /proc/nope: /proc takes no folders\n');
    expect(status).toBe(1);
  }
});

it('logs one JSON object a line, without keys and values', async () => {
  const logFile = join(cluster.folder, 'node.log');
  const process = start({ 'log-file': logFile, 'log-level': 'info' });
  await process.ready();
  const path = '/v1/keyspaces/default/keys/a-secret-key';
  await send({ port: cluster.ports[0] ?? 0, path, method: 'PUT', body: 'a-secret-value' });
  await send({ port: cluster.ports[0] ?? 0, path: `${path}?r=9` });
  process.emit('SIGTERM');
  await process.ended();
  const text = readFileSync(logFile, 'utf8');
  const events = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string; node: string }).event);
  expect(events).toEqual(expect.arrayContaining(['started', 'ready', 'stopping', 'stopped']));
  expect(text).not.toContain('a-secret');
  rmSync(logFile);
});

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}
