import type { PutRequest, PutResult } from '@kv/cluster-node';
import { noRepairs } from '@kv/quorum';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatchRun, type BatchRunDependencies } from './batch-run.ts';
import { asProblem } from './app.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the time of a batch', () => {
  it('is for all of it: each operation has what is left, and what was not begun by then is not begun', async () => {
    const given: (number | undefined)[] = [];
    const put = ({ timeoutMs }: PutRequest, done: (result: PutResult) => void): void => {
      given.push(timeoutMs);
      setTimeout(() => done(applied), 40);
    };
    const run = new BatchRun(dependenciesWith(put), { keyspace: 'default', timeoutMs: 100, answerBytes: 1, grow });
    const outcomes = run.all(
      Array.from({ length: 64 }, (_, key) => ({ type: 'put', key: `${key}`, value: { text: '' } })),
    );
    await vi.advanceTimersByTimeAsync(1000);
    const statuses = (await outcomes).map((text) => (JSON.parse(text) as { status: number }).status);
    expect(statuses).toEqual([...Array<number>(48).fill(204), ...Array<number>(16).fill(504)]);
    expect(given).toEqual([100, 60, 20].flatMap((milliseconds) => Array<number>(16).fill(milliseconds)));
    expect(JSON.parse((await outcomes)[63]!)).toMatchObject({
      key: '63',
      problem: { code: 'DEADLINE_PASSED', outcome: 'rejected' },
    });
  });
});

const applied: PutResult = {
  outcome: 'applied',
  version: { ms: 1, counter: 0, actor: 'ab'.repeat(16) },
  certain: true,
  receipt: { mode: 'strict', epoch: 1, needed: 1, got: 1, replicas: [], repairs: noRepairs },
};

const grow = (): void => undefined;

function dependenciesWith(put: BatchRunDependencies['coordinator']['put']): BatchRunDependencies {
  const coordinator = { put, topology: { keyspace: () => ({ mode: 'eventual' }) } } as unknown;
  return {
    coordinator: coordinator as BatchRunDependencies['coordinator'],
    nameOf: (id) => id,
    problemOf: (error) => asProblem(error, silent),
  };
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
