/** The receipt of a request as the `KV-Receipt` header: JSON on one line, replicas by name and id. */
import { formatVersion, type Receipt, type Repairs, type ReplicaAnswer } from '@kv/quorum';

export interface ReceiptView {
  readonly mode: Receipt['mode'];
  readonly epoch: number;
  readonly needed: number;
  readonly got: number;
  readonly replicas: readonly ReplicaView[];
  readonly repairs: Repairs;
}

export interface ReplicaView {
  readonly name: string;
  readonly id: string;
  readonly role: ReplicaAnswer['role'];
  /** Name of the owner for whom a fallback keeps the write. */
  readonly hintFor?: string;
  readonly answer: ReplicaAnswer['answer'];
  readonly version?: string;
  readonly latencyMs?: number;
  readonly reason?: string;
}

export function viewReceipt(receipt: Receipt, nameOf: (id: string) => string): ReceiptView {
  const { mode, epoch, needed, got, repairs } = receipt;
  return { mode, epoch, needed, got, replicas: receipt.replicas.map((answer) => viewReplica(answer, nameOf)), repairs };
}

/** Header fields are ASCII on one line; anything else, which only a foreign reason could hold, is escaped. */
export function receiptHeader(view: ReceiptView): string {
  return headerJson(view);
}

/** JSON that fits into a header, whatever is in its strings. */
export function headerJson(value: object): string {
  return JSON.stringify(value).replaceAll(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function viewReplica(answer: ReplicaAnswer, nameOf: (id: string) => string): ReplicaView {
  return {
    name: nameOf(answer.replica),
    id: answer.replica,
    role: answer.role,
    ...(answer.hintFor !== undefined && { hintFor: nameOf(answer.hintFor) }),
    answer: answer.answer,
    ...(answer.version !== undefined && { version: formatVersion(answer.version) }),
    ...(answer.latencyMs !== undefined && { latencyMs: Math.round(answer.latencyMs * 1000) / 1000 }),
    ...(answer.reason !== undefined && { reason: answer.reason }),
  };
}
