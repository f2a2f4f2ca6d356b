import { setImmediate } from 'node:timers/promises';
import type { Version } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRequest, ChangeResult, GetResult } from './requests.ts';
import { isLinearizable, type KeyOperation } from './testing/linearizable.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const keyspaces = [{ name: 'strong', replicas: 3, mode: 'strong' }] as const;
const place = { keyspace: 'strong', key: new TextEncoder().encode('key') };
const read = (value: string | undefined): KeyOperation => operation({ began: 3, ended: 4 }, (now) => now === value);

type Times = Pick<KeyOperation, 'began' | 'ended'>;

/** A read that is right when `fits`. */
function operation(times: Times, fits: (value: string | undefined) => boolean): KeyOperation {
  return { ...times, optional: false, step: (value) => (fits(value) ? { value } : undefined) };
}

describe('the check', () => {
  const put = (value: string, times: Times, optional = false): KeyOperation => ({
    ...times,
    optional,
    step: () => ({ value }),
  });

  it('takes what can be ordered, and refuses what cannot', () => {
    const first = put('a', { began: 0, ended: 1 });
    const second = put('b', { began: 1.5, ended: 2 });
    const beside = put('b', { began: 0, ended: 9 });
    const unknown = put('b', { began: 1.5, ended: Number.POSITIVE_INFINITY }, true);
    const verdicts = (...more: KeyOperation[]): boolean[] =>
      ['a', 'b', undefined].map((value) => isLinearizable([first, ...more, read(value)]));
    expect(verdicts()).toEqual([true, false, false]);
    expect(verdicts(second)).toEqual([false, true, false]);
    expect(verdicts(beside)).toEqual([true, true, false]);
    expect(verdicts(unknown)).toEqual([true, true, false]);
    expect(isLinearizable([first, unknown, read('b'), operation({ began: 5, ended: 6 }, (v) => v === 'a')])).toBe(
      false,
    );
  });
});

type Step =
  | { readonly type: 'put' | 'delete' | 'create' | 'swap' | 'get'; readonly at: number }
  | { readonly type: 'cut'; readonly at: number; readonly to: number }
  | { readonly type: 'heal' }
  | { readonly type: 'wait'; readonly ms: number };

const member = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constantFrom('put' as const, 'delete' as const, 'create' as const, 'swap' as const, 'get' as const),
      at: member,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cut' as const), at: member, to: member }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('heal' as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(50, 400) }) },
);

/** Runs the steps; operations go on beside each other until a step waits. */
class Run {
  readonly operations: KeyOperation[] = [];
  readonly outcomes: string[] = [];
  readonly #cluster: TestCluster;
  /** Of each value that a member was told of: its version is what a swap names. */
  #seen: { readonly version: Version; readonly value: string }[] = [];
  #now = 0;
  #open = 0;
  #values = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  get done(): boolean {
    return this.#open === 0;
  }

  async take(next: Step): Promise<void> {
    if (next.type === 'heal') this.#cluster.heal();
    else if (next.type === 'wait') await this.#cluster.elapse(next.ms);
    else if (next.type === 'cut') this.#cluster.cut(this.#member(next.at), this.#member(next.to));
    else if (next.type === 'get') this.#get(this.#member(next.at));
    else this.#change(this.#member(next.at), next.type);
  }

  #get(at: TestMember): void {
    const began = this.#begin();
    at.node?.get({ ...place, timeoutMs: 3000 }, (result: GetResult) => {
      const ended = this.#end(result.outcome);
      if (result.outcome !== 'found' && result.outcome !== 'absent') return;
      const value = result.outcome === 'found' ? new TextDecoder().decode(result.value) : undefined;
      if (result.outcome === 'found' && value !== undefined) this.#seen.push({ version: result.version, value });
      this.operations.push(operation({ began, ended }, (now) => now === value));
    });
  }

  #change(at: TestMember, type: 'put' | 'delete' | 'create' | 'swap'): void {
    const known = type === 'swap' ? this.#seen.at(-1) : undefined;
    if (type === 'swap' && known === undefined) return;
    this.#values += 1;
    const value = type === 'delete' ? undefined : `value ${this.#values}`;
    const began = this.#begin();
    at.node?.change(
      requestOf(value, type === 'create', known?.version),
      (result) => {
        const ended = this.#end(result.outcome);
        const holds = (now: string | undefined): boolean =>
          known === undefined ? type !== 'create' || now === undefined : now === known.value;
        const told = toldBy(result, value, holds);
        if (told !== undefined) this.operations.push({ began, ...told, ended: told.optional ? Infinity : ended });
        if (result.outcome === 'applied' && value !== undefined) this.#seen.push({ version: result.version, value });
      },
      notRefused,
    );
  }

  #begin(): number {
    this.#open += 1;
    return (this.#now += 1);
  }

  #end(outcome: string): number {
    this.#open -= 1;
    this.outcomes.push(outcome);
    return (this.#now += 1);
  }

  #member(index: number): TestMember {
    const found = this.#cluster.members[index];
    if (found === undefined) throw new Error(`there is no member ${index}`);
    return found;
  }
}

function requestOf(value: string | undefined, creates: boolean, version: Version | undefined): ChangeRequest {
  const bytes = value === undefined ? undefined : new TextEncoder().encode(value);
  return {
    ...place,
    timeoutMs: 3000,
    to: bytes === undefined ? { type: 'delete' } : { type: 'put', value: bytes, contentType: 'text/plain' },
    ...(creates && { condition: { type: 'absent' } }),
    ...(version !== undefined && { condition: { type: 'version', version } }),
  };
}

/** `undefined`: it changed nothing, so there is nothing to explain. */
function toldBy(
  { outcome }: ChangeResult,
  value: string | undefined,
  holds: (now: string | undefined) => boolean,
): Pick<KeyOperation, 'step' | 'optional'> | undefined {
  switch (outcome) {
    case 'applied':
      return { optional: false, step: (now) => (holds(now) ? { value } : undefined) };
    case 'conflict':
      return { optional: false, step: (now) => (holds(now) ? undefined : { value: now }) };
    case 'unknown':
      return { optional: true, step: (now) => (holds(now) ? { value } : undefined) };
    case 'unavailable':
      return undefined;
  }
}

describe('a key of a strong keyspace', () => {
  it('is linearizable while members duel for it and links come and go', { timeout: 240_000 }, async () => {
    const outcomes: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const cluster = await TestCluster.start({ turn: () => setImmediate(), keyspaces });
        try {
          const run = new Run(cluster);
          await cluster.elapse(50);
          for (const next of steps) await run.take(next);
          cluster.heal();
          for (let waits = 0; !run.done && waits < 100; waits += 1) await cluster.elapse(50);
          await run.take({ type: 'get', at: 0 });
          for (let waits = 0; !run.done && waits < 100; waits += 1) await cluster.elapse(50);
          expect(run.done).toBe(true);
          expect(isLinearizable(run.operations)).toBe(true);
          outcomes.push(...run.outcomes);
        } finally {
          await cluster.close();
        }
      }),
      { numRuns: 25 },
    );
    for (const outcome of ['applied', 'conflict', 'found', 'absent']) expect(outcomes).toContain(outcome);
  });
});

function notRefused(error: Error): void {
  throw error;
}
