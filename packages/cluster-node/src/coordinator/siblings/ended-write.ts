/** What is told of a write into a set of siblings that ended before its owner drove it: who was asked, and what each said. */
import {
  noRepairs,
  primary,
  type ReplicaAnswer,
  type ReplicaPlan,
  type Version,
  type WriteFailure,
  type WriteResult,
} from '@kv/quorum';

export interface Ending {
  readonly outcome: 'rejected' | 'unknown';
  readonly reason: WriteFailure;
  /** Owners that can be reached, where those are too few. */
  readonly got?: number;
  readonly replicas: readonly ReplicaAnswer[];
}

export function endedWrite(
  { epoch, needed }: ReplicaPlan,
  version: Version,
  { outcome, reason, got = 0, replicas }: Ending,
): WriteResult {
  return {
    outcome,
    version,
    certain: true,
    reason,
    receipt: { mode: 'strict', epoch, needed, got, replicas, repairs: noRepairs },
  };
}

/** What ends a write for which too few owners are up, before anyone is asked. */
export function withoutOwners(plan: ReplicaPlan, version: Version, down: readonly string[]): WriteResult {
  const replicas = down.map((owner) => ({ ...primary(owner), answer: 'down' as const }));
  const got = plan.replicas.length - down.length;
  return endedWrite(plan, version, { outcome: 'rejected', reason: 'too-few-replicas', got, replicas });
}
