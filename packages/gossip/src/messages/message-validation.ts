/**
 * The gate of everything that comes from outside. A message passes whole, as a copy made of checked fields, or it is refused
 * whole and changes nothing. Counts are compared with their bounds before anything is read by them, so a lie about a length
 * allocates nothing, and each field is read exactly once, so an object cannot answer the check and the use differently.
 */
import type { RefusalReason } from '../gossip-effect.ts';
import { type Digest, isMemberStatus, type MemberState } from '../members/member-state.ts';
import { isBoundedText } from './bounded-text.ts';
import { gossipLimits } from './gossip-limits.ts';
import type { GossipMessage } from './gossip-message.ts';

/** What the receiver knows and the message is held against. */
export interface ValidationContext {
  readonly clusterId: string;
  readonly maxGenerationJump: number;
  /** The version known of a member, (0, 0) of an unknown one: what a jump is measured from. */
  versionOf(id: string): { readonly generation: number; readonly heartbeat: number };
}

export interface Refusal {
  readonly outcome: 'refused';
  readonly reason: RefusalReason;
  /** The field at fault; short whatever the message held. */
  readonly detail: string;
}

export type Validation = { readonly outcome: 'valid'; readonly message: GossipMessage } | Refusal;

/** Checks and copies `input`. Never throws, even where reading the input does. */
export function validateMessage(input: unknown, context: ValidationContext): Validation {
  const reader = new MessageReader(context);
  try {
    return { outcome: 'valid', message: reader.read(input) };
  } catch {
    // What was thrown is not looked at: a hostile input may throw something that throws again.
    return reader.refusal ?? refused('malformed', 'reading the message failed');
  }
}

export function refused(reason: RefusalReason, detail: string): Refusal {
  return { outcome: 'refused', reason, detail };
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads one message, up to the first field that does not hold. */
class MessageReader {
  readonly #context: ValidationContext;
  /** Why reading ended before the end; null as long as nothing was found wrong. */
  refusal: Refusal | null = null;

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  read(input: unknown): GossipMessage {
    if (!isObject(input)) return this.#refuse('malformed', 'message');
    const { type, clusterId } = input;
    if (!isBoundedText(clusterId, gossipLimits.idBytes)) return this.#refuse('malformed', 'clusterId');
    if (clusterId !== this.#context.clusterId) return this.#refuse('foreign-cluster', 'clusterId');
    switch (type) {
      case 'gossip-syn':
        return { type, clusterId, digests: this.#digests(input), suspects: this.#suspects(input) };
      case 'gossip-ack': {
        const digests = this.#digests(input);
        return { type, clusterId, digests, states: this.#states(input), suspects: this.#suspects(input) };
      }
      case 'gossip-ack2':
        return { type, clusterId, states: this.#states(input), suspects: this.#suspects(input) };
      default:
        return this.#refuse('malformed', 'type');
    }
  }

  #digests(input: Fields): Digest[] {
    const seen = new Set<string>();
    const { items, length } = this.#list(input['digests'], 'digests', gossipLimits.digests);
    const digests: Digest[] = [];
    for (let index = 0; index < length; index += 1) {
      const item = items[index];
      if (!isObject(item)) return this.#refuse('malformed', `digests[${index}]`);
      digests.push(this.#version(item, 'digests', index, seen));
    }
    return digests;
  }

  #states(input: Fields): MemberState[] {
    const seen = new Set<string>();
    const { items, length } = this.#list(input['states'], 'states', gossipLimits.states);
    const states: MemberState[] = [];
    for (let index = 0; index < length; index += 1) {
      const item = items[index];
      if (!isObject(item)) return this.#refuse('malformed', `states[${index}]`);
      const { id, generation, heartbeat } = this.#version(item, 'states', index, seen);
      const { status, address } = item;
      if (!isMemberStatus(status)) return this.#refuse('malformed', `states[${index}].status`);
      if (!isBoundedText(address, gossipLimits.addressBytes)) {
        return this.#refuse('malformed', `states[${index}].address`);
      }
      states.push({ id, generation, heartbeat, status, address });
    }
    return states;
  }

  #suspects(input: Fields): string[] {
    const { items, length } = this.#list(input['suspects'], 'suspects', gossipLimits.suspects);
    const suspects: string[] = [];
    for (let index = 0; index < length; index += 1) {
      const id = items[index];
      if (!isBoundedText(id, gossipLimits.idBytes)) return this.#refuse('malformed', `suspects[${index}]`);
      suspects.push(id);
    }
    return suspects;
  }

  /** Each id once: a repeated one could climb in small steps past the bounds on jumps. */
  #version(item: Fields, list: string, index: number, seen: Set<string>): Digest {
    const { id, generation, heartbeat } = item;
    if (!isBoundedText(id, gossipLimits.idBytes)) return this.#refuse('malformed', `${list}[${index}].id`);
    if (seen.has(id)) return this.#refuse('malformed', `${list}[${index}].id repeated`);
    seen.add(id);
    if (!isCounter(generation)) return this.#refuse('malformed', `${list}[${index}].generation`);
    if (!isCounter(heartbeat)) return this.#refuse('malformed', `${list}[${index}].heartbeat`);
    const known = this.#context.versionOf(id);
    if (generation - known.generation > this.#context.maxGenerationJump) {
      return this.#refuse('generation-jump', `${list}[${index}].generation`);
    }
    const heardBefore = generation === known.generation ? known.heartbeat : 0;
    if (generation >= known.generation && heartbeat - heardBefore > gossipLimits.heartbeatJump) {
      return this.#refuse('heartbeat-jump', `${list}[${index}].heartbeat`);
    }
    return { id, generation, heartbeat };
  }

  /** The length is read once and bounded before anything else is. */
  #list(value: unknown, name: string, limit: number): { items: readonly unknown[]; length: number } {
    if (!Array.isArray(value)) return this.#refuse('malformed', name);
    const { length } = value;
    if (length > limit) return this.#refuse('oversized', name);
    return { items: value, length };
  }

  #refuse(reason: RefusalReason, detail: string): never {
    this.refusal = refused(reason, detail);
    throw new Error(detail);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isCounter(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
