import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalCluster, type LocalClusterOptions, openLocalNode } from './local-cluster.ts';
import { findFreePorts } from './ports.ts';
import { identify } from './process-identity.ts';

const program = fileURLToPath(new URL('../testdata/fake-node.mjs', import.meta.url));

let data: string;
const clusters: LocalCluster[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'kv-local-cluster-'));
});

afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
  rmSync(data, { recursive: true, force: true });
  rmSync(`${data}.misbehave.json`, { force: true });
});

async function start(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
  const cluster = await LocalCluster.start({ nodes: 3, port: 'free', data, program, ...options });
  clusters.push(cluster);
  return cluster;
}

function misbehave(behaviour: Record<string, { fail?: string; ignoreStop?: boolean }>): void {
  writeFileSync(`${data}.misbehave.json`, JSON.stringify(behaviour));
}

function readJson(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(data, name), 'utf8')) as Record<string, unknown>;
}

/** A zombie, whose parent has not asked for its end yet, is not alive. */
function isAlive(pid: number): boolean {
  return identify(pid) !== undefined;
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

describe('a local cluster', () => {
  it('runs each node as a process of its own and is ready when every node sees every member alive', async () => {
    const cluster = await start();
    const members = await cluster.waitReady();
    expect(members.map(({ name, state }) => [name, state])).toEqual([
      ['node-1', 'alive'],
      ['node-2', 'alive'],
      ['node-3', 'alive'],
    ]);
    expect(new Set(cluster.nodes.map(({ pid }) => pid)).size).toBe(3);
    expect(cluster.nodes.map(({ number, address }) => [number, address])).toEqual(
      members.map(({ address }, index) => [index + 1, address]),
    );
  });

  it('leaves no process and no claim behind after stop', async () => {
    const cluster = await start();
    const pids = cluster.nodes.map(({ pid }) => pid);
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(data, 'starter.lock'))).toBe(false);
    expect(existsSync(join(data, 'node-1.pid'))).toBe(false);
  });

  it('passes --create at the first start only, and keeps ids across starts and ports', async () => {
    const first = await start();
    const ids = first.nodes.map(({ id }) => id);
    await first.stop();
    const second = await start();
    expect(second.nodes.map(({ id }) => id)).toEqual(ids);
    expect(second.nodes.map(({ address }) => address)).not.toEqual(first.nodes.map(({ address }) => address));
    const log = readFileSync(join(data, 'node-2', 'node.log'), 'utf8');
    expect(log).toBe('{"msg":"node-2 created"}\n{"msg":"node-2 opened"}\n');
  });

  it('launches each node through what it is told to, at every start, in the process that it supervises', async () => {
    const greeting = ['sh', '-c', 'echo "$GREETING from $$" && exec "$@"', 'sh'];
    const launch: LocalClusterOptions['launch'] = async ({ number, name, folder }) => {
      return number === 2 ? { through: greeting, environment: { GREETING: `${name} in ${folder}` } } : {};
    };
    const cluster = await start({ launch });
    const node = cluster.node(2);
    const pids = [node.pid];
    node.kill('SIGKILL');
    await node.restart();
    pids.push(node.pid);
    const folder = join(data, 'node-2');
    const greetings = readFileSync(join(folder, 'node.log'), 'utf8').match(/.* from .*/g);
    expect(greetings).toEqual(pids.map((pid) => `node-2 in ${folder} from ${pid}`));
    expect(readFileSync(join(data, 'node-1', 'node.log'), 'utf8')).not.toContain('from');
  });

  it('gives the nodes a topology with their addresses and at most three copies', async () => {
    const cluster = await start({ nodes: 4 });
    expect(readJson('topology.json')).toMatchObject({
      clusterId: readJson('cluster.json')['clusterId'],
      partitions: 256,
      members: cluster.nodes.map(({ id, name, address }) => ({ id, name, address, weight: 1 })),
      keyspaces: [{ id: 1, name: 'default', replicas: 3 }],
    });
    await cluster.stop();
    rmSync(data, { recursive: true });
    await start({ nodes: 1 });
    expect(readJson('topology.json')['keyspaces']).toEqual([{ id: 1, name: 'default', replicas: 1 }]);
  });

  it('takes a folder in which a first start was cut off, or a disk that is empty but to its file system', async () => {
    for (const name of ['starter.lock', 'cluster.json.12.tmp', '.probe-12']) writeFileSync(join(data, name), '');
    mkdirSync(join(data, 'lost+found'));
    await (await start()).waitReady();
  });

  it('makes its data folder and those above it', async () => {
    const deep = join(data, 'a', 'b');
    await (await start({ data: deep, nodes: 1 })).waitReady();
    expect(existsSync(join(deep, 'cluster.json'))).toBe(true);
  });

  it('starts as many nodes as the folder remembers, and refuses another number', async () => {
    const first = await start({ nodes: 2 });
    await first.stop();
    await expect(start({ nodes: 5 })).rejects.toMatchObject({
      code: 'NODES_DIFFER',
      message: expect.stringContaining('holds a cluster of 2 nodes, which cannot become 5') as unknown,
    });
    const again = await LocalCluster.start({ data, program, port: 'free' });
    clusters.push(again);
    expect(again.nodes).toHaveLength(2);
  });
});

