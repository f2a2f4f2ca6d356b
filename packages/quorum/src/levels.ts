/** How many of the N replicas of a key must answer: R for reads, W for writes (Dynamo §4.5). */
import { QuorumError } from './errors.ts';

/** More than half of n: any two such sets share a member. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1;
}

/**
 * The number of replies that a request asked for, checked against N.
 * @param name the parameter's name in the error message
 * @throws QuorumError INVALID_QUORUM when it is not an integer in 1..n
 */
export function checkedQuorum(name: string, asked: number | undefined, n: number): number {
  const needed = asked ?? majority(n);
  if (Number.isInteger(needed) && needed >= 1 && needed <= n) return needed;
  throw new QuorumError(
    'INVALID_QUORUM',
    `${name} must be an integer from 1 to ${n} (the number of replicas), got ${needed}`,
  );
}
