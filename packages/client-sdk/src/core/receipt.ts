/** What happened to a request, replica by replica, in the words of a client: members by name, versions as text. */
import {
  formatVersion,
  type Receipt as CoordinatorReceipt,
  type ReplicaAnswer,
  type ReplicaAnswerKind,
} from '@kv/quorum';

export interface ReplicaReceipt {
  readonly name: string;
  readonly id: string;
  /** An owner of the key, or a server that stands in for one. */
  readonly role: ReplicaAnswer['role'];
  /** Name of the owner for whom a fallback keeps the write as a hint. */
  readonly hintFor?: string;
  readonly answer: ReplicaAnswerKind;
  /** The version that the replica said it holds. */
  readonly version?: string;
  /** From the coordinator's first send to this answer. */
  readonly latencyMs?: number;
  /** Stable code of a refusal or of a broken link. */
  readonly reason?: string;
}

export interface Receipt extends Omit<CoordinatorReceipt, 'replicas'> {
  /** Every replica that was asked, in the order in which it was. */
  readonly replicas: readonly ReplicaReceipt[];
}

export function clientReceipt(receipt: CoordinatorReceipt, nameOf: (id: string) => string): Receipt {
  const replicas = receipt.replicas.map(({ replica, version, hintFor, ...answer }) => ({
    name: nameOf(replica),
    id: replica,
    ...answer,
    ...(hintFor !== undefined && { hintFor: nameOf(hintFor) }),
    ...(version !== undefined && { version: formatVersion(version) }),
  }));
  return { ...receipt, replicas };
}
