/**
 * The packages as another project gets them: packed, installed from the tarballs, type-checked under both kinds of module
 * resolution, imported, and used against a running cluster.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningCluster, startCluster } from '../running-cluster.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts';

const run = promisify(execFile);
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
/** Compiled parts take minutes to build, and are the same here: the test borrows the workspace's. */
const compiled = ['better-sqlite3', 'zstd-napi'];

const program = `
import { connect } from '@kv/client-sdk';

const address = process.env['KV_URL'] ?? 'kv://127.0.0.1:7400';
await using kv = await connect(address);
const users = kv.keyspace<{ name: string; age: number }>('default');
const written = await users.set('packed', { name: 'Ada', age: 36 });
const outcome: 'applied' | 'superseded' = written.outcome;
const entry = await users.getEntry('packed');
const age: number | undefined = entry.found ? entry.value.age : undefined;
console.log(outcome, age);
`;

let folder: TemporaryFolder;
let packages: string[];
let running: RunningCluster;

beforeAll(async () => {
  [folder, running] = await Promise.all([makeTemporaryFolder(), startCluster()]);
  packages = await readdir(join(workspace, 'packages'));
  const tarballs = await pack();
  await writeProject();
  const offline = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...offline, ...tarballs, '@types/node@20'], { cwd: folder.path });
  for (const name of compiled) {
    const build = join('node_modules', name, 'build');
    await cp(join(workspace, build), join(folder.path, build), { recursive: true });
  }
}, 180_000);

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function pack(): Promise<string[]> {
  const target = join(folder.path, 'tarballs');
  await mkdir(target);
  const workspaces = packages.map((name) => `--workspace=packages/${name}`);
  await run('npm', ['pack', `--pack-destination=${target}`, ...workspaces], { cwd: workspace });
  return (await readdir(target)).map((name) => join(target, name));
}

async function writeProject(): Promise<void> {
  const everything = packages.map((name, index) => `export * as p${index} from '@kv/${name}';`).join('\n');
  await mkdir(join(folder.path, 'src'));
  await writeFile(
    join(folder.path, 'package.json'),
    JSON.stringify({ name: 'consumer', type: 'module', private: true }),
  );
  await writeFile(join(folder.path, 'src/program.ts'), program);
  await writeFile(join(folder.path, 'src/everything.ts'), everything);
}

async function typeCheck(options: object): Promise<void> {
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    ...options,
  };
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const compiler = join(workspace, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', folder.path]).catch((error: { stdout?: string }) => {
    throw new Error(error.stdout);
  });
}

it('type-check for a bundler', { timeout: 120_000 }, async () => {
  await typeCheck({ module: 'esnext', moduleResolution: 'bundler', noEmit: true });
});

it('type-check for Node, load, and talk to a cluster', { timeout: 120_000 }, async () => {
  await typeCheck({ module: 'nodenext', rootDir: join(folder.path, 'src'), outDir: 'out' });
  const env = { ...process.env, KV_URL: running.connection };
  await run(process.execPath, ['out/everything.js'], { cwd: folder.path, env });
  const { stdout } = await run(process.execPath, ['out/program.js'], { cwd: folder.path, env });
  expect(stdout.trim()).toBe('applied 36');
});
