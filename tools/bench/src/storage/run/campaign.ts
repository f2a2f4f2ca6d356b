/** Carries out a plan, step by step, and gathers what was measured. Its data is removed, however it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../engines/bench-engine.ts';
import { writeValuePool } from '../value-pool.ts';
import { preparations } from '../workloads/all-workloads.ts';
import type { JobMessage, Measurement } from './job.ts';
import { planRun, type PlanRequest, type Step } from './plan.ts';
import { runChild } from './run-child.ts';

/** What a task of a step came to. */
export interface Sample {
  readonly workload: string;
  readonly engine: EngineName;
  readonly valueBytes: number;
  readonly round: number;
  readonly measurement: Measurement;
}

export interface Failure {
  readonly workload: string;
  readonly engine: EngineName;
  readonly valueBytes: number;
  readonly message: string;
}

export interface Campaign {
  readonly samples: readonly Sample[];
  /** Steps of later rounds that were left out because the run took too long. */
  readonly leftOut: number;
  readonly failures: readonly Failure[];
}

export interface CampaignEvents {
  stepBegun(step: Step, number: number, count: number): void;
}

/** A run that has taken so long does first rounds only, so that it ends within the hour on slow machines too. */
const patienceMs = 48 * 60_000;

/** Runs in a new folder below the one given, which is removed before this resolves or rejects. */
export async function runCampaign(
  request: Omit<PlanRequest, 'folder'>,
  parent: string,
  events: CampaignEvents,
  signal: AbortSignal,
  limitMs: number = patienceMs,
): Promise<Campaign> {
  const folder = mkdtempSync(join(parent, 'kv-bench-'));
  try {
    return await new Runner({ ...request, folder }, events, signal).run(performance.now() + limitMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Runner {
  readonly #request: PlanRequest;
  readonly #events: CampaignEvents;
  readonly #signal: AbortSignal;
  readonly #samples: Sample[] = [];
  readonly #failures: Failure[] = [];
  #begun = 0;

  constructor(request: PlanRequest, events: CampaignEvents, signal: AbortSignal) {
    this.#request = request;
    this.#events = events;
    this.#signal = signal;
  }

  /** @param late when only first rounds are run from then on */
  async run(late: number): Promise<Campaign> {
    const plan = planRun(this.#request);
    const count = plan.reduce((sum, { steps }) => sum + steps.length, 0);
    let leftOut = 0;
    for (const { valueBytes, steps } of plan) {
      const pool = join(this.#request.folder, `${valueBytes}.pool`);
      writeValuePool(pool, valueBytes);
      for (const step of steps) {
        this.#events.stepBegun(step, ++this.#begun, count);
        if (step.round > 1 && performance.now() > late) leftOut += 1;
        else await this.#runStep(step, pool);
      }
      this.#discard(steps);
      rmSync(pool);
    }
    return { samples: this.#samples, leftOut, failures: this.#failures };
  }

  async #runStep(step: Step, pool: string): Promise<void> {
    const { engine, valueBytes, tasks, killed } = step;
    const left = new Set(tasks.map(({ workload }) => workload));
    const hear = (message: JobMessage): void => {
      left.delete(message.workload);
      this.#hear(step, message);
    };
    const job = { engine, valueBytes, quick: this.#request.quick, pool, tasks };
    const ended = await runChild(job, hear, this.#signal);
    if (killed && ended === 'SIGKILL') return;
    for (const workload of left) {
      this.#failures.push({ workload, engine, valueBytes, message: `its process ended early: ${ended}` });
    }
  }

  #hear({ engine, valueBytes, round }: Step, message: JobMessage): void {
    const { workload } = message;
    if (message.type === 'failed') this.#failures.push({ workload, engine, valueBytes, message: message.message });
    else if (preparations.every(({ name }) => name !== workload)) {
      this.#samples.push({ workload, engine, valueBytes, round, measurement: message.measurement });
    }
  }

  #discard(steps: readonly Step[]): void {
    for (const { directory } of steps.flatMap(({ tasks }) => tasks))
      rmSync(directory, { recursive: true, force: true });
  }
}
