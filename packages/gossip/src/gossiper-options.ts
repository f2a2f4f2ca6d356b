import { GossipError } from './errors.ts';
import { isMemberStatus, type MemberStatus } from './members/member-state.ts';
import { isBoundedText } from './messages/bounded-text.ts';
import { gossipLimits } from './messages/gossip-limits.ts';

/** A member that must not come back with this generation or a lower one. */
export interface ForgottenMember {
  readonly id: string;
  readonly generation: number;
}

/** Who a gossiper is and how patient it is. Units and formulas are below; the README weighs both directions of each. */
export interface GossiperOptions {
  /** This member, 1 to 64 bytes; never given to another one. */
  readonly id: string;
  /** Messages of any other cluster are refused; 1 to 64 bytes. */
  readonly clusterId: string;
  /** Where the others reach this member, 1 to 255 bytes. */
  readonly address: string;
  /** Restart counter, at least 1, durably raised by the caller before each start. */
  readonly generation: number;
  /** Default `joining`. */
  readonly status?: Exclude<MemberStatus, 'left'> | undefined;
  /** Addresses to begin with and to come back to when nobody is reachable. Default none. */
  readonly seeds?: readonly string[] | undefined;
  /** Milliseconds between two rounds. Default 1000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** Members asked in each round. Default 3. */
  readonly fanout?: number | undefined;
  /** Phi at which silence becomes suspicion. Default 8. */
  readonly phiThreshold?: number | undefined;
  /** The least deviation of arrivals, in milliseconds. Default half a heartbeat interval. */
  readonly minDeviationMs?: number | undefined;
  /** Arrival intervals remembered per member. Default 128. */
  readonly arrivalWindow?: number | undefined;
  /** Peers whose suspicion brings conviction to its earliest. Default 3. */
  readonly confirmations?: number | undefined;
  /** Earliest conviction after suspicion, in milliseconds, times max(1, log10(members)). Default 2 heartbeat intervals. */
  readonly suspicionMinMs?: number | undefined;
  /** Latest conviction after suspicion, likewise scaled. Default 6 times the earliest. */
  readonly suspicionMaxMs?: number | undefined;
  /** A longer time between two ticks is this process's own pause. Default 2 heartbeat intervals. */
  readonly maxLocalPauseMs?: number | undefined;
  /** Worst score of the own health; the silence allowed to others is multiplied by 1 + score. Default 4; 0 switches it off. */
  readonly maxLocalHealth?: number | undefined;
  /** Milliseconds that a member that left is still shown and spread. Default 60 heartbeat intervals. */
  readonly leftRetentionMs?: number | undefined;
  /** Members in the table, this one not counted. Default 1024. */
  readonly maxMembers?: number | undefined;
  /** How far a generation may rise at once; unknown members count as 0. Default 1,000,000. */
  readonly maxGenerationJump?: number | undefined;
  /** What an earlier run had forgotten ({@link Gossiper.forgotten}). Default none. */
  readonly forgotten?: readonly ForgottenMember[] | undefined;
}

/** {@link GossiperOptions} with every default in its place. */
export type ResolvedOptions = { readonly [Name in keyof GossiperOptions]-?: Exclude<GossiperOptions[Name], undefined> };

