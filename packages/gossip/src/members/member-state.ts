/**
 * What a member says of itself, versioned by (generation, heartbeat) that only it raises. Two states of one member are merged by
 * taking the greater in one total order, so merging is commutative, associative and idempotent: however gossip travels, is
 * repeated or reordered, everybody ends with the same state.
 */

/** Where a member stands in its life; `left` is final within its generation. */
export type MemberStatus = 'joining' | 'normal' | 'leaving' | 'left';

/** The version of one member's state. Both numbers are integers from 0 to 2^53 - 1. */
export interface Digest {
  readonly id: string;
  /** Raised by the member at every start: a restart counter that begins at 1. */
  readonly generation: number;
  /** Raised by the member every round and at every change of its own; begins at 0 in each generation. */
  readonly heartbeat: number;
}

/** One member's state as it travels. Never changed in place: a newer state is a new object. */
export interface MemberState extends Digest {
  readonly status: MemberStatus;
  /** Where the member is reached, in whatever form the transport understands. */
  readonly address: string;
}

const statusRanks: Readonly<Record<MemberStatus, number>> = { joining: 0, normal: 1, leaving: 2, left: 3 };

/** True for one of the four statuses, and for nothing that merely looks like one. */
export function isMemberStatus(value: unknown): value is MemberStatus {
  return value === 'joining' || value === 'normal' || value === 'leaving' || value === 'left';
}

/**
 * Positive when `left` is the newer state. In order: generation; having left, which nothing in the same generation undoes;
 * heartbeat. A member never gives one version to two states; should damage do it, status and address decide alike everywhere.
 */
export function compareStates(left: MemberState, right: MemberState): number {
  return (
    left.generation - right.generation ||
    Number(left.status === 'left') - Number(right.status === 'left') ||
    left.heartbeat - right.heartbeat ||
    statusRanks[left.status] - statusRanks[right.status] ||
    (left.address === right.address ? 0 : left.address < right.address ? -1 : 1)
  );
}

/** The newer of two states of the same member. */
export function mergeStates(left: MemberState, right: MemberState): MemberState {
  return compareStates(left, right) >= 0 ? left : right;
}

/** How a state held here relates to the version that a peer shows. */
export type StateAge = 'newer' | 'same' | 'older';

/** `newer`: the peer lacks the state. A state that has left is never `older` within its generation: nothing follows it. */
export function ageAgainst(state: MemberState, digest: Digest): StateAge {
  if (state.generation !== digest.generation) return state.generation > digest.generation ? 'newer' : 'older';
  if (state.heartbeat === digest.heartbeat) return 'same';
  return state.heartbeat > digest.heartbeat || state.status === 'left' ? 'newer' : 'older';
}
