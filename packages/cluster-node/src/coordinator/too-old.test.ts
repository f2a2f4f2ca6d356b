import { noRepairs, type ReplicaAnswer, type WriteOutcome, type WriteResult } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import { namingAge } from './too-old.ts';

const old = { answer: 'unreachable', reason: 'BELOW_WATERMARK' } as const;
type Said = Pick<ReplicaAnswer, 'answer' | 'reason'>;

/** What a write came to of which its three owners said this, and then who stands in for them. */
function resultOf(outcome: WriteOutcome, owners: readonly Said[], standIns: readonly Said[] = []): WriteResult {
  const replicas = [
    ...owners.map((said, index) => ({ replica: `owner-${index}`, role: 'primary' as const, ...said })),
    ...standIns.map((said, index) => ({ replica: `other-${index}`, role: 'fallback' as const, ...said })),
  ];
  const receipt = { mode: 'strict', epoch: 1, needed: 2, got: 1, replicas, repairs: noRepairs } as const;
  const version = { ms: 1, counter: 0, actor: 'a'.repeat(32) };
  return { outcome, version, certain: true, reason: 'too-few-replicas', receipt };
}

describe('a write that owners refused for its age', () => {
  it('is called too old where every owner did, and nobody keeps it for them', () => {
    expect(namingAge(resultOf('unknown', [old, old, old])).reason).toBe('write-too-old');
    const standIns = [old, { answer: 'refused', reason: 'HINTS_FULL' } as const];
    expect(namingAge(resultOf('unknown', [old, old, old], standIns)).reason).toBe('write-too-old');
  });

  it('is where an owner that did was to keep it for the others too: it takes no hint of that age', () => {
    const result = resultOf('unknown', [old, old, old], [{ answer: 'pending' }]);
    const replicas = result.receipt.replicas.map((said) =>
      said.role === 'primary' ? said : { ...said, replica: 'owner-0', hintFor: 'owner-1' },
    );
    expect(namingAge({ ...result, receipt: { ...result.receipt, replicas } }).reason).toBe('write-too-old');
  });

  it.each<[string, readonly Said[], readonly Said[]]>([
    ['an owner has it', [old, { answer: 'applied' }, old], []],
    ['an owner may have it', [old, old, { answer: 'unreachable', reason: 'LINK_LOST' }], []],
    ['an owner has not answered', [old, { answer: 'pending' }, old], []],
    ['an owner was down, and may be handed it later', [old, old, { answer: 'down' }], []],
    ['an owner refused it for now only', [old, old, { answer: 'refused', reason: 'DISK_FULL' }], []],
    ['another server keeps it for an owner', [old, old, old], [{ answer: 'applied' }]],
    ['another server may keep it for an owner', [old, old, old], [{ answer: 'pending' }]],
    ['nobody was asked', [], []],
  ])('is not where %s: it may be made, then or later', (_, owners, standIns) => {
    expect(namingAge(resultOf('unknown', owners, standIns)).reason).toBe('too-few-replicas');
  });

  it('stays what it is where it came to a result', () => {
    const applied = resultOf('applied', [old, { answer: 'applied' }, { answer: 'applied' }]);
    expect(namingAge(applied)).toBe(applied);
  });
});
