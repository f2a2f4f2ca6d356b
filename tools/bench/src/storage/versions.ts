/** The versions of the engines as they are installed. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engines/bench-engine.ts';

export function engineVersions(engines: readonly EngineName[]): Partial<Record<EngineName, string>> {
  return Object.fromEntries(engines.map((name) => [name, versionOf(name === 'ours' ? '@kv/lsm-storage' : name)]));
}

/** Looks above what is imported for the manifest of the package, which not every package exports. */
function versionOf(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string; readonly version?: string };
    if (manifest.name === name) return manifest.version ?? 'unknown';
  }
  return 'unknown';
}