describe('a node of a local cluster', () => {
  it('reports the signal that killed it, and comes back with its identity at its address', async () => {
    const cluster = await start();
    const node = cluster.node(2);
    const { pid, address } = node;
    node.kill();
    expect(await node.exited).toEqual({ how: 'signal', signal: 'SIGKILL' });
    expect(node.running).toBe(false);
    await expect(cluster.waitReady()).rejects.toMatchObject({ code: 'NODE_FAILED' });
    await node.restart();
    expect(node.pid).not.toBe(pid);
    expect(node.address).toBe(address);
    await cluster.waitReady();
  });

  it('is stopped even while it is paused', async () => {
    const cluster = await start({ nodes: 1 });
    cluster.node(1).kill('SIGSTOP');
    await cluster.stop();
    expect(await cluster.node(1).exited).toEqual({ how: 'exit', code: 0 });
  });

  it('is killed when it does not stop by itself', async () => {
    misbehave({ 'node-1': { ignoreStop: true } });
    const cluster = await start({ nodes: 1 });
    await cluster.node(1).stop(100);
    expect(await cluster.node(1).exited).toEqual({ how: 'signal', signal: 'SIGKILL' });
  });

  it('can be run by another process after it was killed, but not twice', async () => {
    const cluster = await start();
    const again = openLocalNode({ data, number: 2, program });
    await expect(again.start()).rejects.toMatchObject({ code: 'NODE_RUNNING' });
    cluster.node(2).kill();
    await cluster.node(2).exited;
    await again.start();
    expect(again.address).toBe(cluster.node(2).address);
    await again.stop();
  });

  it('is refused with its own words when its folder was wiped', async () => {
    const first = await start();
    await first.stop();
    rmSync(join(data, 'node-2'), { recursive: true });
    await expect(start()).rejects.toMatchObject({
      code: 'NODE_FAILED',
      message: expect.stringMatching(/^node-2 did not start: .*the disk was wiped/) as unknown,
    });
  });

  it('is unknown beyond the last, or in a folder without a cluster', async () => {
    expect(() => openLocalNode({ data, number: 1, program })).toThrow(/holds no cluster yet/);
    const cluster = await start();
    expect(() => cluster.node(4)).toThrow('there is no node 4: the cluster has nodes 1 to 3');
    expect(() => openLocalNode({ data, number: 9, program })).toThrow('there is no node 9');
  });
});

