/** How a record goes from one owner of a range to another, so that what is newer stays, whatever happens meanwhile. */
import { compareKeys } from '@kv/anti-entropy';
import { compareBallots, majority, type Stamp } from '@kv/quorum';
import { type AcceptedRegister, versionBytesOfMeta } from '@kv/wire';
import type { ReplicaAccess } from '../coordinator/replica-access.ts';
import type { RequestPlan } from '../coordinator/request-plan.ts';
import type { StrongCoordinator } from '../coordinator/strong/strong-coordinator.ts';
import type { VoterAccess } from '../coordinator/strong/voter-access.ts';
import { isDropped, isExpired } from '../record.ts';
import type { PlannedPlace } from '../replica/replica.ts';
import type { Topology } from '../topology/topology.ts';

export interface RecordCopyDependencies {
  readonly access: ReplicaAccess;
  readonly voters: VoterAccess;
  readonly strong: StrongCoordinator;
  readonly topology: () => Topology;
  /** Milliseconds since 1970, what the deadlines of values are held against. */
  readonly deadlineClock: () => number;
}

export interface RecordCopyJob {
  readonly place: PlannedPlace;
  readonly from: string;
  readonly to: string;
  /** The purge watermark of `from`, or less: what it had when this was begun. */
  readonly readUnder: Stamp;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

export class RecordCopy {
  readonly #dependencies: RecordCopyDependencies;

  constructor(dependencies: RecordCopyDependencies) {
    this.#dependencies = dependencies;
  }

  /** `done` is called once: whether `to` now holds what `from` had, or something newer. */
  copy(job: RecordCopyJob, done: (copied: boolean) => void): void {
    const { topology } = this.#dependencies;
    const keyspace = topology().keyspaceById(job.place.keyspaceId);
    if (keyspace === undefined) done(false);
    else if (keyspace.mode === 'eventual') this.#copyRecord(job, done);
    else this.#copyRegister(job, planOf(topology(), { keyspace, place: job.place }), done);
  }

  /** Whether `from` holds, of the key, exactly what trees count as `version`; false also when it cannot be asked. */
  holds(
    { place, from, deadline }: Omit<RecordCopyJob, 'to' | 'readUnder'>,
    version: Uint8Array,
    done: (same: boolean) => void,
  ): void {
    this.#dependencies.access.read(from, place, 'version', deadline, {
      answered: ({ meta }) => done(meta !== undefined && compareKeys(versionBytesOfMeta(meta), version) === 0),
      failed: () => done(false),
    });
  }

  /** As a write like any other. */
  #copyRecord({ place, from, to, deadline, readUnder }: RecordCopyJob, done: (copied: boolean) => void): void {
    const { access, deadlineClock } = this.#dependencies;
    const failed = (): void => done(false);
    access.read(from, place, 'value', deadline, {
      answered: ({ value }) => {
        // Nothing there any more: then there is nothing to repair either.
        if (value === undefined) done(true);
        // Expired by a clock that is ahead: whoever still has the bytes may bring them, and until then this is owed.
        else if (isDropped(value) && !isExpired(value, deadlineClock())) done(false);
        else access.write(to, place, value, deadline, { answered: () => done(true), failed }, readUnder);
      },
      failed,
    });
  }

  /** As the accept that its proposer sent, or would have: what has been promised since may refuse it. */
  #copyRegister(job: RecordCopyJob, plan: RequestPlan, done: (copied: boolean) => void): void {
    const { voters } = this.#dependencies;
    const { place, from, to, deadline } = job;
    const failed = (): void => done(false);
    voters.query(from, place, 'value', deadline, {
      answered: ({ accepted }) => {
        if (accepted?.value === undefined) {
          done(accepted === undefined);
          return;
        }
        const { ballot, value } = accepted;
        voters.propose(to, place, { type: 'accept', ballot, value }, deadline, {
          answered: (reply) => {
            if (reply.type === 'accepted') done(true);
            else this.#overtake(job, plan, { ballot, value }, done);
          },
          failed,
        });
      },
      failed,
    });
  }

  /** A promise is in the way that may never be made use of: an operation of this member's own brings all to one value. */
  #overtake(
    { place, to, deadline }: RecordCopyJob,
    plan: RequestPlan,
    { ballot }: AcceptedRegister,
    done: (copied: boolean) => void,
  ): void {
    const { voters, strong } = this.#dependencies;
    const replan = (_: RequestPlan, __: unknown, giveUp: () => void): void => giveUp();
    strong.confirm({ plan, deadline, replan }, () =>
      voters.query(to, place, 'ballot', deadline, {
        answered: ({ accepted }) => done(accepted !== undefined && compareBallots(accepted.ballot, ballot) >= 0),
        failed: () => done(false),
      }),
    );
  }
}

function planOf(topology: Topology, { keyspace, place }: Pick<RequestPlan, 'keyspace' | 'place'>): RequestPlan {
  const replicas = topology.owners(keyspace, place.partition);
  return { keyspace, place, replicas, needed: majority(replicas.length), epoch: topology.epoch };
}
