/** An acceptor does not look at its promise when it is asked to accept. */
import type { Strategies } from '@kv/cluster-node';
import { accept, type AcceptorState, type AcceptorStep, type Ballot, prepare } from '@kv/quorum';
import type { PlantedBug } from './planted-bug.ts';

export const acceptsAnything: PlantedBug = {
  name: 'accepts-anything',
  wrong: 'accepts a value in a strong keyspace whatever it has promised to others',
  within: 'strong',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    acceptorStore: (dependencies) => defaults.acceptorStore(dependencies, { prepare, accept: acceptUnseen }),
  }),
};

function acceptUnseen<Value>(state: AcceptorState<Value>, ballot: Ballot, value: Value): AcceptorStep<Value> {
  return accept({ ...state, promised: undefined }, ballot, value);
}
