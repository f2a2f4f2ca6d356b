/** Answers coordinators that scan a partition which this member owns. */
import type { Frame, Message, ReplicaScan } from '@kv/wire';
import type { Counters } from '../counters.ts';
import { type Losses, lostRefusal } from '../healing/losses.ts';
import type { StorageDamage } from '../storage-damage.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import type { ReplicaScanner } from './replica-scanner.ts';
import { storedKeys } from './scan-range.ts';

export interface ScanServerDependencies {
  readonly self: string;
  readonly scanner: ReplicaScanner;
  readonly counters: Counters;
  readonly damage: StorageDamage;
  readonly losses: Losses;
  readonly topology: () => Topology;
  readonly ready: () => boolean;
}

export class ScanServer {
  readonly #dependencies: ScanServerDependencies;

  constructor(dependencies: ScanServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (message.type !== 'replica-scan') return;
    const refused = this.#refusalOf(header.epoch, header.keyspaceId, message);
    if (refused !== undefined) {
      this.#dependencies.counters.replicaRefusals += 1;
      reply(refused);
      return;
    }
    const { scanner, damage, ready } = this.#dependencies;
    const range = { partition: message.partition, keyspaceId: header.keyspaceId };
    scanner.scan(range, message).then(reply, (error: unknown) => {
      if (!ready()) return;
      damage.tell(error);
      reply(refusal('STORAGE_DAMAGED', 'this replica could not read its keys'));
    });
  }

  #refusalOf(epoch: number, keyspaceId: number, request: ReplicaScan): Message | undefined {
    const { partition } = request;
    const { self, ready, losses } = this.#dependencies;
    const topology = this.#dependencies.topology();
    if (!ready()) return refusal('NOT_READY', 'this member is still starting');
    const fenced = fence(topology, epoch, keyspaceId);
    if (fenced !== undefined) return refusal(fenced.code, fenced.message);
    const keyspace = topology.keyspaceById(keyspaceId);
    if (keyspace === undefined || !topology.owners(keyspace, partition).includes(self)) {
      return refusal('NOT_AN_OWNER', `this member does not own partition ${partition}`);
    }
    const range = { partition, keyspaceId };
    return losses.meets(range, storedKeys(range, request)) ? lostRefusal : undefined;
  }
}

function refusal(code: string, message: string): Message {
  return { type: 'error', code, message };
}
