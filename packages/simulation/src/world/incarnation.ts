/**
 * One life of a machine, from a start to the crash that ends it. All that happens to a machine goes through its present
 * incarnation: while it is paused it happens later, in a burst; once it is dead it never happens. A continuation that a
 * crash left dangling can therefore never act again: its promises stay unsettled for ever.
 */
import type { Scheduler } from './scheduler.ts';

export class Incarnation {
  /** 1 for a machine's first life. */
  readonly number: number;
  readonly #scheduler: Scheduler;
  #state: 'running' | 'paused' | 'dead' = 'running';
  #backlog: (() => void)[] = [];

  constructor(scheduler: Scheduler, number: number) {
    this.#scheduler = scheduler;
    this.number = number;
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  get paused(): boolean {
    return this.#state === 'paused';
  }

  /** Runs `work` now, when the pause ends, or never. */
  run(work: () => void): void {
    if (this.#state === 'running') work();
    else if (this.#state === 'paused') this.#backlog.push(work);
  }

  /** As {@link Incarnation.run}, `delayMs` from now. */
  runAfter(delayMs: number, work: () => void): void {
    if (this.#state !== 'dead') this.#scheduler.after(delayMs, () => this.run(work));
  }

  /** As when the process is stopped by SIGSTOP, or its virtual machine is moved: nothing happens, clocks go on. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  /** What was put off happens now, in its old order, each as an event of its own. Returns how much that was. */
  resume(): number {
    if (this.#state !== 'paused') return 0;
    this.#state = 'running';
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const work of backlog) this.#scheduler.after(0, () => this.run(work));
    return backlog.length;
  }

  end(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }
}
