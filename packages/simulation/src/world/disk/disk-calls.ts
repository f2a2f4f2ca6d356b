/**
 * Carries out the disk calls of one incarnation: each takes effect in the page cache at once and is answered after
 * the disk's latency. When the incarnation dies meanwhile, the answer never comes, and what the call did is for the
 * crash to keep or to undo.
 */
import type { Incarnation } from '../incarnation.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Trace } from '../trace.ts';
import type { DiskOptions } from './disk-options.ts';

export type DiskCallKind =
  | 'open'
  | 'list'
  | 'create-directory'
  | 'rename'
  | 'link'
  | 'remove'
  | 'remove-directory'
  | 'exists'
  | 'sync-directory'
  | 'lock'
  | 'size'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'close';

export type DiskCallListener = (kind: DiskCallKind, path: string) => void;

export interface DiskCallsDependencies {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly random: SeededRandom;
  readonly options: DiskOptions;
  readonly incarnation: Incarnation;
  /** The machine's name in the trace. */
  readonly owner: string;
  /** Hears of each call after it took effect and before it is answered: the moment to cut the power. */
  readonly listener: DiskCallListener;
}

export class DiskCalls {
  readonly #dependencies: DiskCallsDependencies;

  constructor(dependencies: DiskCallsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * @param effect what the call does to the page cache; what it throws is the call's failure
   * @param completion what it does when it is answered, such as making synced bytes durable
   */
  call<Effect, Result>(
    kind: DiskCallKind,
    path: string,
    effect: () => Effect,
    completion: (effect: Effect) => Result,
    bytes?: readonly Uint8Array[],
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { incarnation, listener } = this.#dependencies;
      if (!incarnation.alive) return;
      this.#record(kind, path, bytes);
      const outcome = attempt(effect);
      listener(kind, path);
      incarnation.runAfter(this.#latency(kind), () => {
        if (outcome.failed) reject(outcome.error);
        else resolve(completion(outcome.value));
      });
    });
  }

  /** A call that is answered within itself. */
  callSync<Result>(kind: DiskCallKind, path: string, effect: () => Result): Result {
    this.#record(kind, path);
    return effect();
  }

  #record(kind: DiskCallKind, path: string, bytes: readonly Uint8Array[] = []): void {
    const { trace, scheduler, owner } = this.#dependencies;
    trace.record(scheduler.now, `disk-${kind}`, `${owner}:${path}`);
    for (const chunk of bytes) trace.record(scheduler.now, 'chunk', '', chunk);
  }

  #latency(kind: DiskCallKind): number {
    const { random, options } = this.#dependencies;
    const syncs = kind === 'sync' || kind === 'sync-directory';
    const time = random.exponential(syncs ? options.syncMs : options.callMs);
    const stalls = random.chance(options.stallChance);
    return time + (syncs && stalls ? random.exponential(options.stallMs) : 0);
  }
}

type Attempt<T> = { readonly failed: false; readonly value: T } | { readonly failed: true; readonly error: Error };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { failed: false, value: work() };
  } catch (error) {
    return { failed: true, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
