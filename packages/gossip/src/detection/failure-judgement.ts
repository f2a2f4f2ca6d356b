import type { GossipEffect } from '../gossip-effect.ts';
import type { ResolvedOptions } from '../gossiper-options.ts';
import { type MemberRecord, viewOf } from '../members/member-record.ts';
import type { SuspicionBounds } from './suspicion.ts';

/** Judges each member's silence at `now`, one step each; `patience` multiplies the silence allowed. */
export function judgeMembers(
  others: readonly MemberRecord[],
  options: ResolvedOptions,
  patience: number,
  now: number,
): GossipEffect[] {
  const effects: GossipEffect[] = [];
  for (const record of others) {
    const { liveness } = record;
    const judgement = liveness.judge(now, patience, () => suspicionBounds(others, record, options));
    if (judgement === 'suspected') {
      effects.push({ type: 'member-suspected', member: viewOf(record), phi: liveness.phi(now) });
    } else if (judgement === 'down') {
      effects.push({ type: 'member-down', member: viewOf(record), confirmations: liveness.confirmations });
    }
  }
  return effects;
}

/** News needs more rounds in a larger cluster, so a refutation does too; and only members not down can confirm. */
function suspicionBounds(
  others: readonly MemberRecord[],
  suspect: MemberRecord,
  { suspicionMinMs, suspicionMaxMs, confirmations }: ResolvedOptions,
): SuspicionBounds {
  const scale = Math.max(1, Math.log10(others.length + 1));
  const witnesses = others.filter((record) => record !== suspect && record.liveness.liveness !== 'down').length;
  return {
    minMs: suspicionMinMs * scale,
    maxMs: suspicionMaxMs * scale,
    expectedConfirmations: Math.min(confirmations, witnesses),
  };
}
