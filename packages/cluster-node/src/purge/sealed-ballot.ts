/**
 * What a seal means to acceptors: each behaves as if it had promised this ballot, whether or not it was ever asked. A promise
 * may be raised at any time, so nothing is unsafe about it; and a register of which nothing is stored any more is thereby closed
 * to every proposal from before its deletion was forgotten.
 */
import { type Ballot, higherBallot, type Stamp } from '@kv/quorum';
import { ballotsPerMs } from '../clock/ballot-source.ts';

/** Above all ballots that were taken by a clock up to the stamp. */
export function sealedBallot({ ms }: Stamp): Ballot {
  return { counter: (ms + 1) * ballotsPerMs, proposer: '' };
}

/** The promise of an acceptor of a range that is sealed up to there. */
export function promiseUnder(sealed: Stamp, promised: Ballot | undefined): Ballot | undefined {
  return sealed.ms === 0 ? promised : higherBallot(promised, sealedBallot(sealed));
}
