/**
 * Carries a flush out: reads the segments of a memtable back from the log, puts their entries in order, and writes the
 * newest of each key into a run. What is flushed is what the log holds, so that it is checked once more before the log
 * goes, and nothing but numbers has to be handed to another thread.
 */

import { readSegment } from '../commit-log/segment-reader.ts';
import type { Frame } from '../commit-log/segment-reader.ts';
import { disposed } from '../compaction/purge.ts';
import { CorruptionError, StorageError } from '../errors.ts';
import { segmentFileName } from '../file-names.ts';
import { Memtable } from '../memtable/memtable.ts';
import { SlabPool } from '../memtable/slab-pool.ts';
import type { Codec } from '../ports/codec.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { JobControl } from '../ports/jobs.ts';
import type { AddedRun } from '../ports/manifest.ts';
import type { RunWriter } from '../sorted-run/run-writer.ts';
import { writeRun } from '../sorted-run/run-writer.ts';
import type { Disposal, FlushJob } from './job.ts';

/** What a job works with. */
export interface JobPorts {
  readonly fileSystem: FileSystem;
  readonly codec: Codec;
  readonly control: JobControl;
  /** Called with the bytes read and written since the last call; resolves when the job may go on. */
  readonly pace: (bytes: number) => Promise<void>;
  /** For what a flush reads; without it, new memory each time. */
  readonly pool?: SlabPool;
}

export async function flushLog(job: FlushJob, ports: JobPorts): Promise<AddedRun | undefined> {
  const memtable = new Memtable(ports.pool ?? new SlabPool(1, 0), job.plan.firstSequence);
  try {
    await readMemtable(memtable, job, ports);
    return await flushMemtable(memtable, job, ports);
  } finally {
    memtable.release();
  }
}

/** Writes what a memtable holds. */
export function flushMemtable(memtable: Memtable, job: FlushJob, ports: JobPorts): Promise<AddedRun | undefined> {
  return writeRun(ports.fileSystem, ports.codec, job.plan, async (writer) => {
    await writeEntries(memtable, job.disposal, ports, writer);
    if (!job.disposal.oldest) for (const range of memtable.ranges.fragments()) writer.addRange(range);
  });
}

async function writeEntries(memtable: Memtable, disposal: Disposal, ports: JobPorts, writer: RunWriter): Promise<void> {
  for (const entry of memtable.inOrder()) {
    const kept = disposed(entry, disposal);
    if (kept === undefined) continue;
    writer.add(kept);
    if (!writer.full) continue;
    await writer.drain();
    if (ports.control.cancelled()) throw new StorageError('CLOSED', 'the flush was given up because the engine closes');
  }
}

async function readMemtable(memtable: Memtable, job: FlushJob, ports: JobPorts): Promise<void> {
  for (const segment of job.segments) await readInto(memtable, segment, ports);
  const [segment = 0] = job.segments;
  if (memtable.lastSequence !== job.plan.lastSequence) {
    const what = `entries up to ${job.plan.lastSequence} were expected, they end at ${memtable.lastSequence}`;
    throw new CorruptionError(segmentFileName(segment), 0, what);
  }
}

async function readInto(memtable: Memtable, segment: number, { fileSystem, pool }: JobPorts): Promise<void> {
  const file = await fileSystem.open(segmentFileName(segment), 'read');
  try {
    const adopt = ({ header, bytes, start, end, position }: Frame): void => {
      if (header.kind === 'seal' || header.firstSequence < memtable.firstSequence) return;
      memtable.adopt(bytes, start, end, { file: file.path, offset: position });
    };
    const end = await readSegment(file, segment, adopt, pool);
    if (end.kind === 'broken') throw new CorruptionError(file.path, end.position, end.what);
  } finally {
    await file.close();
  }
}
