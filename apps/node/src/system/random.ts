/** Randomness for choices that need not be secret: whom to gossip with, how long to wait. */
import type { Random } from '@kv/cluster-node';

export const systemRandom: Random = { next: () => Math.random() };
