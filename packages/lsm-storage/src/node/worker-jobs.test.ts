import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { jobsContract } from '../contract/jobs-contract.ts';
import { codeOf } from '../contract/primitives.ts';
import type { JobControl } from '../core/ports/jobs.ts';
import { handover } from './job-messages.ts';
import { CONFESS, CRASH, EXIT, LAST_UNTIL_CANCELLED, PAUSE, SUCCEED, rehearsal } from './testing/rehearsals.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { WorkerJobs } from './worker-jobs.ts';

const entry = new URL('./testing/rehearsing-worker.ts', import.meta.url);
const wanted: JobControl = { cancelled: () => false };

/** Serves most of these tests, since a thread that begins with TypeScript takes a while to begin. */
const jobs = new WorkerJobs({ directory: '.', compression: 'none', entry });

jobsContract({ describe, it, expect }, () => ({ subject: jobs }));

describe('jobs on worker threads', () => {
  it('fail with their thread, and the next one gets a new thread', async () => {
    const crashing = jobs.run(rehearsal(CRASH), wanted);
    const exiting = jobs.run(rehearsal(EXIT), wanted);
    const next = jobs.run(rehearsal(SUCCEED), wanted);
    await expect(crashing).rejects.toMatchObject({
      code: 'IO_ERROR',
      message: 'the worker thread crashed',
      cause: { message: 'something nobody expected' },
    });
    await expect(exiting).rejects.toMatchObject({
      code: 'IO_ERROR',
      message: 'the worker thread ended with exit code 3',
    });
    expect((await next).added?.run.number).toBe(SUCCEED);
  });

  it('of one kind run one after the other', async () => {
    let cancelled = false;
    const order: string[] = [];
    const first = jobs.run(rehearsal(LAST_UNTIL_CANCELLED), { cancelled: () => cancelled });
    const second = jobs.run(rehearsal(SUCCEED), wanted).then(() => order.push('second'));
    const firstEnded = codeOf(() => first).then((code) => order.push(`first: ${String(code)}`));
    cancelled = true;
    await Promise.all([firstEnded, second]);
    expect(order).toEqual(['first: CLOSED', 'second']);
  });

  it('wake from the pauses that hold them to their rate when they are cancelled', async () => {
    let asked = 0;
    const { added } = await jobs.run(rehearsal(PAUSE), { cancelled: () => ++asked > 2 });
    expect(added?.run.number).toBe(SUCCEED);
  });

  it('work in the directory and with the codec that they were given', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    const others = new WorkerJobs({ directory: directory.path, compression: 'zstd', entry });
    await expect(others.run(rehearsal(CONFESS), wanted)).rejects.toThrow('file 1');
    await others.stop();
  });

  it('end before their threads are stopped, and are refused afterwards', async () => {
    let begun = false;
    const control: JobControl = { cancelled: () => (begun = true) };
    const underWay = codeOf(() => jobs.run(rehearsal(PAUSE), control));
    await vi.waitUntil(() => begun);
    await jobs.stop();
    expect(await underWay).toBeUndefined();
    expect(await codeOf(() => jobs.run(rehearsal(SUCCEED), wanted))).toBe('CLOSED');
    await jobs.stop();
  });

  it('do not keep a process alive once they are done', async () => {
    const script = fileURLToPath(new URL('./testing/jobs-process.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
    expect(stdout).toBe(`run ${SUCCEED}`);
  });
});

describe('a result that changes threads', () => {
  it("owns its memory, and takes none along that is others'", () => {
    const shared = Uint8Array.from({ length: 100 }, (_, i) => i);
    const own = Uint8Array.of(7, 8);
    const { added } = {
      added: runWith({ firstKey: shared.subarray(0, 1), index: own, filter: shared.subarray(5, 9) }),
    };
    const { result, memory } = handover({ added });
    expect(result).toEqual({ added });
    expect(memory).toContain(own.buffer);
    expect(memory).not.toContain(shared.buffer);
    structuredClone(result, { transfer: [...memory] });
    expect([own.length, shared.length]).toEqual([0, 100]);
    expect(handover({ added: undefined })).toEqual({ result: { added: undefined }, memory: [] });
  });
});

function runWith(page: { firstKey: Uint8Array; index: Uint8Array; filter: Uint8Array }) {
  const run = {
    number: 1,
    bytes: 1,
    footerChecksum: 1,
    entries: 1,
    tombstones: 0,
    ranges: 0,
    firstSequence: 1,
    lastSequence: 1,
    smallestKey: Uint8Array.of(1),
    largestKey: Uint8Array.of(2),
    earliestDeadline: 0,
    references: [],
  };
  return { run, pages: [page], valueFile: undefined };
}
