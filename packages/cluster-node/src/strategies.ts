/**
 * The parts of a member that the simulator replaces from outside to plant a bug, and so to prove that its checkers would
 * find one. Production always runs the defaults: no option, flag or message reaches this.
 */
import {
  type HintLimits,
  HybridLogicalClock,
  mergeSiblings,
  ReadOperation,
  RegisterRead,
  type ReplicaPlan,
  type SiblingSet,
  type SiblingWrite,
  type Stamp,
  type Version,
  type Voters,
  WriteOperation,
  writeSibling,
} from '@kv/quorum';
import type { Decide, StorageEngine } from '@kv/lsm-storage/core';
import { compareMetaVersions, type SiblingValue } from '@kv/wire';
import { isNewerVersion } from './repair/exchange-driver.ts';
import { RangeTree } from './repair/range-tree.ts';
import { changeOnce } from './coordinator/strong/register-change.ts';
import { Losses } from './healing/losses.ts';
import { HintStore, type HintStoreDependencies } from './hints/hint-store.ts';
import { type HeldBack, type PurgePlan, PurgeRound, type PurgeRoundDependencies } from './purge/purge-round.ts';
import { Watermarks, type WatermarksDependencies } from './purge/watermarks.ts';
import { type AcceptorRules, AcceptorStore, type AcceptorStoreDependencies } from './replica/acceptor-store.ts';

/** What becomes of sets of siblings, at replicas and coordinators. */
export interface SiblingStrategies {
  readonly merge: (a: SiblingSet<SiblingValue>, b: SiblingSet<SiblingValue>) => SiblingSet<SiblingValue>;
  /** @throws SiblingError */
  readonly write: (set: SiblingSet<SiblingValue>, write: SiblingWrite<SiblingValue>) => SiblingSet<SiblingValue>;
}

export interface Strategies {
  /** Which of two records of a key a replica keeps. */
  readonly decide: Decide;
  readonly siblings: SiblingStrategies;
  readOperation<Value>(plan: ReplicaPlan, startedAt: number): ReadOperation<Value>;
  writeOperation(plan: ReplicaPlan, version: Version, startedAt: number): WriteOperation;
  purgeRound(
    dependencies: PurgeRoundDependencies,
    plan: PurgePlan,
    done: (heldBack: HeldBack | undefined) => void,
  ): PurgeRound;
  watermarks(dependencies: WatermarksDependencies): Watermarks;
  losses(engine: StorageEngine): Losses;
  hintStore(dependencies: HintStoreDependencies, limits: HintLimits): HintStore;
  clock(floor: Stamp): HybridLogicalClock;
  rangeTree(levels: number): RangeTree;
  /** Of two versions that an exchange found, as trees count them, whether the first is to go where the second is. */
  readonly isNewer: typeof isNewerVersion;
  acceptorStore(dependencies: AcceptorStoreDependencies, rules?: AcceptorRules): AcceptorStore;
  registerRead<Value>(voters: Voters): RegisterRead<Value>;
  readonly changeOnce: typeof changeOnce;
}

export const defaultStrategies: Strategies = {
  decide: (current, incoming) =>
    current === undefined || compareMetaVersions(incoming, current) > 0 ? 'replace' : 'keep',
  siblings: { merge: (a, b) => mergeSiblings(a, b), write: (set, write) => writeSibling(set, write) },
  readOperation: (plan, startedAt) => new ReadOperation(plan, startedAt),
  writeOperation: (plan, version, startedAt) => new WriteOperation(plan, version, startedAt),
  purgeRound: (dependencies, plan, done) => new PurgeRound(dependencies, plan, done),
  watermarks: (dependencies) => new Watermarks(dependencies),
  losses: (engine) => new Losses(engine),
  hintStore: (dependencies, limits) => new HintStore(dependencies, limits),
  clock: (floor) => new HybridLogicalClock(floor),
  rangeTree: (levels) => new RangeTree(levels),
  isNewer: isNewerVersion,
  acceptorStore: (dependencies, rules) => new AcceptorStore(dependencies, rules),
  registerRead: (voters) => new RegisterRead(voters),
  changeOnce,
};
