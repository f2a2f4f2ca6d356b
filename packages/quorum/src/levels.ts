/** How many of the N replicas of a key must answer: R for reads, W for writes (Dynamo §4.5), as a number or by name. */
import { QuorumError } from './errors.ts';

/**
 * The names that Cassandra gave them. While a cluster has one data centre, `local-one` and `local-quorum` are `one` and
 * `quorum`, and so is `each-quorum`.
 */
export const consistencyLevels = [
  'one',
  'two',
  'three',
  'quorum',
  'all',
  'local-one',
  'local-quorum',
  'each-quorum',
] as const;

export type ConsistencyLevel = (typeof consistencyLevels)[number];

/** What a request asked for: a number, or a level, or neither and so a majority. */
export interface AskedQuorum {
  /** What the number is called in error messages. */
  readonly name: 'r' | 'w';
  readonly number?: number | undefined;
  readonly level?: ConsistencyLevel | undefined;
}

export function isConsistencyLevel(text: string): text is ConsistencyLevel {
  return (consistencyLevels as readonly string[]).includes(text);
}

/** More than half of n: any two such sets share a member. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1;
}

/**
 * How many of n replicas must answer.
 * @throws QuorumError INVALID_QUORUM when that is not 1..n, or when both a number and a level were asked for
 */
export function answersNeeded({ name, number, level }: AskedQuorum, n: number): number {
  if (level === undefined) return checkedQuorum(name, number, n);
  if (number !== undefined) {
    throw new QuorumError('INVALID_QUORUM', `${name} and level exclude each other, got ${number} and ${level}`);
  }
  if (!isConsistencyLevel(level)) {
    const names = consistencyLevels.join(', ');
    throw new QuorumError('INVALID_QUORUM', `a level is one of ${names}, got ${JSON.stringify(level)}`);
  }
  const needed = answersOf(level, n);
  if (needed <= n) return needed;
  throw new QuorumError('INVALID_QUORUM', `the level ${level} needs ${needed} replicas, the keyspace has ${n}`);
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

function answersOf(level: ConsistencyLevel, n: number): number {
  switch (level) {
    case 'one':
    case 'local-one':
      return 1;
    case 'two':
      return 2;
    case 'three':
      return 3;
    case 'quorum':
    case 'local-quorum':
    case 'each-quorum':
      return majority(n);
    case 'all':
      return n;
  }
}
