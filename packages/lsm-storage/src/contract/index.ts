/**
 * The suites that an implementation of the engine's ports must pass, and a file system that can lose power.
 *
 *     import { describe, expect, it } from 'vitest';
 *     fileSystemContract({ describe, it, expect }, () => ({ subject: new CrashableFileSystem() }));
 *
 * @packageDocumentation
 */
export { codecContract } from './codec-contract.ts';
export { CrashableFileSystem, PowerLossError } from './crashable-file-system.ts';
export type { DiskCall, DiskObserver, DiskOperation } from './crashable-file-system.ts';
export { fileSystemContract } from './file-system-contract.ts';
export { jobsContract, rehearse } from './jobs-contract.ts';
export { manifestContract } from './manifest-contract.ts';
export type { ManifestHome } from './manifest-contract.ts';
export type { Matchers, Subject, SubjectFactory, TestPrimitives } from './primitives.ts';
export { Survival } from './survival.ts';
export { seededRandom } from './random.ts';
export type { Random } from './random.ts';
