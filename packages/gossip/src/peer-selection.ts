/**
 * Whom to gossip with in a round (as Cassandra does, with a suspected member added, which has the most to say against it):
 *
 *     fanout members that are alive or suspect,
 *     one suspected member,
 *     one member that is down, with probability down / (reachable + 1),
 *     one seed if none is among these, with probability seeds / (reachable + down), always if nobody is reachable.
 *
 * The last two are what joins the parts of a cluster again that have lost sight of each other. Seeds at which nobody is known
 * go first, and as if there were no others: a part that was never heard is not among those that are down, and where every
 * member is a seed, one that is reachable must not make up for it.
 */
import type { MemberRecord } from './members/member-record.ts';
import { pickOne, type Random, sample } from './random.ts';

/** Where to send. The id of a seed is unknown until it answers. */
export interface Peer {
  readonly id: string | null;
  readonly address: string;
}

/** The peers of one round, each once. */
export interface RoundPeers {
  readonly peers: readonly Peer[];
  /** How many of them are held alive, so that their answers are to be expected. */
  readonly alive: number;
}

/** Draws the peers of a round from `others`, whose order must not depend on chance, and the seeds. */
export function choosePeers(
  others: readonly MemberRecord[],
  seeds: readonly string[],
  fanout: number,
  random: Random,
): RoundPeers {
  const present = others.filter((record) => record.leftAt === null);
  const down = present.filter((record) => record.liveness.liveness === 'down');
  const suspects = present.filter((record) => record.liveness.liveness === 'suspect');
  const reachable = present.filter((record) => record.liveness.liveness !== 'down');

  const chosen = new Set(sample(random, reachable, fanout));
  const suspect = pickOne(random, suspects);
  if (suspect !== undefined) chosen.add(suspect);
  if (random.next() < down.length / (reachable.length + 1)) {
    const unreachable = pickOne(random, down);
    if (unreachable !== undefined) chosen.add(unreachable);
  }

  const peers: Peer[] = [...chosen].map(({ state }) => ({ id: state.id, address: state.address }));
  const unheard = seeds.filter((seed) => others.every(({ state }) => state.address !== seed));
  const candidates = unheard.length > 0 ? unheard : seeds;
  const seeded = peers.some((peer) => candidates.includes(peer.address));
  const urge = reachable.length === 0 ? 1 : candidates.length / (reachable.length + down.length);
  const seed = !seeded && random.next() < urge ? pickOne(random, candidates) : undefined;
  if (seed !== undefined) {
    peers.push({ id: others.find(({ state }) => state.address === seed)?.state.id ?? null, address: seed });
  }
  const alive = [...chosen].filter((record) => record.liveness.liveness === 'alive').length;
  return { peers, alive };
}
