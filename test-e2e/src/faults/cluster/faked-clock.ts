/**
 * A wall clock of its own for a process, which can be set while the process runs; its monotonic clock stays true. By
 * libfaketime, from the Debian package of that name.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';

const places = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => `/usr/lib/${machine}/faketime`);
/** The form for programs with threads, as Node is one. */
const library = places.map((place) => `${place}/libfaketimeMT.so.1`).find((path) => existsSync(path));

/** Why clocks cannot be set here; `undefined`: they can. */
export const whyNoFakedClock: string | undefined = library === undefined ? 'needs libfaketime' : undefined;

export class FakedClock {
  readonly #file: string;

  /** @param file says what the clock shows; made here */
  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  /** What the process needs at its start. */
  get environment(): Record<string, string> {
    if (library === undefined) throw new Error(`a clock of its own ${whyNoFakedClock}`);
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // The file is read again after a second.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** The process follows within a second. @param aheadMs of the true time; negative: behind */
  set(aheadMs: number): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, `${aheadMs < 0 ? '-' : '+'}${Math.abs(aheadMs) / 1000}\n`);
    renameSync(temporary, this.#file);
  }
}
