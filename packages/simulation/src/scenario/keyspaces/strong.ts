/** Every operation as if they came one at a time, with compare-and-set: on few keys, so that operations meet. */
import { linearizability } from '../../checkers/linearizability/linearizability.ts';
import { drawValue } from './draw-value.ts';
import type { KeyspaceKind } from './keyspace-kind.ts';

export const strong: KeyspaceKind = {
  draw: (random, { nodes, links }) => ({
    name: 'strong',
    mode: 'strong',
    conflict: 'last-write-wins',
    sloppy: false,
    replicas: Math.min(nodes, random.pick([3, 3, 3, 3, 5, 5, 4, 2, 1])),
    keys: random.integer(1, 5),
    quorums: [],
    readShare: random.between(0.2, 0.6),
    deleteShare: random.pick([0, 0.1, 0.3]),
    // As in an eventual keyspace.
    stampedShare: links === 'datagram' ? 1 : random.pick([1, 0.8, 0.5]),
    ttlShare: 0,
    ttlMs: 0,
    conditionShare: random.pick([0, 0.4, 0.8]),
  }),

  plan: (random, { keyspace, key, id, valueBytes }) => {
    const reads = random.chance(keyspace.readShare);
    const deletes = random.chance(keyspace.deleteShare);
    const stamped = random.chance(keyspace.stampedShare);
    const conditional = random.chance(keyspace.conditionShare);
    const condition = random.pick(['absent', 'seen', 'seen', 'seen'] as const);
    const value = drawValue(random, id, valueBytes);
    const common = { keyspaceId: keyspace.id, key, stamped, quorum: undefined };
    if (reads) return { kind: 'get', ...common };
    const write = { ...common, ...(conditional && { condition }) };
    return deletes ? { kind: 'delete', ...write } : { kind: 'put', ...write, value };
  },

  /** What a majority of three or more has accepted, a majority without that disk still meets. */
  toleratesLoss: ({ replicas }) => replicas >= 3,

  finalRead: ({ id }, key) => ({ kind: 'get', keyspaceId: id, key, quorum: undefined, stamped: true }),

  check: ({ operations }) => linearizability(operations),
};
