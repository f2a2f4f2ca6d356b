import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFiles, listPackages, root } from './repository.ts';

const run = promisify(execFile);
const packages = listPackages();

interface PackedPackage {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

type Exports = string | { readonly [condition: string]: Exports };

interface PackageJson {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Exports;
}

interface VitestFiles {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}

let tarballs: string;
let packed: ReadonlyMap<string, PackedPackage>;

/** What a release would publish: built, and packed by npm as it stands. */
beforeAll(async () => {
  const projects = packages.map((name) => join('packages', name, 'tsconfig.lib.json'));
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build', ...projects], { cwd: root });
  tarballs = mkdtempSync(join(tmpdir(), 'kv-tarballs-'));
  const workspaces = packages.map((name) => `--workspace=packages/${name}`);
  const argv = ['pack', '--json', '--loglevel=error', `--pack-destination=${tarballs}`, ...workspaces];
  const { stdout } = await run('npm', argv, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  packed = new Map(readPacked(stdout).map((entry) => [entry.name, entry]));
}, 240_000);

afterAll(() => {
  if (tarballs !== undefined) rmSync(tarballs, { recursive: true });
});

/** npm answers a list, or since version 12 an object by name. */
function readPacked(stdout: string): PackedPackage[] {
  const answer = JSON.parse(stdout) as PackedPackage[] | Record<string, PackedPackage>;
  return Object.values(answer);
}

function readPackageJson(name: string): PackageJson {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as PackageJson;
}

function packedAs(name: string): PackedPackage {
  const found = packed.get(`@kv/${name}`);
  if (found === undefined) throw new Error(`npm packed no @kv/${name}`);
  return found;
}

/** Every file that some condition of `exports` leads to, without its leading `./`. */
function exportTargets(exports: Exports): string[] {
  return typeof exports === 'string' ? [exports.replace(/^\.\//, '')] : Object.values(exports).flatMap(exportTargets);
}

/** The shared configuration makes a README a test file; a package may leave its own out. */
async function isRunByOwnTests(folder: string): Promise<boolean> {
  const config = (await import(join(folder, 'vitest.config.mts'))) as { default: { test: VitestFiles } };
  const { include, exclude = [] } = config.default.test;
  return include.includes('README.md') && !exclude.includes('README.md');
}

/** One whose examples need a running cluster is run beside one. */
function isRunByEndToEndTests(name: string): boolean {
  return listFiles().some(
    (path) =>
      path.startsWith('test-e2e/') &&
      path.endsWith('.ts') &&
      readFileSync(join(root, path), 'utf8').includes(`packages/${name}/README.md`),
  );
}

describe.each(packages)('@kv/%s', (name) => {
  it('is called like its folder and is not private', () => {
    expect(readPackageJson(name)).toMatchObject({ name: `@kv/${name}` });
    expect(readPackageJson(name).private).toBeUndefined();
  });

  it('has a README with examples that its tests run', async () => {
    const folder = join(root, 'packages', name);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(/^# @kv\/.+\n\n[\s\S]*^```ts$/m);
    expect((await isRunByOwnTests(folder)) || isRunByEndToEndTests(name)).toBe(true);
  });

  it('carries every file that its exports lead to, and no test', () => {
    const paths = packedAs(name).files.map(({ path }) => path);
    const targets = exportTargets(readPackageJson(name).exports);
    expect(targets.length).toBeGreaterThan(1);
    expect(targets.filter((target) => !paths.includes(target))).toEqual([]);
    expect(paths.filter((path) => /\.test\.|\.tsbuildinfo$|testdata/.test(path))).toEqual([]);
  });

  it('has nothing for publint to say', async () => {
    const tarball = readFileSync(join(tarballs, packedAs(name).filename));
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer } });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('has types that arrive as they are meant', { timeout: 120_000 }, async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const tarball = join(tarballs, packedAs(name).filename);
    // The profile leaves out what only concerns CommonJS and resolution from before `exports`.
    const argv = [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'];
    const complaints = await run(process.execPath, argv, { cwd: tarballs }).then(
      () => '',
      (error: { stdout?: string; message: string }) => error.stdout ?? error.message,
    );
    expect(complaints).toBe('');
  });
});

describe('the folder of packages', () => {
  it('holds nothing else', () => {
    const folders = readdirSync(join(root, 'packages'), { withFileTypes: true });
    expect(folders.filter((entry) => !existsSync(join(root, 'packages', entry.name, 'package.json')))).toEqual([]);
  });
});
