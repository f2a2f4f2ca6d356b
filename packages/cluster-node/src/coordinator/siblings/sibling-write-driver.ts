/**
 * Drives one write into a set of siblings at the owner that gives it its dot: makes it in this member's own set, durably, and
 * then hands that set to the other owners until W of them have it. Nothing leaves this member before the dot is on its disk.
 */
import {
  believedContext,
  type Context,
  SiblingError,
  type SiblingSet,
  type Version,
  visibleSiblings,
  type WriteEffect,
  type WriteFailure,
  type WriteOperation,
  type WriteResult,
} from '@kv/quorum';
import type { SiblingValue } from '@kv/wire';
import type { Timer } from '../../ports.ts';
import { memberOfActor } from '../../replica/dot-actor.ts';
import { maxSetBytes } from '../../replica/sibling-decisions.ts';
import type { GivenWrite } from '../../replica/sibling-decisions.ts';
import type { PutResult } from '../../requests.ts';
import type { CoordinatorDependencies, Refused } from '../coordinator.ts';
import { isPlannedTooEarly, mindfulOfEarlier, type Replan, Replacement } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import { countWrite } from '../write-driver.ts';
import { endedWrite, withoutOwners } from './ended-write.ts';
import { rawBytes } from './stored-set.ts';

export interface NewSibling {
  /** The write's id, the same for each try; `undefined`: it has none yet, and was never tried. */
  readonly version: Version | undefined;
  /** What the writer had read. */
  readonly context: Context;
  /** `undefined`: a deletion. */
  readonly value: SiblingValue | undefined;
}

/** When and where a write goes. */
export interface PlannedWrite {
  readonly plan: RequestPlan;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly replan: Replan;
  /** By an earlier plan, so that owners may hold it whatever comes of this one. Default: false. */
  readonly wasMade?: boolean;
}

export class SiblingWriteDriver {
  readonly #dependencies: CoordinatorDependencies;
  readonly #planned: PlannedWrite;
  readonly #write: NewSibling;
  readonly #done: (result: PutResult) => void;
  readonly #refused: Refused;
  readonly #elsewhere: (() => void) | undefined;
  #timer: Timer | undefined;
  #isMade: boolean;
  #siblings: number | undefined;
  readonly #replacement = new Replacement(() => this.#timer?.cancel());

  /**
   * @param planned this member is an owner in its plan
   * @param elsewhere called in place of `done` where this member could not make the write, and did nothing. Default: it is `rejected`
   */
  constructor(
    dependencies: CoordinatorDependencies,
    planned: PlannedWrite,
    write: NewSibling,
    done: (result: PutResult) => void,
    refused: Refused,
    elsewhere?: () => void,
  ) {
    this.#dependencies = dependencies;
    this.#elsewhere = elsewhere;
    this.#planned = planned;
    this.#isMade = planned.wasMade ?? false;
    this.#write = write;
    this.#done = done;
    this.#refused = refused;
  }

  start(): void {
    const { access, self, stamps } = this.#dependencies;
    const { version } = this.#write;
    const issue = (): void => stamps.issue((stamp) => this.#begin(version ?? stamp, stamp), this.#withoutStamp);
    // A new id must be higher than those in the set, of which the clock may not have heard since this member started.
    if (version !== undefined) issue();
    else
      access.read(self, this.#planned.plan.place, 'version', this.#planned.deadline, {
        answered: issue,
        failed: issue,
      });
  }

  readonly #withoutStamp: Refused = (error) => {
    const { version } = this.#write;
    if (!this.#isMade || version === undefined) return this.#refused(error);
    this.#answer(
      endedWrite(this.#planned.plan, version, { outcome: 'unknown', reason: 'too-few-replicas', replicas: [] }),
    );
  };

