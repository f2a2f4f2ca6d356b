/** Opens an engine by its name. Its package is loaded only then, so that no process holds two. */
import type { BenchEngine, EngineName, EngineOptions } from './bench-engine.ts';

export async function openEngine(name: EngineName, directory: string, options: EngineOptions): Promise<BenchEngine> {
  switch (name) {
    case 'ours':
      return (await import('./ours.ts')).openOurs(directory, options);
    case 'classic-level':
      return (await import('./classic-level.ts')).openClassicLevel(directory, options);
    case 'lmdb':
      return (await import('./lmdb.ts')).openLmdb(directory, options);
    case 'better-sqlite3':
      return (await import('./better-sqlite3.ts')).openBetterSqlite3(directory, options);
  }
}
