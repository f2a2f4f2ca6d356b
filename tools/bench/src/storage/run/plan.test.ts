import { describe, expect, it } from 'vitest';
import { engineNames } from '../engines/bench-engine.ts';
import { workloads } from '../workloads/all-workloads.ts';
import { planRun, type Step } from './plan.ts';

function plan(
  names: readonly string[],
  more: { readonly quick?: boolean; readonly valueBytes?: readonly number[] } = {},
) {
  const chosen = workloads.filter(({ name }) => names.includes(name));
  const request = {
    engines: engineNames,
    workloads: chosen,
    valueBytes: [100],
    quick: false,
    folder: '/data',
    ...more,
  };
  return planRun(request).flatMap(({ steps }) => steps);
}

const brief = ({ round, engine, tasks }: Step): string =>
  `${round} ${engine} ${tasks.map(({ workload }) => workload).join('+')}`;

describe('the plan of a run', () => {
  it('lets the engines take turns within a round, and SQLite join the first only', () => {
    expect(plan(['batch']).map(brief)).toEqual([
      '1 ours batch',
      '1 classic-level batch',
      '1 lmdb batch',
      '1 better-sqlite3 batch',
      '2 classic-level batch',
      '2 lmdb batch',
      '2 ours batch',
      '3 lmdb batch',
      '3 ours batch',
      '3 classic-level batch',
    ]);
  });

  it('gives each write a fresh directory of its own, which goes with it', () => {
    const tasks = plan(['batch', 'put-durable-1']).flatMap((step) => step.tasks);
    expect(new Set(tasks.map(({ directory }) => directory)).size).toBe(tasks.length);
    expect(tasks.every(({ discard }) => discard)).toBe(true);
  });

  it('loads a set once per engine, before what reads it, and changes it last', () => {
    const steps = plan(['overwrite', 'get-hot', 'read-while-writing']);
    expect(steps.slice(0, 4).map(brief)).toEqual(engineNames.map((engine) => `1 ${engine} load`));
    const order = steps.flatMap(({ tasks }) => tasks.map(({ workload }) => workload));
    expect([...new Set(order)]).toEqual(['load', 'get-hot', 'read-while-writing', 'overwrite']);
    const ours = steps.filter(({ engine }) => engine === 'ours').flatMap(({ tasks }) => tasks);
    expect(new Set(ours.map(({ directory }) => directory))).toEqual(new Set(['/data/100-ours-set']));
    expect(ours.some(({ discard }) => discard)).toBe(false);
  });

  it('fills and kills before each recovery', () => {
    const steps = plan(['recovery']);
    expect(steps.map((step) => `${brief(step)}${step.killed ? ' killed' : ''}`)).toEqual([
      '1 ours fill-log killed',
      '1 ours recovery',
      '1 classic-level fill-log killed',
      '1 classic-level recovery',
      '2 ours fill-log killed',
      '2 ours recovery',
      '3 ours fill-log killed',
      '3 ours recovery',
    ]);
  });

  it('measures a workload that has its own size with that size only', () => {
    const steps = plan(['event-loop', 'batch'], { valueBytes: [100, 10_000] });
    const sizes = new Set(steps.filter((step) => brief(step).includes('event-loop')).map((step) => step.valueBytes));
    expect(sizes).toEqual(new Set([10_000]));
  });

  it('runs one workload per process, or all of an engine when it must be quick', () => {
    const names = workloads.map(({ name }) => name);
    expect(plan(names).every(({ tasks }) => tasks.length === 1)).toBe(true);
    const quick = plan(names, { quick: true });
    expect(quick.filter(({ tasks }) => tasks.length > 1)).toHaveLength(engineNames.length);
    const measured = quick.filter(({ engine }) => engine === 'ours').flatMap(({ tasks }) => tasks);
    const expected = workloads.filter(({ valueBytes = 100 }) => valueBytes === 100).map(({ name }) => name);
    expect(measured.map(({ workload }) => workload).sort()).toEqual([...expected, 'load', 'fill-log'].sort());
  });
});
