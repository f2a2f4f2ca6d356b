/**
 * Has an owner of the key make a write, where this member is none or cannot make it: the nearest that is alive. An owner that
 * refused did nothing, and another one is asked; one that was lost may have made it, and then nobody else must make it again.
 */
import { primary, type ReplicaAnswer, type Version, type WriteFailure, type WriteResult } from '@kv/quorum';
import type { SiblingWriteReply, SiblingWriteRequest } from '@kv/wire';
import type { Timer } from '../../ports.ts';
import type { PutResult } from '../../requests.ts';
import type { CoordinatorDependencies, Refused } from '../coordinator.ts';
import { isPlannedTooEarly } from '../replan.ts';
import type { RequestPlan } from '../request-plan.ts';
import { countWrite } from '../write-driver.ts';
import type { PlannedWrite } from './sibling-write-driver.ts';
import { endedWrite, withoutOwners } from './ended-write.ts';

export interface ForwardedWrite extends Pick<SiblingWriteRequest, 'context' | 'content'> {
  /** `undefined`: stamped here, and again if that is not high enough. */
  readonly version: Version | undefined;
}

/** For the owner to tell its own account of a deadline before this member's passes. */
const headStartMs = 50;

export class SiblingForward {
  readonly #dependencies: CoordinatorDependencies;
  readonly #planned: PlannedWrite;
  readonly #write: ForwardedWrite;
  readonly #done: (result: PutResult) => void;
  readonly #refusedAtOnce: Refused;
  readonly #owners: string[];
  readonly #refusals: ReplicaAnswer[] = [];
  #timer: Timer | undefined;
  /** The id under which it was asked for last. */
  #asked: Version | undefined;
  #restamped = false;
  #answered = false;

  /** @param planned with the owners to ask first in front */
  constructor(
    dependencies: CoordinatorDependencies,
    planned: PlannedWrite,
    write: ForwardedWrite,
    done: (result: PutResult) => void,
    refused: Refused,
  ) {
    this.#dependencies = dependencies;
    this.#planned = planned;
    this.#write = write;
    this.#done = done;
    this.#refusedAtOnce = refused;
    const { self, membership } = dependencies;
    this.#owners = membership.reachable(planned.plan.replicas).filter((owner) => owner !== self);
  }

  start(): void {
    const { version } = this.#write;
    if (version === undefined) this.#dependencies.stamps.issue((version) => this.#begin(version), this.#refusedAtOnce);
    else this.#begin(version);
  }

  #begin(version: Version): void {
    const { plan } = this.#planned;
    if (this.#owners.length < plan.needed) {
      const down = plan.replicas.filter((owner) => !this.#owners.includes(owner));
      this.#answer(withoutOwners(plan, version, down));
      return;
    }
    const { timers, clock } = this.#dependencies;
    this.#timer = timers.set(this.#planned.deadline - clock.monotonicMs(), () => this.#expire());
    this.#ask(version);
  }

  #ask(version: Version): void {
    const [owner] = this.#owners;
    this.#asked = version;
    if (owner === undefined) {
      this.#end(version, 'rejected', 'refused');
      return;
    }
    const { place } = this.#planned.plan;
    this.#dependencies.access.forwardSibling(owner, place, this.#message(version), this.#deadlineForOwner(), {
      answered: (reply) => this.#replied(owner, version, reply),
      failed: (answer, reason) => {
        const told = { replica: owner, role: 'primary', answer, reason } as const;
        if (answer === 'unreachable') this.#end(version, 'unknown', 'too-few-replicas', told);
        else if (isPlannedTooEarly(reason)) this.#planAgain(() => this.#refused(version, told));
        else this.#refused(version, told);
      },
    });
  }

  #message(version: Version): SiblingWriteRequest {
    const { place, needed } = this.#planned.plan;
    const { partition, key } = place;
    const { context, content } = this.#write;
    const optional = { ...(context !== undefined && { context }), ...(content !== undefined && { content }) };
    return { type: 'sibling-write', partition, key, version, w: needed, ...optional };
  }

  #deadlineForOwner(): number {
    const remaining = this.#planned.deadline - this.#dependencies.clock.monotonicMs();
    return this.#planned.deadline - Math.min(headStartMs, remaining / 10);
  }

  #expire(): void {
    const [owner] = this.#owners;
    const last = owner === undefined ? undefined : ({ replica: owner, role: 'primary', answer: 'pending' } as const);
    if (this.#asked !== undefined) this.#end(this.#asked, 'unknown', 'deadline', last);
  }

  #refused(version: Version, refusal: ReplicaAnswer): void {
    this.#refusals.push(refusal);
    this.#owners.shift();
    if (!this.#answered) this.#ask(version);
  }

  #planAgain(giveUp: () => void): void {
    const again = (plan: RequestPlan): void => {
      if (this.#answered) return;
      if (plan.replicas.includes(this.#dependencies.self)) return giveUp();
      this.#answered = true;
      this.#timer?.cancel();
      new SiblingForward(
        this.#dependencies,
        { ...this.#planned, plan },
        this.#write,
        this.#done,
        this.#refusedAtOnce,
      ).start();
    };
    const dropped: Refused = (error) => {
      if (this.#answered) return;
      this.#answered = true;
      this.#timer?.cancel();
      this.#refusedAtOnce(error);
    };
    this.#planned.replan(this.#planned.plan, again, giveUp, dropped);
  }

  #replied(owner: string, version: Version, reply: SiblingWriteReply): void {
    if (this.#answered) return;
    // Only what was stamped here, and so tried nowhere else, is certain not to be made already.
    if (reply.reason === 'write-too-old' && this.#write.version === undefined && !this.#restamped) {
      this.#restamped = true;
      const stay = (): void => this.#end(version, 'unknown', 'write-too-old');
      this.#dependencies.stamps.issue((higher) => this.#ask(higher), stay);
      return;
    }
    const { outcome, siblings, receipt } = reply;
    if (outcome === 'rejected' && reply.reason === 'refused') {
      const own = receipt.replicas.find(({ replica }) => replica === owner);
      this.#refused(version, { ...primary(owner), answer: 'refused', reason: own?.reason ?? 'REFUSED' });
      return;
    }
    const reason = outcome === 'applied' ? undefined : knownReason(reply.reason);
    const result = { outcome, version, certain: true, receipt, ...(reason !== undefined && { reason }) };
    this.#answer({ ...result, ...(siblings !== undefined && { siblings }) });
  }

  #end(version: Version, outcome: 'rejected' | 'unknown', reason: WriteFailure, last?: ReplicaAnswer): void {
    if (this.#answered) return;
    const replicas = [...this.#refusals, ...(last === undefined ? [] : [last])];
    this.#answer(endedWrite(this.#planned.plan, version, { outcome, reason, replicas }));
  }

  #answer(result: PutResult): void {
    this.#answered = true;
    this.#timer?.cancel();
    countWrite(this.#dependencies, result);
    this.#done(result);
  }
}

const reasons: ReadonlySet<string> = new Set<WriteFailure>([
  'too-few-replicas',
  'deadline',
  'refused',
  'too-many-siblings',
  'write-too-old',
  'invalid-context',
]);

function knownReason(reason: string | undefined): WriteResult['reason'] {
  return reason !== undefined && reasons.has(reason) ? (reason as WriteFailure) : 'refused';
}
