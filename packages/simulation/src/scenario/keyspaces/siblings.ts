/** Writes that know nothing of each other stand beside each other, until one that had read them replaces them. */
import { majority } from '@kv/quorum';
import { nothingKnown } from '../../cluster/client-operation.ts';
import { siblingPromises } from '../../checkers/siblings/sibling-promises.ts';
import { drawValue } from './draw-value.ts';
import type { KeyspaceKind } from './keyspace-kind.ts';
import type { QuorumChoice } from './keyspace-options.ts';

/** Of the writes: made by clients that pass on no context. Few, or keys would soon have as many siblings as they may. */
const blindShare = 0.1;

export const siblings: KeyspaceKind = {
  draw: (random, { nodes, links }) => {
    const replicas = Math.min(nodes, random.pick([3, 3, 3, 3, 3, 5, 5, 4, 2, 1]));
    const strict = { r: majority(replicas), w: majority(replicas) };
    return {
      name: 'siblings',
      mode: 'eventual',
      conflict: 'siblings',
      sloppy: false,
      replicas,
      keys: random.integer(2, 12),
      quorums: random.pick([[strict], [strict], [strict], [{ r: 1, w: replicas }], [{ r: replicas, w: 1 }]]),
      readShare: random.between(0.4, 0.7),
      deleteShare: random.pick([0, 0.1, 0.3]),
      // As in any eventual keyspace.
      stampedShare: links === 'datagram' ? 1 : random.pick([1, 0.8, 0.5]),
      conditionShare: 0,
      ttlShare: 0,
      ttlMs: 1,
    };
  },

  plan: (random, { keyspace, key, id, valueBytes }) => {
    const quorums: QuorumChoice = random.pick(keyspace.quorums);
    const reads = random.chance(keyspace.readShare);
    const deletes = random.chance(keyspace.deleteShare);
    const stamped = random.chance(keyspace.stampedShare);
    const besides = random.chance(blindShare) ? 'blind' : 'seen';
    const value = drawValue(random, id, valueBytes);
    const common = { keyspaceId: keyspace.id, key, stamped };
    if (reads) return { kind: 'get', ...common, quorum: quorums.r, besides: 'blind' };
    if (deletes) return { kind: 'delete', ...common, quorum: quorums.w, besides: 'seen' };
    return { kind: 'put', ...common, quorum: quorums.w, value, besides };
  },

  /** Every write is on two. */
  toleratesLoss: ({ quorums }) => quorums.every(({ w }) => w >= 2),

  /** As in any eventual keyspace. */
  finalRead: ({ id, replicas }, key, lessened) => {
    const quorum = lessened ? replicas - 1 : replicas;
    return { kind: 'get', keyspaceId: id, key, quorum, stamped: true, siblings: nothingKnown };
  },

  check: siblingPromises,
};
