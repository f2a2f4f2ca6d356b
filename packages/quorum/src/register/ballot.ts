/**
 * The number of an attempt to change a register. Ballots are totally ordered and no two proposers ever have the same one,
 * so of two attempts there is always one that the acceptors prefer.
 */
export interface Ballot {
  /** An integer from 1 to 2^53 − 1. */
  readonly counter: number;
  /** Who proposes: any name that is unique for the life of the register. Breaks ties. */
  readonly proposer: string;
}

/** Negative when `a` gives way to `b`, zero when they are the same attempt, positive when it is preferred. */
export function compareBallots(a: Ballot, b: Ballot): number {
  return a.counter - b.counter || (a.proposer < b.proposer ? -1 : a.proposer > b.proposer ? 1 : 0);
}

/** `undefined`, no ballot yet, gives way to all. */
export function higherBallot(a: Ballot | undefined, b: Ballot | undefined): Ballot | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBallots(a, b) >= 0 ? a : b;
}

/** A proposer's own next ballot, above all that it has seen. */
export function ballotAbove(seen: Ballot | undefined, proposer: string): Ballot {
  return { counter: (seen?.counter ?? 0) + 1, proposer };
}
