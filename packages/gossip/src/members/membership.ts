/**
 * The table of members: this one, which alone changes itself, the others as heard, and the tombstones of those gone. It takes in
 * states and says what changed; who is silent is judged elsewhere.
 */
import { type Acquaintance, MemberLiveness } from '../detection/member-liveness.ts';
import type { PhiAccrualOptions } from '../detection/phi-accrual-detector.ts';
import type { GossipEffect } from '../gossip-effect.ts';
import type { ForgottenMember, ResolvedOptions } from '../gossiper-options.ts';
import { gossipLimits } from '../messages/gossip-limits.ts';
import { type MemberRecord, viewOf } from './member-record.ts';
import { compareStates, type MemberState, type MemberStatus } from './member-state.ts';
import { Tombstones } from './tombstones.ts';

/** An interval between arrivals counts as at most so many heartbeat intervals. */
const longestInterval = 5;

/** What taking in one state came to. `refused`: the table is full. */
export type MergeOutcome =
  | { readonly type: 'merged'; readonly effects: readonly GossipEffect[] }
  | { readonly type: 'refused' }
  | { readonly type: 'conflict'; readonly seen: number };

/** How far a member is known. */
export interface Version {
  readonly generation: number;
  readonly heartbeat: number;
}

const unknownVersion: Version = { generation: 0, heartbeat: 0 };

const nothing: MergeOutcome = { type: 'merged', effects: [] };

export class Membership {
  readonly #options: ResolvedOptions;
  readonly #admits: (id: string) => boolean;
  readonly #rhythm: PhiAccrualOptions;
  readonly #records = new Map<string, MemberRecord>();
  /** The same records by id in code unit order, so that no choice depends on the order of arrival. */
  readonly #sorted: MemberRecord[] = [];
  readonly #tombstones: Tombstones;
  #self: MemberState;

