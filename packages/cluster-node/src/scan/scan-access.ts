/** Scans a partition at one of its owners, be it this member itself or another. What others answer is checked. */
import { compareKeys } from '@kv/anti-entropy';
import type { Message, ReplicaScan, ReplicaScanReply } from '@kv/wire';
import type { ReplicaCallbacks } from '../coordinator/replica-access.ts';
import { type Losses, lostRefusal } from '../healing/losses.ts';
import type { PeerRequests } from '../peer-requests.ts';
import { isRecordMeta } from '../record.ts';
import type { StorageDamage } from '../storage-damage.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import type { ReplicaScanner } from './replica-scanner.ts';
import { isWithin, storedKeys } from './scan-range.ts';

export interface ScanAccessDependencies {
  readonly self: string;
  readonly scanner: ReplicaScanner;
  readonly peers: PeerRequests;
  readonly damage: StorageDamage;
  readonly losses: Losses;
  readonly topology: () => Topology;
}

export interface PlannedScan {
  readonly keyspaceId: number;
  /** Of the topology that it was planned with. */
  readonly epoch: number;
  readonly message: ReplicaScan;
  /** Monotonic milliseconds after which the answer is of no use. */
  readonly deadline: number;
}

export class ScanAccess {
  readonly #dependencies: ScanAccessDependencies;

  constructor(dependencies: ScanAccessDependencies) {
    this.#dependencies = dependencies;
  }

  scan(
    owner: string,
    { keyspaceId, epoch, message, deadline }: PlannedScan,
    { answered, failed }: ReplicaCallbacks<ReplicaScanReply>,
  ): void {
    const { self, scanner, peers, damage, losses, topology } = this.#dependencies;
    if (owner === self) {
      const fenced = fence(topology(), epoch, keyspaceId);
      if (fenced !== undefined) return failed('refused', fenced.code);
      const range = { partition: message.partition, keyspaceId };
      if (losses.meets(range, storedKeys(range, message))) return failed('refused', lostRefusal.code);
      scanner.scan(range, message).then(answered, (error: unknown) => {
        damage.tell(error);
        failed('refused', 'STORAGE_DAMAGED');
      });
      return;
    }
    peers.ask({
      to: owner,
      keyspaceId,
      epoch,
      message,
      deadline,
      answered: (reply) => {
        if (isAnswerTo(message, reply)) answered(reply);
        else failed('unreachable', 'MALFORMED');
      },
      failed,
    });
  }
}

/** Ascending keys that were asked for, with metas of a version that this member understands. */
function isAnswerTo(asked: ReplicaScan, reply: Message): reply is ReplicaScanReply {
  if (reply.type !== 'replica-scan-reply' || (reply.truncated && reply.entries.length === 0)) return false;
  let before = asked.after;
  for (const { key, meta } of reply.entries) {
    if (before !== undefined && compareKeys(key, before) <= 0) return false;
    if (!isWithin(key, asked) || !isRecordMeta(meta)) return false;
    before = key;
  }
  return true;
}
