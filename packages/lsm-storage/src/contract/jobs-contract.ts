/** What the engine relies on in the runner of its background work. */

import type { Jobs } from '../core/index.ts';
import { withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';

export function jobsContract(primitives: TestPrimitives, factory: SubjectFactory<Jobs>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (jobs: Jobs) => Promise<void>): void => it(name, () => withSubject(factory, body));

  describe('jobs', () => {
    test('runs each job once and hands on its outcome', async (jobs) => {
      let runs = 0;
      const work = async (): Promise<number> => ++runs;
      expect(await jobs.run('flush', work)).toBe(1);
      expect(await jobs.run('compaction', work)).toBe(2);
    });

    test('hands on a failure, and runs the next job', async (jobs) => {
      const failure = new Error('failed');
      const caught = await jobs.run('flush', () => Promise.reject(failure)).catch((error: unknown) => error);
      expect(caught).toBe(failure);
      expect(await jobs.run('flush', async () => 'next')).toBe('next');
    });

    test('lets a flush run while a compaction waits', async (jobs) => {
      const release: { now?: () => void } = {};
      const gate = new Promise<void>((resolve) => (release.now = resolve));
      const compaction = jobs.run('compaction', () => gate);
      expect(await jobs.run('flush', async () => 'flushed')).toBe('flushed');
      release.now?.();
      await compaction;
    });
  });
}