  #begin(id: Version, stamp: Version): void {
    const { membership, timers, clock, strategies, access } = this.#dependencies;
    const operation = strategies.writeOperation(this.#planned.plan, id, clock.monotonicMs());
    const { replicas, needed } = this.#planned.plan;
    const down = replicas.filter((owner) => membership.stateOf(owner) === 'down');
    if (replicas.length - down.length < needed) {
      this.#answer(withoutOwners(this.#planned.plan, id, down));
      return;
    }
    this.#timer = timers.set(this.#planned.deadline - clock.monotonicMs(), () => this.#expire(operation));
    access.writeOwnSibling(this.#planned.plan.place, id, (set) => this.#changed(set, id, stamp.ms), {
      answered: (made) => this.#made(operation, id, made),
      failed: (failure, code) => {
        const notMade = (): void => this.#notMade(operation, id, failure === 'refused' ? code : undefined);
        if (isPlannedTooEarly(code)) this.#planAgain(operation, id, notMade);
        else notMade();
      },
    });
  }

  /** @throws SiblingError */
  #changed(set: SiblingSet<SiblingValue>, id: Version, clockMs: number): SiblingSet<SiblingValue> {
    const { dotActor: actor, strategies, topology } = this.#dependencies;
    const { context: asked, value } = this.#write;
    // No dot of this member has a counter that its clock is yet to reach: none is given twice, even if the set was forgotten.
    const isActor = (other: string): boolean => topology().member(memberOfActor(other)) !== undefined;
    const context = believedContext(asked, set, { actor, isActor, above: clockMs });
    const after = strategies.siblings.write(set, { actor, id, context, value, above: clockMs });
    if (value !== undefined && after !== set) checkRoom(after, this.#planned.plan.keyspace.replicas);
    return after;
  }

  #made(operation: WriteOperation, id: Version, { record, set }: GivenWrite): void {
    if (operation.answered) return;
    const { self, access } = this.#dependencies;
    this.#isMade = true;
    this.#siblings = visibleSiblings(set).length;
    for (const effect of operation.start()) {
      if (effect.type !== 'send' || effect.to === self) continue;
      const { to } = effect;
      access.write(to, this.#planned.plan.place, record, this.#planned.deadline, {
        // It holds the set and perhaps more: this write is in there, or whoever replaced it had seen it.
        answered: () => this.#run(operation.acknowledge(to, id, this.#now())),
        failed: (failure, reason) => {
          const fail = (): void => this.#run(operation.fail(to, failure, reason, this.#now()));
          if (isPlannedTooEarly(reason)) this.#planAgain(operation, id, fail);
          else fail();
        },
      });
    }
    this.#run(operation.acknowledge(self, id, this.#now()));
  }

  /** Made again under its id it is the same write, which the set remembers. */
  #planAgain(operation: WriteOperation, version: Version, giveUp: () => void): void {
    const { self } = this.#dependencies;
    const write = { ...this.#write, version };
    const goOn = this.#replacement.by(operation, (plan: RequestPlan) => {
      const planned = { ...this.#planned, plan, wasMade: this.#isMade };
      new SiblingWriteDriver(this.#dependencies, planned, write, this.#done, this.#refused).start();
    });
    const again = (plan: RequestPlan): void => (plan.replicas.includes(self) ? goOn(plan) : giveUp());
    this.#planned.replan(this.#planned.plan, again, giveUp, this.#replacement.by(operation, this.#refused));
  }

  /** Nothing was done now, if this member refused by a code; else its storage failed in the middle of it. */
  #notMade(operation: WriteOperation, id: Version, code: string | undefined): void {
    if (operation.answered) return;
    if (code === 'TOO_MANY_SIBLINGS') this.#dependencies.counters.siblingsRefused += 1;
    if (reasonOf(code) === 'refused' && !this.#isMade && this.#elsewhere !== undefined) {
      this.#timer?.cancel();
      this.#elsewhere();
      return;
    }
    const isOld = code === 'WRITE_TOO_OLD' || code === 'BELOW_WATERMARK';
    const outcome = code === undefined || isOld ? 'unknown' : 'rejected';
    const answer = code === undefined ? 'unreachable' : 'refused';
    const told = { answer, reason: code ?? 'STORAGE_FAILED' } as const;
    const replicas = [{ replica: this.#dependencies.self, role: 'primary', ...told }] as const;
    this.#answer(endedWrite(this.#planned.plan, id, { outcome, reason: reasonOf(code), replicas }));
  }

  #expire(operation: WriteOperation): void {
    // Names all owners: what was made here and not yet sent will be theirs too.
    operation.start();
    this.#run(operation.expire());
  }

  #run(effects: readonly WriteEffect[]): void {
    if (this.#replacement.isMade) return;
    for (const effect of effects) if (effect.type === 'answer') this.#answer(effect.result);
  }

  #answer(driven: WriteResult): void {
    this.#timer?.cancel();
    const result = this.#isMade ? mindfulOfEarlier(driven) : driven;
    countWrite(this.#dependencies, result);
    const { outcome } = result;
    this.#done({
      ...result,
      ...(outcome === 'applied' && this.#siblings !== undefined && { siblings: this.#siblings }),
    });
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs();
  }
}

/** The most that one owner lets in: what N of them let in apart still fits into one record when it comes together. */
export function mostBytesFor(replicas: number): number {
  return Math.floor(maxSetBytes / replicas);
}

function checkRoom(set: SiblingSet<SiblingValue>, replicas: number): void {
  const most = mostBytesFor(replicas);
  const bytes = rawBytes(set);
  if (bytes <= most) return;
  const message = `the siblings of a key have at most ${most} bytes together, this write makes it ${bytes}`;
  throw new SiblingError('TOO_MANY_SIBLINGS', `${message}: read, reconcile, write`);
}

function reasonOf(code: string | undefined): WriteFailure {
  switch (code) {
    case 'TOO_MANY_SIBLINGS':
      return 'too-many-siblings';
    case 'WRITE_TOO_OLD':
    case 'BELOW_WATERMARK':
      return 'write-too-old';
    case 'INVALID_CONTEXT':
      return 'invalid-context';
    case undefined:
      return 'too-few-replicas';
    default:
      return 'refused';
  }
}
