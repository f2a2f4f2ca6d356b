/**
 * A deterministic simulator: real cluster nodes on a virtual clock, network and disk, under faults, with checkers.
 * @packageDocumentation
 */
export { plantedBugs } from './planted-bugs/all-planted-bugs.ts';
export { runSeed, type SeedResult, type SeedSettings } from './run-seed.ts';
export { World, type WorldOptions } from './world/world.ts';
