/** Timers of one incarnation: they fire in virtual time, wait while it is paused and die with it. */
import type { Incarnation } from './incarnation.ts';
import type { World } from './world.ts';

export interface VirtualTimer {
  cancel(): void;
}

export class VirtualTimers {
  readonly #world: World;
  readonly #incarnation: Incarnation;
  readonly #owner: string;

  /** @param owner the machine's name in the trace */
  constructor(world: World, incarnation: Incarnation, owner: string) {
    this.#world = world;
    this.#incarnation = incarnation;
    this.#owner = owner;
  }

  /** Calls `run` once, not before `delayMs` virtual milliseconds have passed. */
  set(delayMs: number, run: () => void): VirtualTimer {
    let cancelled = false;
    this.#incarnation.runAfter(Math.max(0, delayMs), () => {
      if (cancelled) return;
      this.#world.trace.record(this.#world.scheduler.now, 'timer', this.#owner);
      run();
    });
    return { cancel: () => (cancelled = true) };
  }
}
