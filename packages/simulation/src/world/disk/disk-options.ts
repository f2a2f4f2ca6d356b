/** How a simulated disk behaves when nothing is wrong with it. Times are means of exponential distributions, in ms. */
export interface DiskOptions {
  /** Unit in which unsynced bytes survive a crash or do not. */
  readonly pageBytes: number;
  /** Time of a call that moves bytes or names. */
  readonly callMs: number;
  /** Time of a sync, of a file or of a directory. */
  readonly syncMs: number;
  /** Chance that a sync takes `stallMs` longer, as disks do when their own cache is full. */
  readonly stallChance: number;
  readonly stallMs: number;
}

export const defaultDiskOptions: DiskOptions = {
  pageBytes: 4096,
  callMs: 0.1,
  syncMs: 2,
  stallChance: 0.01,
  stallMs: 100,
};