/** Fills in the defaults. @throws GossipError `INVALID_OPTION`, naming the option, what it needs and what it got. */
export function resolveOptions(options: GossiperOptions): ResolvedOptions {
  const heartbeatIntervalMs = options.heartbeatIntervalMs ?? 1000;
  const suspicionMinMs = options.suspicionMinMs ?? 2 * heartbeatIntervalMs;
  const resolved: ResolvedOptions = {
    id: options.id,
    clusterId: options.clusterId,
    address: options.address,
    generation: options.generation,
    status: options.status ?? 'joining',
    seeds: [...(options.seeds ?? [])],
    heartbeatIntervalMs,
    fanout: options.fanout ?? 3,
    phiThreshold: options.phiThreshold ?? 8,
    minDeviationMs: options.minDeviationMs ?? heartbeatIntervalMs / 2,
    arrivalWindow: options.arrivalWindow ?? 128,
    confirmations: options.confirmations ?? 3,
    suspicionMinMs,
    suspicionMaxMs: options.suspicionMaxMs ?? 6 * suspicionMinMs,
    maxLocalPauseMs: options.maxLocalPauseMs ?? 2 * heartbeatIntervalMs,
    maxLocalHealth: options.maxLocalHealth ?? 4,
    leftRetentionMs: options.leftRetentionMs ?? 60 * heartbeatIntervalMs,
    maxMembers: options.maxMembers ?? 1024,
    maxGenerationJump: options.maxGenerationJump ?? 1_000_000,
    forgotten: [...(options.forgotten ?? [])],
  };
  checkIdentity(resolved);
  checkNumbers(resolved);
  return resolved;
}

function checkIdentity(options: ResolvedOptions): void {
  requireText('id', options.id, gossipLimits.idBytes);
  requireText('clusterId', options.clusterId, gossipLimits.idBytes);
  requireText('address', options.address, gossipLimits.addressBytes);
  for (const seed of options.seeds) requireText('seeds', seed, gossipLimits.addressBytes);
  if (!isMemberStatus(options.status) || (options.status as MemberStatus) === 'left') {
    throw invalid('status', 'joining, normal or leaving', options.status);
  }
  for (const member of options.forgotten) {
    requireText('forgotten', member.id, gossipLimits.idBytes);
    requireNumber('forgotten', member.generation, { least: 0, integer: true });
    if (member.id === options.id && member.generation >= options.generation) {
      throw invalid('generation', `more than ${member.generation}, which was forgotten`, options.generation);
    }
  }
}

function checkNumbers(options: ResolvedOptions): void {
  const count = { least: 1, integer: true };
  const duration = { least: 0, integer: false };
  requireNumber('heartbeatIntervalMs', options.heartbeatIntervalMs, { least: 1, integer: false });
  requireNumber('fanout', options.fanout, count);
  requireNumber('phiThreshold', options.phiThreshold, { least: 1, integer: false });
  requireNumber('minDeviationMs', options.minDeviationMs, { least: Number.MIN_VALUE, integer: false });
  requireNumber('arrivalWindow', options.arrivalWindow, { least: 2, integer: true });
  requireNumber('confirmations', options.confirmations, { least: 0, integer: true });
  requireNumber('suspicionMinMs', options.suspicionMinMs, duration);
  requireNumber('suspicionMaxMs', options.suspicionMaxMs, { least: options.suspicionMinMs, integer: false });
  requireNumber('maxLocalPauseMs', options.maxLocalPauseMs, { least: options.heartbeatIntervalMs, integer: false });
  requireNumber('maxLocalHealth', options.maxLocalHealth, { least: 0, integer: true });
  requireNumber('leftRetentionMs', options.leftRetentionMs, duration);
  requireNumber('maxMembers', options.maxMembers, count);
  requireNumber('maxGenerationJump', options.maxGenerationJump, count);
  // A member that has never heard of this one counts it as generation 0, and would refuse it.
  requireNumber('generation', options.generation, { least: 1, most: options.maxGenerationJump, integer: true });
}

function requireText(name: string, value: unknown, limit: number): void {
  if (!isBoundedText(value, limit)) throw invalid(name, `well-formed text of 1 to ${limit} bytes`, value);
}

function requireNumber(
  name: string,
  value: number,
  range: { readonly least: number; readonly most?: number; readonly integer: boolean },
): void {
  const most = range.most ?? Number.MAX_SAFE_INTEGER;
  const fits = value >= range.least && value <= most && (!range.integer || Number.isSafeInteger(value));
  if (!fits) throw invalid(name, `${range.integer ? 'an integer' : 'a number'} from ${range.least} to ${most}`, value);
}

function invalid(name: string, needed: string, got: unknown): GossipError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 80)) : String(got);
  return new GossipError('INVALID_OPTION', `option ${name} needs ${needed}, got ${shown}`);
}