describe('a start that is refused leaves nothing running', () => {
  it('when a node fails: the others are stopped and the data folder is free again', async () => {
    misbehave({ 'node-3': { fail: 'cannot read the commit log' } });
    await expect(start()).rejects.toMatchObject({
      code: 'NODE_FAILED',
      message: expect.stringContaining(
        'node-3 did not start: it ended with code 1: cannot read the commit log',
      ) as unknown,
    });
    expect(existsSync(join(data, 'node-1.pid'))).toBe(false);
    misbehave({});
    await (await start()).waitReady();
  });

  it('when a port is taken: names the address and a port that would do', async () => {
    const [port = 0] = await findFreePorts(3);
    const other = await listenOn(port + 1);
    try {
      await expect(start({ port })).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: expect.stringMatching(
          new RegExp(
            `^127.0.0.1:${port + 1} is taken by another program.*npm start -- --nodes 3 --port \\d+ --data ${data}$`,
          ),
        ) as unknown,
      });
      expect(existsSync(join(data, 'starter.lock'))).toBe(false);
      expect(existsSync(join(data, 'cluster.json'))).toBe(false);
    } finally {
      other.close();
    }
  });

  it('when the folder cannot be written', async () => {
    const file = join(data, 'file');
    writeFileSync(file, '');
    await expect(start({ data: join(file, 'below') })).rejects.toMatchObject({
      code: 'DATA_UNWRITABLE',
      message: expect.stringMatching(
        new RegExp(`cannot make the folder ${file}: something that is no folder has that name .*: npm start -- `),
      ) as unknown,
    });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('when the folder is somebody else’s, in which nothing is changed', async () => {
    for (const name of ['package.json', 'src']) writeFileSync(join(data, name), '');
    await expect(start({ port: 7800 })).rejects.toMatchObject({
      code: 'DATA_FOREIGN',
      message:
        `${data} is not the data folder of a cluster, but holds package.json and 1 more: choose a new or empty ` +
        'folder: npm start -- --nodes 3 --port 7800 --data DIR',
    });
    expect(readdirSync(data).sort()).toEqual(['package.json', 'src']);
  });

  it('when the folder has no name', async () => {
    await expect(start({ data: '' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('the data folder needs a name') as unknown,
    });
    expect(() => openLocalNode({ data: '', number: 1, program })).toThrow('the data folder needs a name');
  });

  it('when the folder is in use', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      message: expect.stringContaining(`process ${process.pid}`) as unknown,
    });
  });

  it.each([
    ['is not JSON', '{'],
    ['has a version of the future', '{"version":2}'],
    ['names no members', '{"version":1,"clusterId":"c","members":[]}'],
    ['names a stranger', '{"version":1,"clusterId":"c","members":[{"id":"a","name":"b","created":true}]}'],
  ])('when cluster.json %s', async (_what, text) => {
    writeFileSync(join(data, 'cluster.json'), text);
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    expect(readFileSync(join(data, 'cluster.json'), 'utf8')).toBe(text);
  });

  it('when node folders are there without cluster.json', async () => {
    mkdirSync(join(data, 'node-2'));
    await expect(start()).rejects.toThrow(/is missing, though node-2 has data/);
  });

  it.each([
    [{ nodes: 0 }, 'nodes must be a whole number from 1 to 32, got 0'],
    [{ nodes: 2.5 }, 'nodes must be'],
    [{ port: 80 }, 'port must be a whole number from 1024'],
    [{ port: 65_535 }, 'port must be'],
    [{ program: '/nowhere/main.js' }, 'the node program /nowhere/main.js does not exist'],
  ])('when an option is wrong: %j', async (options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });

  it.each([
    ['half way', 1],
    ['as the last node listens', 3],
  ])('when it is aborted %s', async (_, listening) => {
    const abort = new AbortController();
    let told = 0;
    const log = (): void => {
      told += 1;
      if (told === listening) abort.abort();
    };
    const starting = start({ signal: abort.signal, log });
    await expect(starting).rejects.toThrow();
    expect([1, 2, 3].filter((number) => existsSync(join(data, `node-${number}.pid`)))).toEqual([]);
    expect(existsSync(join(data, 'starter.lock'))).toBe(false);
  });
});
