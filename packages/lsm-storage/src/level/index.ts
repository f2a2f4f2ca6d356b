/**
 * The engine as an `abstract-level` database: for programs and modules of the Level ecosystem.
 *
 *     const db = new LsmLevel<string, object>('./data', { valueEncoding: 'json' });
 *     await db.put('key', { any: 'value' });
 *     for await (const [key, value] of db.iterator({ gte: 'a' })) console.log(key, value);
 *     await db.close();
 *
 * Needs the package `abstract-level`, which nothing else of this library does.
 *
 * @packageDocumentation
 */
export { LevelError } from './level-error.ts';
export type { LevelErrorCode } from './level-error.ts';
export { LsmLevel } from './lsm-level.ts';
export type { LsmIteratorOptions, LsmLevelOptions, RangeSizeOptions } from './lsm-level.ts';
