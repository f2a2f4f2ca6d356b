/**
 * The order of a run. Within a round the engines take turns, so that whatever else the machine does hits all alike,
 * and each round begins with another one. Writing comes first, on fresh directories; then a set is loaded for each
 * engine, and all workloads that read it share it; those that change it come last.
 */
import { join } from 'node:path';
import type { EngineName } from '../engines/bench-engine.ts';
import type { Workload } from '../workloads/workload.ts';
import type { Task } from './job.ts';

export interface PlanRequest {
  readonly engines: readonly EngineName[];
  readonly workloads: readonly Workload[];
  readonly valueBytes: readonly number[];
  readonly quick: boolean;
  /** Where all data goes. */
  readonly folder: string;
}

/** One process. */
export interface Step {
  readonly engine: EngineName;
  readonly valueBytes: number;
  readonly round: number;
  readonly tasks: readonly Task[];
  /** It ends by killing itself. */
  readonly killed: boolean;
}

export const fullRounds = 3;

/** The steps for each size of values, after which its data may go. */
export function planRun(request: PlanRequest): { readonly valueBytes: number; readonly steps: readonly Step[] }[] {
  return request.valueBytes.map((valueBytes) => {
    const suited = request.workloads.filter((one) => (one.valueBytes ?? valueBytes) === valueBytes);
    const plan = new SizePlan(request, valueBytes);
    return { valueBytes, steps: request.quick ? plan.quick(suited) : plan.full(suited) };
  });
}

class SizePlan {
  readonly #request: PlanRequest;
  readonly #valueBytes: number;

  constructor(request: PlanRequest, valueBytes: number) {
    this.#request = request;
    this.#valueBytes = valueBytes;
  }

  full(workloads: readonly Workload[]): Step[] {
    const on = (data: Workload['on']): Workload[] => workloads.filter((one) => one.on === data);
    const loads = on('loaded').length === 0 ? [] : this.#request.engines.map((engine) => this.#load(engine));
    return [
      ...on('empty').flatMap((workload) => this.#rounds(workload)),
      ...loads,
      ...on('loaded').flatMap((workload) => this.#rounds(workload)),
      ...on('killed').flatMap((workload) => this.#rounds(workload)),
    ];
  }

  /** Few processes: starting one takes longer than a quick workload does. */
  quick(workloads: readonly Workload[]): Step[] {
    return this.#request.engines.flatMap((engine) => {
      const suited = workloads.filter((workload) => suits(workload, engine, 1));
      const [whole, killed] = [suited.filter(({ on }) => on !== 'killed'), suited.filter(({ on }) => on === 'killed')];
      const loaded = whole.filter(({ on }) => on === 'loaded').map((workload) => this.#task(workload, engine, 1));
      const tasks = [
        ...whole.filter(({ on }) => on === 'empty').map((workload) => this.#task(workload, engine, 1)),
        ...(loaded.length === 0 ? [] : this.#load(engine).tasks),
        ...loaded,
      ];
      const first = tasks.length === 0 ? [] : [this.#step(engine, 1, tasks)];
      return [...first, ...killed.flatMap((workload) => this.#steps(workload, engine, 1))];
    });
  }

  #rounds(workload: Workload): Step[] {
    const { engines } = this.#request;
    return Array.from({ length: fullRounds }, (_, index) => {
      const first = index % engines.length;
      return [...engines.slice(first), ...engines.slice(0, first)]
        .filter((engine) => suits(workload, engine, index + 1))
        .flatMap((engine) => this.#steps(workload, engine, index + 1));
    }).flat();
  }

  #steps(workload: Workload, engine: EngineName, round: number): Step[] {
    const step = this.#step(engine, round, [this.#task(workload, engine, round)]);
    if (workload.on !== 'killed') return [step];
    const directory = this.#directory(engine, 'log');
    return [this.#step(engine, round, [{ workload: 'fill-log', directory, discard: false }], true), step];
  }

  #load(engine: EngineName): Step {
    return this.#step(engine, 1, [{ workload: 'load', directory: this.#directory(engine, 'set'), discard: false }]);
  }

  #step(engine: EngineName, round: number, tasks: readonly Task[], killed = false): Step {
    return { engine, valueBytes: this.#valueBytes, round, tasks, killed };
  }

  #task({ name, on }: Workload, engine: EngineName, round: number): Task {
    const data = { empty: `${name}-${round}`, loaded: 'set', killed: 'log' };
    return { workload: name, directory: this.#directory(engine, data[on]), discard: on !== 'loaded' };
  }

  #directory(engine: EngineName, data: string): string {
    return join(this.#request.folder, `${this.#valueBytes}-${engine}-${data}`);
  }
}

/** SQLite is measured once: it is slow where others are quick, and no figure hangs on it. */
function suits(workload: Workload, engine: EngineName, round: number): boolean {
  if (workload.engines !== undefined && !workload.engines.includes(engine)) return false;
  if (round === 1) return true;
  return engine === 'ours' || (engine !== 'better-sqlite3' && workload.special !== true);
}