  constructor(options: ResolvedOptions, admits: (id: string) => boolean) {
    const { id, generation, status, address } = options;
    this.#options = options;
    this.#admits = admits;
    this.#self = { id, generation, heartbeat: 0, status, address };
    this.#tombstones = new Tombstones(gossipLimits.tombstones, options.forgotten);
    this.#rhythm = {
      expectedIntervalMs: options.heartbeatIntervalMs,
      threshold: options.phiThreshold,
      minDeviationMs: options.minDeviationMs,
      windowSize: options.arrivalWindow,
      maxIntervalMs: longestInterval * options.heartbeatIntervalMs,
    };
  }

  get self(): MemberState {
    return this.#self;
  }

  /** The other members, those that left a short while ago included, sorted by id. */
  get others(): readonly MemberRecord[] {
    return this.#sorted;
  }

  get forgotten(): ForgottenMember[] {
    return this.#tombstones.list();
  }

  record(id: string): MemberRecord | undefined {
    return this.#records.get(id);
  }

  /** The newest state known of a member, this one included, and of one that left long ago. */
  state(id: string): MemberState | undefined {
    if (id === this.#self.id) return this.#self;
    return this.#records.get(id)?.state ?? this.#tombstones.get(id)?.leftState ?? undefined;
  }

  /** The version from which news of the member is counted: (0, 0) when nothing is known. */
  versionOf(id: string): Version {
    const state = this.state(id);
    if (state !== undefined) return state;
    const tombstone = this.#tombstones.get(id);
    return tombstone === undefined ? unknownVersion : { generation: tombstone.generation, heartbeat: 0 };
  }

  /** True if a member not in the table would be taken in with this generation. */
  welcomes(id: string, generation: number): boolean {
    return this.#sorted.length < this.#options.maxMembers && !this.bars(id, generation) && this.#admits(id);
  }

  /** True if the generation is one that was forgotten. */
  bars(id: string, generation: number): boolean {
    const tombstone = this.#tombstones.get(id);
    return tombstone !== undefined && tombstone.generation >= generation;
  }

  /** True if the member was forgotten by order: it is spoken to no more, unlike one that left. */
  banned(id: string): boolean {
    return this.#tombstones.get(id)?.leftState === null;
  }

  /** Raises this member's heartbeat, and changes what is given. */
  renewSelf(change: { readonly status?: MemberStatus; readonly address?: string } = {}): void {
    this.#self = { ...this.#self, ...change, heartbeat: this.#self.heartbeat + 1 };
  }

  /** Takes in a state that `from` sent. The merge of states decides; the rest is telling what it meant. */
  merge(state: MemberState, from: string, now: number): MergeOutcome {
    if (state.id === this.#self.id) {
      return compareStates(state, this.#self) > 0 ? { type: 'conflict', seen: state.generation } : nothing;
    }
    const record = this.#records.get(state.id);
    if (record === undefined) return this.#meet(state, from === state.id ? 'spoke' : 'hearsay', now);
    if (compareStates(state, record.state) <= 0) return nothing;
    return { type: 'merged', effects: this.#update(record, state, now) };
  }

  /** Takes the member out of the table for good, up to the generation given. */
  forget(id: string, generation: number): GossipEffect[] {
    const record = this.#records.get(id);
    const through = Math.max(generation, record?.state.generation ?? 0);
    this.#tombstones.bury({ id, generation: through, leftState: null });
    this.#remove(id);
    const inForce = this.#tombstones.get(id)?.generation ?? through;
    return [{ type: 'member-forgotten', id, generation: inForce }];
  }

  /** Buries those that left longer ago than they have to be shown. */
  buryLeft(now: number): GossipEffect[] {
    const due = this.#sorted.filter(({ leftAt }) => leftAt !== null && now - leftAt >= this.#options.leftRetentionMs);
    return due.map(({ state }) => {
      this.#tombstones.bury({ id: state.id, generation: state.generation, leftState: state });
      this.#remove(state.id);
      return { type: 'member-forgotten', id: state.id, generation: state.generation };
    });
  }

  #meet(state: MemberState, acquaintance: Acquaintance, now: number): MergeOutcome {
    // Who was never known here need not be known to have left: keeping it would pass it on to newcomers for ever.
    if (state.status === 'left' || this.bars(state.id, state.generation) || !this.#admits(state.id)) return nothing;
    if (this.#sorted.length >= this.#options.maxMembers) return { type: 'refused' };
    this.#tombstones.raise(state.id);
    const record: MemberRecord = { state, liveness: this.#newLiveness(acquaintance, now), leftAt: null };
    this.#records.set(state.id, record);
    this.#sorted.splice(this.#positionOf(state.id), 0, record);
    return { type: 'merged', effects: [{ type: 'member-joined', member: viewOf(record) }] };
  }

  #update(record: MemberRecord, state: MemberState, now: number): GossipEffect[] {
    const previous = record.state;
    const wasAlive = record.liveness.liveness === 'alive';
    const restarted = state.generation > previous.generation;
    record.state = state;
    if (restarted) {
      record.liveness = this.#newLiveness('spoke', now);
      record.leftAt = null;
    }
    if (state.status === 'left') {
      record.leftAt ??= now;
      record.liveness.leave();
    } else if (!restarted) {
      record.liveness.heard(now);
    }
    return describeChange(record, previous, wasAlive);
  }

  /** Whoever is known by hearsay has the longest time to prove itself: how many could confirm is not known yet either. */
  #newLiveness(acquaintance: Acquaintance, now: number): MemberLiveness {
    const { suspicionMinMs, suspicionMaxMs, confirmations } = this.#options;
    const bounds = { minMs: suspicionMinMs, maxMs: suspicionMaxMs, expectedConfirmations: confirmations };
    return new MemberLiveness(this.#rhythm, acquaintance, bounds, now);
  }

  #remove(id: string): void {
    if (this.#records.delete(id)) this.#sorted.splice(this.#positionOf(id), 1);
  }

  /** Where the id stands in the sorted table, or would. */
  #positionOf(id: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#sorted[middle];
      if (other !== undefined && other.state.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What turned `previous` into the record's state; a heartbeat that merely rose is no news, and by far the most common. */
function describeChange(record: MemberRecord, previous: MemberState, wasAlive: boolean): GossipEffect[] {
  const { generation, status, address } = record.state;
  const effects: GossipEffect[] = [];
  if (generation > previous.generation) {
    const previousGeneration = previous.generation;
    effects.push({ type: 'member-restarted', member: viewOf(record), previousGeneration });
  }
  if (status !== previous.status) {
    effects.push({ type: 'status-changed', member: viewOf(record), previous: previous.status });
  }
  if (address !== previous.address) {
    effects.push({ type: 'address-changed', member: viewOf(record), previous: previous.address });
  }
  if (!wasAlive && record.liveness.liveness === 'alive') effects.push({ type: 'member-alive', member: viewOf(record) });
  return effects;
}
