/** Every workload by its name, in the order in which they run and are reported. */
import { batch } from './batch.ts';
import { eventLoop } from './event-loop.ts';
import { getCold } from './get-cold.ts';
import { getHot } from './get-hot.ts';
import { getMany } from './get-many.ts';
import { getMissing } from './get-missing.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { overwrite } from './overwrite.ts';
import { putWorkload } from './put.ts';
import { readWhileWriting } from './read-while-writing.ts';
import { fillLog, recovery } from './recovery.ts';
import { scanForward, scanReverse } from './scan.ts';
import { seek } from './seek.ts';
import type { Workload } from './workload.ts';
import { writeAmplification } from './write-amplification.ts';

/** Those that change the loaded set come after those that only read it. */
export const workloads: readonly Workload[] = [
  putWorkload({ name: 'put-buffered-1', writers: 1, durable: false, seconds: 4 }),
  putWorkload({ name: 'put-buffered-64', writers: 64, durable: false, seconds: 25 }),
  putWorkload({ name: 'put-durable-1', writers: 1, durable: true, seconds: 3 }),
  putWorkload({ name: 'put-durable-16', writers: 16, durable: true, seconds: 4 }),
  putWorkload({ name: 'put-durable-64', writers: 64, durable: true, seconds: 12 }),
  batch,
  getHot,
  getCold,
  getMissing,
  getMany,
  seek,
  scanForward,
  scanReverse,
  readWhileWriting,
  overwrite,
  writeAmplification,
  memory,
  eventLoop,
  recovery,
];

/** What the runner does before a workload that starts from data; not reported. */
export const preparations: readonly Workload[] = [load, fillLog];

export function findWorkload(name: string): Workload {
  const found = [...workloads, ...preparations].find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`there is no workload ${name}`);
  return found;
}
