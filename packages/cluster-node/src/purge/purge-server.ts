/** What this member does for whoever raises a range's purge watermark: it seals, and tells what it keeps. */
import type { HybridLogicalClock, Stamp } from '@kv/quorum';
import type { Frame, Message, PurgeHints, PurgeRaise, PurgeSeal, PurgeWanted, Refusal } from '@kv/wire';
import { isPlausibleBallot } from '../clock/ballot-source.ts';
import type { Counters } from '../counters.ts';
import type { HintedHandoff } from '../hints/hinted-handoff.ts';
import type { Range } from '../repair/range-records.ts';
import { refusal } from '../replica/place-refusal.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import type { Deletions } from './deletions.ts';
import { sealedBallot } from './sealed-ballot.ts';
import type { Watermarks } from './watermarks.ts';

export interface PurgeServerDependencies {
  readonly self: string;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
  readonly handoff: HintedHandoff;
  readonly counters: Counters;
  readonly hlc: HybridLogicalClock;
  readonly topology: () => Topology;
  readonly ready: () => boolean;
  /** Milliseconds since 1970: what this member itself holds for the time. */
  readonly now: () => number;
  /** How old a stamp is at least, by this member's own clock, before it is sealed. */
  readonly leastAgeMs: number;
}

export type PurgeStep = 'purge-hints' | 'purge-seal' | 'purge-raise';

export interface PurgeRequest {
  readonly type: PurgeStep;
  readonly upTo: Stamp;
}

export class PurgeServer {
  readonly #dependencies: PurgeServerDependencies;

  constructor(dependencies: PurgeServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    if (!isPurgeMessage(message)) return;
    const range = { partition: message.partition, keyspaceId: header.keyspaceId };
    const refused = this.#refusalOf(header.epoch, range, message.type);
    if (message.type === 'purge-wanted') {
      if (refused === undefined) this.#dependencies.deletions.note(range);
    } else if (refused === undefined) this.take(range, message, reply);
    else {
      this.#dependencies.counters.replicaRefusals += 1;
      reply(refused);
    }
  }

  take(range: Range, { type, upTo }: PurgeRequest, reply: (message: Message) => void): void {
    const { watermarks, handoff, now, leastAgeMs } = this.#dependencies;
    // One member whose clock is far ahead must not close the range to everybody.
    if (upTo.ms > now() - leastAgeMs && !this.#isMereBallot(range, { type, upTo })) {
      reply(refusal('STAMP_TOO_YOUNG', `${upTo.ms} is not ${leastAgeMs} ms ago by this member's clock`));
      return;
    }
    const taken = (durable: boolean): void => {
      if (!durable) reply(refusal('STORAGE_FAILED', 'this member could not make it durable'));
      else {
        const isHeld = type === 'purge-hints' && handoff.holdsUpTo(range, upTo);
        reply({ type: 'purge-reply', outcome: isHeld ? 'held' : 'clear' });
      }
    };
    if (type === 'purge-hints') watermarks.sealHints(range, upTo, taken);
    else if (type === 'purge-seal') watermarks.seal(range, upTo, taken);
    else watermarks.raise(range, upTo, taken);
  }

  /** The seal of a strong range is a ballot that proposers outbid, and closes nothing: only one that they cannot is refused. */
  #isMereBallot({ keyspaceId }: Range, { type, upTo }: PurgeRequest): boolean {
    const { topology, hlc } = this.#dependencies;
    const isStrong = topology().keyspaceById(keyspaceId)?.mode === 'strong';
    return type === 'purge-seal' && isStrong && isPlausibleBallot(sealedBallot(upTo), hlc.latest);
  }

  #refusalOf(epoch: number, { partition, keyspaceId }: Range, type: Message['type']): Refusal | undefined {
    const { self, topology: current, ready } = this.#dependencies;
    const topology = current();
    if (!ready()) return refusal('NOT_READY', 'this member is still starting');
    const fenced = fence(topology, epoch, keyspaceId);
    if (fenced !== undefined) return refusal(fenced.code, fenced.message);
    const keyspace = topology.keyspaceById(keyspaceId);
    if (keyspace === undefined || partition >= topology.state.partitions) {
      return refusal('UNKNOWN_KEYSPACE', 'there is no such range');
    }
    if (type === 'purge-hints' || topology.owners(keyspace, partition).includes(self)) return undefined;
    return refusal('NOT_AN_OWNER', `this member does not own partition ${partition}`);
  }
}

function isPurgeMessage(message: Message): message is PurgeHints | PurgeSeal | PurgeRaise | PurgeWanted {
  return message.type in handled;
}

const handled = { 'purge-hints': 1, 'purge-seal': 1, 'purge-raise': 1, 'purge-wanted': 1 };
