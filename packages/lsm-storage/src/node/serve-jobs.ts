/**
 * The worker thread's side of background work: takes one job after the other, carries it out on a file system and a
 * codec of its own, and answers. It blocks wherever it likes, since nothing else runs here: in reads, writes and syncs,
 * and in the pauses that keep a job to its rate, out of which a cancellation wakes it.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { accelerateCrc32 } from '../core/checksum.ts';
import { CHUNK_BYTES } from '../core/commit-log/segment-reader.ts';
import type { JobPorts } from '../core/jobs/flush.ts';
import type { Job, JobResult } from '../core/jobs/job.ts';
import { pacer } from '../core/maintenance/pacer.ts';
import { SlabPool } from '../core/memtable/slab-pool.ts';
import { noCodec } from '../core/ports/codec.ts';
import type { JobProgress } from '../core/ports/jobs.ts';
import { CANCELLED, handover } from './job-messages.ts';
import type { JobReply, JobRequest, WorkerSettings } from './job-messages.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { packError } from './thread-errors.ts';
import { ZstdCodec } from './zstd-codec.ts';

/** Called once, by the file that a worker thread begins with. */
export function serveJobs(carryOut: (job: Job, ports: JobPorts) => Promise<JobResult>): void {
  const port = parentPort;
  if (port === null) throw new Error('jobs are served by worker threads, this is the main thread');
  const { directory, compression, level } = workerData as WorkerSettings;
  const fileSystem = new NodeFileSystem(directory, { blocking: true });
  const codec = compression === 'zstd' ? new ZstdCodec(level) : noCodec;
  // A flush gives back what it took, so the pool grows to what the largest one needs: a memtable.
  const pool = new SlabPool(CHUNK_BYTES, Infinity);
  accelerateCrc32(crc32);

  const answer = async ({ job, flag, progress }: JobRequest): Promise<void> => {
    const cancelled = (): boolean => Atomics.load(flag, 0) === CANCELLED;
    const progressed = ({ bytesRead, bytesWritten }: JobProgress): void => {
      Atomics.store(progress, 1, BigInt(bytesWritten));
      Atomics.store(progress, 0, BigInt(bytesRead));
    };
    const pause = async (milliseconds: number): Promise<void> => void Atomics.wait(flag, 0, 0, milliseconds);
    const clock = { now: () => performance.now(), pause };
    const pace = pacer(job.kind === 'compaction' ? job.bytesPerSecond : 0, clock);
    try {
      const { result, memory } = handover(
        await carryOut(job, { fileSystem, codec, control: { cancelled, progressed }, pace, pool }),
      );
      port.postMessage({ result } satisfies JobReply, memory);
    } catch (error) {
      port.postMessage({ error: packError(error) } satisfies JobReply);
    }
  };
  port.on('message', (request: JobRequest) => void answer(request));
}
