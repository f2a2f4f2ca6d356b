/** What the power cut of a machine does to what its disk had not synced. */

export interface CrashOutcome {
  /** Chance that a page written but not synced had reached the medium. */
  readonly pageReached: number;
  /** Chance that a page which reached the medium did so only in part: its first bytes are new, the rest is old. */
  readonly pageTorn: number;
  /** Chance that the new size of a file reached the medium although not all of its bytes did. */
  readonly sizeReached: number;
  /** Chance that a name created, renamed or removed but not synced had reached the medium. */
  readonly entryReached: number;
}

/** The process dies, the machine goes on: nothing that was written is lost. */
export const processCrash: CrashOutcome = { pageReached: 1, pageTorn: 0, sizeReached: 1, entryReached: 1 };

/** Nothing survives that was not synced. */
export const totalPowerLoss: CrashOutcome = { pageReached: 0, pageTorn: 0, sizeReached: 0, entryReached: 0 };

export interface CrashLosses {
  bytes: number;
  entries: number;
  tornPages: number;
}
