/** The port to time. */

export interface StorageClock {
  /** Milliseconds since 1970, against which deadlines are held. */
  now(): number;
  /** Resolves after so many milliseconds. Somebody may be waiting for what comes then: a process must not end before. */
  pause(milliseconds: number): Promise<void>;
}
