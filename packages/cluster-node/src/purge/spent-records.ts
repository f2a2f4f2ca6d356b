/** Which of the records that a member stores come to nothing, once the purge watermark of their range has risen above them. */
import { compareBallots, compareStamps, type Stamp } from '@kv/quorum';
import { deadlineOfMeta, decodeRegisterMeta, versionOfMeta } from '@kv/wire';
import { isDeletion } from '../record.ts';
import { sealedBallot } from './sealed-ballot.ts';

export interface SpentRecords {
  /**
   * Whether nothing of the record counts any more. All owners judge alike: what they agreed on says how late it is, not the
   * clock of any of them, which may be ahead, so that a value with a time to live goes once the watermark has passed its deadline.
   */
  readonly isSpent: (meta: Uint8Array, watermark: Stamp) => boolean;
  /** Whether that is so now or, without another write, may be so later. */
  readonly mayBeSpentLater: (meta: Uint8Array) => boolean;
}

export const spentRecords: SpentRecords = {
  isSpent: (meta, watermark) => {
    if (compareStamps(versionOfMeta(meta), watermark) > 0) return false;
    const deadline = deadlineOfMeta(meta);
    return isDeletion(meta) || (deadline !== undefined && deadline <= watermark.ms);
  },
  mayBeSpentLater,
};

export function mayBeSpentLater(meta: Uint8Array): boolean {
  return isDeletion(meta) || deadlineOfMeta(meta) !== undefined;
}

/** Of a register the meta alone does not tell all: the acceptor looks at what its value remembers. */
export const spentRegisters: SpentRecords = {
  isSpent: (meta, watermark) => {
    const { version, accepted, deleted } = decodeRegisterMeta(meta);
    if (accepted === undefined) return true;
    const isBelow = compareBallots(accepted, sealedBallot(watermark)) < 0;
    return deleted && isBelow && compareStamps(version, watermark) <= 0;
  },
  mayBeSpentLater: (meta) => {
    const { accepted, deleted } = decodeRegisterMeta(meta);
    return deleted || accepted === undefined;
  },
};
