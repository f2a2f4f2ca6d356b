import type { MemberLiveness } from '../detection/member-liveness.ts';
import type { MemberView } from '../gossip-effect.ts';
import type { MemberState } from './member-state.ts';

/** What is kept of one other member. */
export interface MemberRecord {
  /** Replaced by newer ones, never changed in place. */
  state: MemberState;
  /** Replaced when the member starts again: a new process has a new rhythm. */
  liveness: MemberLiveness;
  /** When it was seen to have left; null exactly while its status is not `left`. */
  leftAt: number | null;
}

/** A snapshot of the record for callers. Field by field: drivers ask for it with every request, and a spread is slow. */
export function viewOf({ state, liveness }: MemberRecord): MemberView {
  return {
    id: state.id,
    generation: state.generation,
    heartbeat: state.heartbeat,
    status: state.status,
    address: state.address,
    liveness: liveness.liveness,
    lastHeardAt: liveness.lastHeardAt,
  };
}
