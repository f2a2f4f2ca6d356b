/**
 * A node's clock has heard of every version that the node names: the stamp of a frame is at least as high as each
 * version in it. Whoever merges that stamp therefore writes after everything it was told, the rule that makes stamp
 * order follow what happened (Kulkarni et al. 2014). Checked while the simulation runs.
 */
import { compareStamps, type Stamp, type Version } from '@kv/quorum';
import { shortVersion, type Violation } from '../history.ts';

/** What one frame of a node says. */
export interface StampedVersions {
  readonly node: string;
  /** Virtual milliseconds. */
  readonly at: number;
  readonly stamp: Stamp;
  readonly versions: readonly Version[];
}

export class ClockHears {
  readonly #violations: Violation[] = [];

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  hear({ node, at, stamp, versions }: StampedVersions): void {
    for (const version of versions) {
      if (compareStamps(version, stamp) <= 0) continue;
      const clock = `${stamp.ms}.${stamp.counter}`;
      const message = `${node} names ${shortVersion(version)} at ${at.toFixed(1)}, its clock is at ${clock}`;
      this.#violations.push({ check: 'clock-hears', operations: [], message });
    }
  }
}
