/** Answers other owners who compare their trees with this member's. */
import { AntiEntropyError, respond } from '@kv/anti-entropy';
import type { HybridLogicalClock } from '@kv/quorum';
import { type Frame, type Message, type TreeCompare, type TreeList } from '@kv/wire';
import type { Counters } from '../counters.ts';
import type { StorageDamage } from '../storage-damage.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import type { RangeTrees } from './range-trees.ts';
import { toReply, toRequest } from './tree-messages.ts';

export interface TreeServerDependencies {
  readonly trees: RangeTrees;
  readonly watermarks: Watermarks;
  readonly hlc: HybridLogicalClock;
  readonly counters: Counters;
  readonly damage: StorageDamage;
  readonly topology: () => Topology;
  readonly ready: () => boolean;
}

export class TreeServer {
  readonly #dependencies: TreeServerDependencies;

  constructor(dependencies: TreeServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (message.type !== 'tree-compare' && message.type !== 'tree-list') return;
    const answer = this.#answer(header.epoch, header.keyspaceId, message);
    if (answer.type === 'error') this.#dependencies.counters.replicaRefusals += 1;
    reply(answer);
  }

  #answer(epoch: number, keyspaceId: number, message: TreeCompare | TreeList): Message {
    const { topology, ready, trees, hlc, damage, watermarks } = this.#dependencies;
    if (!ready()) return refusal('NOT_READY', 'this member is still starting');
    const fenced = fence(topology(), epoch, keyspaceId);
    if (fenced !== undefined) return refusal(fenced.code, fenced.message);
    const range = { partition: message.partition, keyspaceId };
    const tree = trees.of(range);
    if (tree === undefined) return refusal('NOT_AN_OWNER', `this member does not own partition ${message.partition}`);
    if (!tree.complete) return refusal('NOT_READY', 'this member has not counted all that it stores');
    try {
      const { watermark } = watermarks.of(range);
      // Of two owners that have been compared each goes by the higher watermark, so that neither brings back what is purged.
      if (message.type === 'tree-compare') watermarks.raise(range, message.watermark);
      const response = respond(toRequest(message), tree.tree, trees.listOf(range));
      // As with every version that leaves: the stamp of the frame must not be before one inside it.
      for (const { version } of response.type === 'listed' ? response.entries : []) {
        const stamp = trees.stampIn(range, version);
        if (stamp !== undefined) hlc.merge(stamp);
      }
      return toReply(response, watermark);
    } catch (error) {
      if (error instanceof AntiEntropyError) return refusal('MALFORMED', error.message);
      damage.tell(error);
      return refusal('STORAGE_DAMAGED', 'this member could not read its keys');
    }
  }
}

function refusal(code: string, message: string): Message {
  return { type: 'error', code, message };
}
