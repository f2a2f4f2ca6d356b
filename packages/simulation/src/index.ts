/**
 * A deterministic simulator: a virtual clock, network and disk in which any code can run that takes time, randomness,
 * network and disk from outside; a cluster of real `@kv/cluster-node`s in it, under faults; and checkers of what
 * clients saw.
 * @packageDocumentation
 */
export { checkHistory } from './checkers/check-history.ts';
export { linearizability } from './checkers/linearizability/linearizability.ts';
export type {
  History,
  ReadRecord,
  StoredCopy,
  StrongOutcome,
  StrongRecord,
  Violation,
  WriteCondition,
  WriteRecord,
} from './history.ts';
export { plantedBugs } from './planted-bugs/all-planted-bugs.ts';
export type { PlantedBug } from './planted-bugs/planted-bug.ts';
export { runSeed, type SeedResult, type SeedSettings } from './run-seed.ts';
export { type FaultEpisode, type PlannedKind, plannedKinds } from './scenario/fault-plan.ts';
export type { ScenarioOptions } from './scenario/options.ts';
export { type ScenarioName, scenarioNames } from './scenario/scenarios.ts';
export { type CrashLosses, type CrashOutcome, processCrash, totalPowerLoss } from './world/disk/crash.ts';
export { type DiskOptions, defaultDiskOptions } from './world/disk/disk-options.ts';
export { type FaultCount, type FaultKind, FaultLog, faultKinds } from './world/fault-log.ts';
export { Incarnation } from './world/incarnation.ts';
export { Machine, type MachineOptions } from './world/machine.ts';
export { Endpoint, type EndpointHandlers } from './world/network/endpoint.ts';
export type { Block } from './world/network/link.ts';
export { Network } from './world/network/network.ts';
export {
  defaultNetworkOptions,
  type NetworkNoise,
  type NetworkOptions,
  quietNetwork,
} from './world/network/network-options.ts';
export { Scheduler } from './world/scheduler.ts';
export { SeededRandom } from './world/seeded-random.ts';
export { VirtualTimers, type VirtualTimer } from './world/timers.ts';
export { Trace } from './world/trace.ts';
export { startOfTimeMs, WallClock } from './world/wall-clock.ts';
export { World, type WorldOptions } from './world/world.ts';
