/**
 * What was cut out of a rotten disk looks like what never was: absent keys, acceptors that accepted nothing. In strong keyspaces it
 * hardly shows: what acceptors promised is kept by the seal, and what they accepted by a majority of the others.
 */
import { Losses, type Strategies } from '@kv/cluster-node';
import type { PlantedBug } from './planted-bug.ts';

export const answersWhatItLost: PlantedBug = {
  name: 'answers-what-it-lost',
  wrong: 'answers what its disk lost as if it had never been',
  within: 'eventual',
  strategies: (defaults: Strategies) => ({ ...defaults, losses: (engine) => new ForgottenLosses(engine) }),
};

class ForgottenLosses extends Losses {
  override covers(): boolean {
    return false;
  }

  override meets(): boolean {
    return false;
  }
}
