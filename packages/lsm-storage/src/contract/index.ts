/**
 * The suites that an implementation of the engine's ports must pass, and a file system that can lose power.
 * @packageDocumentation
 */
export { CrashableFileSystem, PowerLossError } from './crashable-file-system.ts';
export type { DiskCall, DiskObserver, DiskOperation } from './crashable-file-system.ts';
export type { Matchers, TestPrimitives } from './primitives.ts';
export { seededRandom } from './random.ts';
export type { Random } from './random.ts';
