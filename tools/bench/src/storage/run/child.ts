/** The process that measures: one engine, one size of values, and the workloads that it is told. */
import { mkdirSync, rmSync } from 'node:fs';
import { allocatedBytes } from '../../measurement/directory.ts';
import { openEngine } from '../engines/open-engine.ts';
import { sizesFor } from '../sizes.ts';
import { loadValues, openValues, type Values } from '../value-pool.ts';
import { findWorkload } from '../workloads/all-workloads.ts';
import type { Outcome, WorkloadContext } from '../workloads/workload.ts';
import type { Job, JobMessage, Measurement, Task } from './job.ts';

process.once('message', (job: Job) => void runJob(job));
// Without a parent there is nobody to tell, and its data is gone or will be.
process.once('disconnect', () => process.exit(1));

async function runJob(job: Job): Promise<void> {
  let values: Values | undefined;
  const loadOnce = (): Values => (values ??= loadValues(job.pool, job.valueBytes));
  for (const task of job.tasks) {
    try {
      tell({ type: 'done', workload: task.workload, measurement: await runTask(job, task, loadOnce) });
    } catch (error) {
      tell({ type: 'failed', workload: task.workload, message: describe(error) });
    }
    if (task.discard) rmSync(task.directory, { recursive: true, force: true });
  }
  process.removeAllListeners('disconnect');
  process.disconnect();
}

async function runTask(job: Job, { workload, directory }: Task, values: () => Values): Promise<Measurement> {
  const { engine, valueBytes, quick, pool } = job;
  mkdirSync(directory, { recursive: true });
  const context: WorkloadContext = {
    engine,
    directory,
    valueBytes,
    sizes: sizesFor(valueBytes, quick),
    loadValues: values,
    openValues: () => openValues(pool, valueBytes),
    open: (options) => openEngine(engine, directory, { ...options, valueBytes }),
  };
  return withAmplification(await findWorkload(workload).run(context), directory);
}

function withAmplification(outcome: Outcome, directory: string): Measurement {
  const { givenBytes, liveBytes, writtenBytes } = outcome;
  return {
    ...outcome,
    ...(givenBytes !== undefined && writtenBytes !== undefined && { writeAmplification: writtenBytes / givenBytes }),
    ...(liveBytes !== undefined && { spaceAmplification: allocatedBytes(directory) / liveBytes }),
  };
}

function tell(message: JobMessage): void {
  process.send?.(message);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
