import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kv-make-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing on the path, and nothing where all is there', () => {
    const path = join(folder, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(existsSync(path)).toBe(true);
  });

  it('names the part that stands in the way', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(join(file, 'a', 'b'))).toThrow(
      `cannot make the folder ${file}: something that is no folder has that name (EEXIST)`,
    );
  });

  // In a process of its own: what it guards against is a call that never returns and hears no signal.
  it.skipIf(!existsSync('/proc'))('returns where the system has no place for a folder', { timeout: 60_000 }, () => {
    const source = fileURLToPath(new URL('./make-folder.ts', import.meta.url));
    const script = `import(${JSON.stringify(source)}).then(({ makeFolder }) => makeFolder('/proc/nope/deeper'))
      .catch((error) => console.log(error.message))`;
    const options = { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' } as const;
    const { stdout, signal } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], options);
    expect(signal).toBeNull();
    expect(stdout).toBe('cannot make the folder /proc/nope: /proc takes no folders (ENOENT)\n');
  });
});
