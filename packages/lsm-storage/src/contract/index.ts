/**
 * The suites that an implementation of the engine's ports must pass, and a file system that can lose power.
 * @packageDocumentation
 */
export type { Matchers, TestPrimitives } from './primitives.ts';
