import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainInstallFailure, explainLoadFailure } from '../install-failure.mjs';
import { isInstalled, stampOf } from '../install.mjs';

const here = { lockFile: '{}', abi: '115', platform: 'linux', arch: 'x64' };

describe('the stamp of an installation', () => {
  it('is the same for the same lock file, Node and platform', () => {
    expect(stampOf({ ...here })).toBe(stampOf(here));
  });

  it.each([
    ['lock file', { lockFile: '{ }' }],
    ['binary interface', { abi: '127' }],
    ['platform', { platform: 'darwin' }],
    ['processor', { arch: 'arm64' }],
  ])('is another for another %s', (_what, change) => {
    expect(stampOf({ ...here, ...change })).not.toBe(stampOf(here));
  });

  it('does not mix its parts up', () => {
    expect(stampOf({ ...here, abi: '11', platform: '5linux' })).not.toBe(stampOf(here));
  });
});

describe('node_modules', () => {
  let workspace: string;
  let stampFile: string;

  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'kv-install-'));
    stampFile = join(workspace, 'node_modules/.install-stamp');
    writeFileSync(join(workspace, 'package-lock.json'), '{}');
  });

  afterEach(() => {
    rmSync(workspace, { recursive: true });
  });

  function stamp(lockFile: string): void {
    const { platform, arch } = process;
    mkdirSync(join(workspace, 'node_modules'), { recursive: true });
    writeFileSync(stampFile, stampOf({ lockFile, abi: process.versions.modules, platform, arch }));
  }

  it('is not installed when it is absent, or was made by a plain npm ci, which leaves no stamp', () => {
    expect(isInstalled(workspace)).toBe(false);
    mkdirSync(join(workspace, 'node_modules'));
    expect(isInstalled(workspace)).toBe(false);
  });

  it('is installed while the stamp belongs to the lock file, and looking changes nothing', () => {
    stamp('{}');
    const before = readFileSync(stampFile, 'utf8');
    expect(isInstalled(workspace)).toBe(true);
    expect(readFileSync(stampFile, 'utf8')).toBe(before);
  });

  it('is not installed any more once the lock file changed', () => {
    stamp('{}');
    writeFileSync(join(workspace, 'package-lock.json'), '{"lockfileVersion":3}');
    expect(isInstalled(workspace)).toBe(false);
  });
});

describe('a failed installation is explained', () => {
  const compilation = 'npm error gyp ERR! stack Error: not found: make\nnpm error gyp ERR! node -v v20.19.0';

  it('by the missing compiler, when compiling failed', () => {
    const message = explainInstallFailure(compilation, ['make', 'c++']);
    expect(message).toContain('had to be compiled and could not be, and make, c++ are missing');
    expect(message).toContain('apt-get install python3 make g++');
    expect(message).toContain('xcode-select --install');
  });

  it('without blaming tools that are there', () => {
    expect(explainInstallFailure(compilation, [])).not.toContain('missing');
  });

  it('and not by a missing compiler when something else failed', () => {
    const message = explainInstallFailure('npm error code ECONNREFUSED\nnpm error network', ['python3', 'make', 'c++']);
    expect(message).toBe('the package registry cannot be reached: check the network, then try again');
  });

  it.each([
    ['npm error code EUSAGE\nnpm error `npm ci` can only install packages when …', /package-lock.json does not fit/],
    ['npm error code ENOSPC', /the disk is full/],
    ['npm error code EACCES\nnpm error syscall mkdir', /npm may not write here/],
    ['npm error code E404\nnpm error 404 Not Found', /^npm ci failed: code E404$/],
    ['', /^npm ci failed: it said nothing$/],
  ])('%j', (log, message) => {
    expect(explainInstallFailure(log, [])).toMatch(message);
    expect(explainInstallFailure(log, [])).not.toContain('\n');
  });

  it('by skipped install scripts, when a compiled package does not load', () => {
    const log = 'node:internal/modules:1\n  throw e;\nError: Could not locate the bindings file. Tried:\n → …';
    expect(explainLoadFailure(log)).toContain('does not load (Error: Could not locate the bindings file. Tried:)');
  });
});
