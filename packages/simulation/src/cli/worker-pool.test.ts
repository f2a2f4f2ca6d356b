/** Two real processes: what the command does with every seed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Worker } from './worker-pool.ts';

const task = { scenario: 'mixed', seed: 7, without: [] } as const;

describe('Worker', () => {
  const execArgv = process.execArgv;
  let workers: Worker[] = [];

  beforeAll(() => {
    // Children run the sources, as the tests do.
    process.execArgv = ['--conditions=@kv/source', '--import', 'tsx'];
    workers = [new Worker(), new Worker()];
  });
  afterAll(() => {
    process.execArgv = execArgv;
    for (const worker of workers) worker.stop();
  });

  it('runs a seed the same way in two processes, event by event', async () => {
    const [a, b] = await Promise.all(workers.map((worker) => worker.run(task)));
    expect(a!.hash).toBe(b!.hash);
    expect(a!.events).toBeGreaterThan(1000);
    expect(a!.violations).toEqual([]);
    const [again, other] = await Promise.all([workers[0]!.run(task), workers[1]!.run({ ...task, seed: 4 })]);
    expect(again.hash).toBe(a!.hash);
    expect(other.hash).not.toBe(a!.hash);
  });

  it('plants a bug when it is told to, and forgets it for the next seed', async () => {
    const planted = await workers[0]!.run({ ...task, bug: 'last-arrival-wins' });
    const clean = await workers[0]!.run(task);
    expect(planted.violations.length).toBeGreaterThan(0);
    expect(clean.violations).toEqual([]);
  });

  it('rejects what is left when its process dies', async () => {
    const worker = new Worker();
    const left = worker.run(task);
    worker.stop();
    await expect(left).rejects.toThrow('a worker exited');
    await expect(worker.run(task)).rejects.toThrow('a worker exited');
  });
});
