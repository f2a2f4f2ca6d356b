/** What the engine's thread and a worker thread say to each other, and how results change hands without being copied. */

import type { Job, JobResult } from '../core/jobs/job.ts';
import type { AddedRun, RunPage } from '../core/ports/manifest.ts';
import type { ThreadError } from './thread-errors.ts';

/** What a worker thread is started with. */
export interface WorkerSettings {
  /** The store's directory. */
  readonly directory: string;
  /** What runs are written with. */
  readonly compression: 'zstd' | 'none';
  /** As {@link ZstdCodec} has it; default its default. */
  readonly level?: number | undefined;
}

export interface JobRequest {
  readonly job: Job;
  /** Shared between the threads; the first element becomes {@link CANCELLED} when the job is to be given up. */
  readonly flag: Int32Array;
  /** Shared likewise: bytes read and bytes written so far. */
  readonly progress: BigUint64Array;
}

export const CANCELLED = 1;

export type JobReply = { readonly result: JobResult } | { readonly error: ThreadError };

/** A result whose bytes own their memory, and that memory, to be handed over with it. */
export interface Handover {
  readonly result: JobResult;
  readonly memory: readonly ArrayBuffer[];
}

export function handover({ added }: JobResult): Handover {
  if (added === undefined) return { result: { added }, memory: [] };
  const memory = new Set<ArrayBuffer>();
  const own = (bytes: Uint8Array): Uint8Array => {
    const owned = owning(bytes);
    memory.add(owned.buffer);
    return owned;
  };
  return { result: { added: mapBytes(added, own) }, memory: [...memory] };
}

/** A view of a part would hand over, or copy, all that is around it. */
function owning(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.length === buffer.byteLength) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}

function mapBytes({ run, pages, valueFile }: AddedRun, map: (bytes: Uint8Array) => Uint8Array): AddedRun {
  const mapPage = ({ firstKey, index, filter }: RunPage): RunPage => ({
    firstKey: map(firstKey),
    index: map(index),
    filter: map(filter),
  });
  const largestKey = run.largestKey === undefined ? undefined : map(run.largestKey);
  return { run: { ...run, smallestKey: map(run.smallestKey), largestKey }, pages: pages.map(mapPage), valueFile };
}
