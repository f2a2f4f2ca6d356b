/** The port to time. */

export interface StorageClock {
  /** Milliseconds since 1970, against which deadlines are held. */
  now(): number;
  /** Resolves after so many milliseconds. Must not keep a process alive by itself. */
  pause(milliseconds: number): Promise<void>;
}
