import type { ForgottenMember } from '../gossiper-options.ts';
import type { MemberState } from './member-state.ts';

/** The memory of a member that is gone. */
export interface MemberTombstone extends ForgottenMember {
  /** How it left, to tell those who missed it; null for one that was forgotten by order. */
  readonly leftState: MemberState | null;
}

/**
 * Who must not come back, and up to which generation: gossip repeats what it knows, so a member taken out of the table would be
 * learned again from the next peer that still has it. Bounded; beyond the capacity the oldest goes.
 */
export class Tombstones {
  readonly #capacity: number;
  /** In order of burial. */
  readonly #byId = new Map<string, MemberTombstone>();

  constructor(capacity: number, forgotten: readonly ForgottenMember[]) {
    this.#capacity = capacity;
    for (const { id, generation } of forgotten) this.bury({ id, generation, leftState: null });
  }

  get(id: string): MemberTombstone | undefined {
    return this.#byId.get(id);
  }

  /** Remembers; a tombstone of a higher generation is never replaced by one of a lower. */
  bury(tombstone: MemberTombstone): void {
    const earlier = this.#byId.get(tombstone.id);
    if (earlier !== undefined && earlier.generation > tombstone.generation) return;
    this.#byId.delete(tombstone.id);
    this.#byId.set(tombstone.id, tombstone);
    if (this.#byId.size <= this.#capacity) return;
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest);
      break;
    }
  }

  /** The member is back with a higher generation. */
  raise(id: string): void {
    this.#byId.delete(id);
  }

  list(): ForgottenMember[] {
    return [...this.#byId.values()].map(({ id, generation }) => ({ id, generation }));
  }
}
