/**
 * The three steps of an exchange as plain questions to the table (van Renesse, Minsky, Hayden 1998; the message names are
 * Cassandra's): which versions to show, what a peer's versions ask for, and what it asked for.
 */
import { ageAgainst, type Digest, type MemberState } from './members/member-state.ts';
import type { Membership, Version } from './members/membership.ts';
import { gossipLimits } from './messages/gossip-limits.ts';
import { type Random, sample } from './random.ts';

/** The versions to open an exchange with: the own one first, then all others, or as many drawn at random as fit. */
export function digestsToShow(membership: Membership, random: Random): Digest[] {
  const room = gossipLimits.digests - 1;
  const { others } = membership;
  const shown = others.length <= room ? others : sample(random, others, room);
  return [membership.self, ...shown.map(({ state }) => state)].map((state) => toDigest(state.id, state));
}

/** What the peer lacks and what this member lacks, after the digests that the peer opened with. */
export function answerDigests(
  membership: Membership,
  digests: readonly Digest[],
  random: Random,
): { wanted: Digest[]; states: MemberState[] } {
  const wanted: Digest[] = [];
  const lacking: MemberState[] = [];
  for (const digest of digests) {
    const held = membership.state(digest.id);
    const age = held === undefined ? 'older' : ageAgainst(held, digest);
    if (held !== undefined && age === 'newer') lacking.push(held);
    else if (age === 'older' && wants(membership, digest))
      wanted.push(toDigest(digest.id, membership.versionOf(digest.id)));
  }
  // A full list may be a part of the peer's table, and its silence about a member says nothing.
  if (digests.length < gossipLimits.digests) lacking.push(...unmentioned(membership, digests));
  return { wanted, states: fitting(membership, lacking, random) };
}

/** The states newer than the versions that a peer asked to have exceeded. */
export function statesWanted(membership: Membership, wanted: readonly Digest[]): MemberState[] {
  const states: MemberState[] = [];
  for (const digest of wanted) {
    const held = membership.state(digest.id);
    if (held !== undefined && ageAgainst(held, digest) === 'newer') states.push(held);
  }
  return states;
}

function wants(membership: Membership, digest: Digest): boolean {
  return membership.record(digest.id) !== undefined || membership.welcomes(digest.id, digest.generation);
}

/** Members that the peer has not heard of at all. Those that left are none of its business then. */
function unmentioned(membership: Membership, digests: readonly Digest[]): MemberState[] {
  const mentioned = new Set(digests.map((digest) => digest.id));
  const states = mentioned.has(membership.self.id) ? [] : [membership.self];
  for (const { state } of membership.others) {
    if (state.status !== 'left' && !mentioned.has(state.id)) states.push(state);
  }
  return states;
}

/** At most as many states as a message holds: the own one, which nobody has fresher, and others at random. */
function fitting(membership: Membership, states: MemberState[], random: Random): MemberState[] {
  if (states.length <= gossipLimits.states) return states;
  const own = states.filter((state) => state.id === membership.self.id);
  const rest = states.filter((state) => state.id !== membership.self.id);
  return [...own, ...sample(random, rest, gossipLimits.states - own.length)];
}

function toDigest(id: string, { generation, heartbeat }: Version): Digest {
  return { id, generation, heartbeat };
}
