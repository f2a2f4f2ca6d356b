/** A read of a strong keyspace does not ask a majority. */
import type { Strategies } from '@kv/cluster-node';
import { RegisterRead, Voters } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const believesOneAcceptor: PlantedBug = {
  name: 'believes-one-acceptor',
  wrong: 'answers a read in a strong keyspace with what the nearest acceptor has accepted',
  within: 'strong',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    registerRead: (voters) => new RegisterRead(new Voters(voters.all.slice(0, 1))),
  }),
};
