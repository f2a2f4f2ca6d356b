import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineName } from '../engines/bench-engine.ts';
import { findWorkload } from '../workloads/all-workloads.ts';
import { runCampaign } from './campaign.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bench-test-'));
});

afterEach(() => rmSync(parent, { recursive: true }));

function request(engine: EngineName, names: readonly string[]) {
  return { engines: [engine], workloads: names.map(findWorkload), valueBytes: [100], quick: true };
}

const silent = { stepBegun: () => undefined };

describe('a run, with real processes', () => {
  it('measures writing, reading and recovery after a kill, and removes its data', async () => {
    const names = ['put-durable-16', 'get-hot', 'recovery'];
    const { samples, failures } = await runCampaign(
      request('classic-level', names),
      parent,
      silent,
      new AbortController().signal,
    );
    expect(failures).toEqual([]);
    expect(samples.map(({ workload }) => workload)).toEqual(names);
    for (const { measurement } of samples) expect(measurement.opsPerSecond).toBeGreaterThan(0);
    expect(samples[0]?.measurement.spaceAmplification).toBeGreaterThan(0.1);
    expect(samples[2]?.measurement.figure).toBeGreaterThan(0);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('leaves later rounds out when it is late', async () => {
    const begun: number[] = [];
    const { samples, leftOut } = await runCampaign(
      { ...request('lmdb', ['put-durable-1']), quick: false },
      parent,
      { stepBegun: ({ round }) => begun.push(round) },
      new AbortController().signal,
      0,
    );
    expect(begun).toEqual([1, 2, 3]);
    expect(samples.map(({ round }) => round)).toEqual([1]);
    expect(leftOut).toBe(2);
  });

  it('ends its process and removes its data when it is interrupted', async () => {
    const interrupted = new AbortController();
    const run = runCampaign(
      request('lmdb', ['put-buffered-64']),
      parent,
      { stepBegun: () => setImmediate(() => interrupted.abort()) },
      interrupted.signal,
    );
    await expect(run).rejects.toThrow('aborted');
    expect(readdirSync(parent)).toEqual([]);
  });
});
