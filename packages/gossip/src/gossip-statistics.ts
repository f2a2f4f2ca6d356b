import type { RefusalReason } from './gossip-effect.ts';

/** What a gossiper has counted since its construction. */
export interface GossipStatistics {
  readonly rounds: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages refused, by reason. */
  readonly refusals: Readonly<Record<RefusalReason, number>>;
  /** Own pauses that nobody was convicted for. */
  readonly pauses: number;
  /** Ticks that came more than one and a half heartbeat intervals after the one before. */
  readonly lateTicks: number;
}

/** The same while counting; snapshots are what callers get. */
export class GossipCounters implements GossipStatistics {
  rounds = 0;
  messagesSent = 0;
  messagesReceived = 0;
  pauses = 0;
  lateTicks = 0;
  readonly refusals: Record<RefusalReason, number> = {
    malformed: 0,
    oversized: 0,
    'foreign-cluster': 0,
    'generation-jump': 0,
    'heartbeat-jump': 0,
    'own-id': 0,
    'forgotten-sender': 0,
    'table-full': 0,
  };

  snapshot(): GossipStatistics {
    const { rounds, messagesSent, messagesReceived, refusals, pauses, lateTicks } = this;
    return { rounds, messagesSent, messagesReceived, refusals: { ...refusals }, pauses, lateTicks };
  }
}
