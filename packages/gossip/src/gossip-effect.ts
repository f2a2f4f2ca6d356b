import type { GossipMessage } from './messages/gossip-message.ts';
import type { MemberState, MemberStatus } from './members/member-state.ts';

/** What one member thinks of another; an opinion, never gossiped as a fact. */
export type Liveness = 'alive' | 'suspect' | 'down';

/** A member as seen from here: a snapshot that later events do not change. */
export interface MemberView extends MemberState {
  /**
   * `alive`: its heartbeat rises. `suspect`: it does not, or the member is known by hearsay and was not yet seen to live.
   * `down`: it was suspect for too long, or has left.
   */
  readonly liveness: Liveness;
  /** Monotonic milliseconds when its state was last seen to rise; for a member known by hearsay, when it was learned of. */
  readonly lastHeardAt: number;
}

/** Why a message, or a part of it, was not taken in. */
export type RefusalReason =
  /** Not of the agreed shape. */
  | 'malformed'
  /** More entries than a message may hold. */
  | 'oversized'
  /** Of another cluster. */
  | 'foreign-cluster'
  /** A generation further ahead than restarts explain. */
  | 'generation-jump'
  /** A heartbeat further ahead than time explains. */
  | 'heartbeat-jump'
  /** Its sender bears the id of this member. */
  | 'own-id'
  /** Its sender was forgotten and shows no higher generation. */
  | 'forgotten-sender'
  /** The table is full: the members known here were merged, the unknown ones were not taken in. */
  | 'table-full';

/** What the driver has to do or may want to know, in the order in which it happened. */
export type GossipEffect =
  /**
   * Hand the message to the transport, which may lose it. `to` is null for a seed whose id is not known yet, `address` is null
   * for a sender not yet known (answer on the connection that it used); never both.
   */
  | {
      readonly type: 'send';
      readonly to: string | null;
      readonly address: string | null;
      readonly message: GossipMessage;
    }
  /** First heard of. It is `alive` if it spoke for itself, else `suspect` until its heartbeat is seen to rise. */
  | { readonly type: 'member-joined'; readonly member: MemberView }
  /** It was suspect or down and is heard of again. */
  | { readonly type: 'member-alive'; readonly member: MemberView }
  /** Its silence reached the threshold. */
  | { readonly type: 'member-suspected'; readonly member: MemberView; readonly phi: number }
  /** It stayed suspect for too long; `confirmations` peers had suspected it too. */
  | { readonly type: 'member-down'; readonly member: MemberView; readonly confirmations: number }
  /** It started again: a higher generation is known. */
  | { readonly type: 'member-restarted'; readonly member: MemberView; readonly previousGeneration: number }
  | { readonly type: 'status-changed'; readonly member: MemberView; readonly previous: MemberStatus }
  | { readonly type: 'address-changed'; readonly member: MemberView; readonly previous: string }
  /** It is gone from the table, by `forget` or some time after it left; only a higher generation brings it back. */
  | { readonly type: 'member-forgotten'; readonly id: string; readonly generation: number }
  /**
   * A peer knows a state of this very member that it never made: `seen` is that state's generation, higher than the own one, or
   * equal when another process runs under the same id and generation. The disk was wiped, rolled back or copied: stop. The
   * gossiper is silent from now on.
   */
  | { readonly type: 'generation-conflict'; readonly seen: number }
  /** The leave was spread for as many rounds as it takes; the process may stop, and the gossiper is silent from now on. */
  | { readonly type: 'leave-spread' }
  /** A message was not taken in. `from` is empty if it was no id; `detail` names the field, in at most 80 characters. */
  | { readonly type: 'refused'; readonly from: string; readonly reason: RefusalReason; readonly detail: string };
