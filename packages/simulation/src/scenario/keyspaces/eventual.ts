/** Versions from hybrid logical clocks, last write wins, any quorums: always writable, and converging. */
import { majority } from '@kv/quorum';
import { checkHistory } from '../../checkers/check-history.ts';
import { wholeScans } from '../../checkers/whole-scans.ts';
import type { SeededRandom } from '../../world/seeded-random.ts';
import { drawValue } from './draw-value.ts';
import type { KeyspaceKind } from './keyspace-kind.ts';
import type { KeyspaceOptions, QuorumChoice } from './keyspace-options.ts';

export const eventual: KeyspaceKind = {
  draw: (random, { nodes, links }) => {
    const drawn = random.pick([3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 4, 2, 2, 1]);
    const isEverywhere = nodes > 5 && random.fork('everywhere').chance(0.25);
    const replicas = isEverywhere ? nodes : Math.min(nodes, drawn);
    return {
      name: 'eventual',
      mode: 'eventual',
      conflict: 'last-write-wins',
      sloppy: random.fork('sloppy').chance(0.25),
      replicas,
      keys: Math.round(random.logBetween(1, 30)),
      quorums: drawQuorums(random.fork('quorums'), replicas),
      readShare: random.between(0.3, 0.7),
      deleteShare: random.pick([0, 0.1, 0.3]),
      // A datagram may arrive twice; a write that its coordinator stamps would then be two writes.
      stampedShare: links === 'datagram' ? 1 : random.pick([1, 0.8, 0.5]),
      ttlShare: random.fork('ttl-share').pick([0, 0.2, 0.6]),
      ttlMs: random.fork('ttl').pick([500, 5000, 30_000]),
      conditionShare: 0,
    };
  },

  plan: (random, { keyspace, key, id, valueBytes }) => {
    const quorums: QuorumChoice = random.pick(keyspace.quorums);
    const reads = random.chance(keyspace.readShare);
    const deletes = random.chance(keyspace.deleteShare);
    const stamped = random.chance(keyspace.stampedShare);
    const value = drawValue(random, id, valueBytes);
    const common = { keyspaceId: keyspace.id, key, stamped };
    if (reads) return { kind: 'get', ...common, quorum: quorums.r };
    if (deletes) return { kind: 'delete', ...common, quorum: quorums.w };
    return { kind: 'put', ...common, quorum: quorums.w, value, ...drawExpiry(random.fork(`ttl/${id}`), keyspace) };
  },

  /** Every write is on two; of a sloppy one these may be an owner and its fallback, which forgets what it hands over. */
  toleratesLoss: ({ sloppy, quorums }) => !sloppy && quorums.every(({ w }) => w >= 2),

  /** At R = N, or one less: then too it meets every write that was on two. */
  finalRead: ({ id, replicas }, key, lessened) => {
    return {
      kind: 'get',
      keyspaceId: id,
      key,
      quorum: lessened ? replicas - 1 : replicas,
      stamped: true,
      sloppy: false,
    };
  },

  check: (history, copies) => [...checkHistory(history, copies), ...wholeScans(history, history.scans)],
};

function drawExpiry(random: SeededRandom, { ttlShare, ttlMs }: KeyspaceOptions): { readonly ttlMs?: number } {
  const drawn = Math.round(random.logBetween(20, Math.max(20, ttlMs)));
  return random.chance(ttlShare) ? { ttlMs: drawn } : {};
}

function drawQuorums(random: SeededRandom, replicas: number): QuorumChoice[] {
  const strict = { r: majority(replicas), w: majority(replicas) };
  const any = (): QuorumChoice => ({ r: random.integer(1, replicas), w: random.integer(1, replicas) });
  return random.pick([
    [strict],
    [strict],
    [strict],
    [strict],
    [{ r: 1, w: replicas }],
    [{ r: replicas, w: 1 }],
    [strict, any()],
    [any(), any(), any()],
  ]);
}
