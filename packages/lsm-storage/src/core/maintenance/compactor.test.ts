/** Tombstones that no merge by tier would come by: held for want of a rule, and let go when there is one. */

import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../../contract/index.ts';
import { bytes, openOn } from '../../testing/store.ts';
import type { PurgeRule } from '../jobs/job.ts';
import type { StorageOptions } from '../options.ts';
import type { StorageEngine } from '../storage-engine.ts';

const highest = (): 'replace' => 'replace';

/** A run of tombstones of versions 1 to 9, and how many compactions there were. */
async function held(rules: () => readonly PurgeRule[]): Promise<{ engine: StorageEngine; compactions: () => number }> {
  let compactions = 0;
  const options: StorageOptions = {
    purge: { versionAt: { offset: 0, length: 1 }, rules },
    onCompaction: ({ stage }) => void (compactions += stage === 'ended' ? 1 : 0),
  };
  const engine = await openOn(new CrashableFileSystem(), options);
  for (let i = 1; i <= 9; i++) {
    await engine.apply(bytes(`key${i}`), { meta: Uint8Array.of(i), value: undefined }, highest);
  }
  await engine.flush();
  await engine.settled();
  return { engine, compactions: () => compactions };
}

const shown = (engine: StorageEngine): number[] => {
  return [...engine.scan({ tombstones: true })].map(({ meta }) => meta[0] as number);
};

const upTo = (version: number): PurgeRule => ({ from: bytes(''), to: undefined, upTo: Uint8Array.of(version) });

describe('tombstones that are held for want of a rule', () => {
  it('are not looked at again and again, and go when a rule allows it', async () => {
    let rules: readonly PurgeRule[] = [];
    const { engine, compactions } = await held(() => rules);
    expect(shown(engine)).toHaveLength(9);
    const before = compactions();
    for (let i = 0; i < 3; i++) await engine.settled();
    expect(compactions()).toBe(before);
    rules = [upTo(4)];
    await engine.settled();
    expect(shown(engine)).toEqual([5, 6, 7, 8, 9]);
    rules = [{ ...upTo(9), to: bytes('key8') }];
    await engine.settled();
    expect(shown(engine)).toEqual([8, 9]);
    rules = [upTo(9)];
    await engine.settled();
    expect(engine.stats()).toMatchObject({ runs: 0 });
    await engine.close();
  });

  it('go when the caller changes its rules in place', async () => {
    const version = Uint8Array.of(0);
    const rules: PurgeRule[] = [{ ...upTo(0), upTo: version }];
    const { engine } = await held(() => rules);
    expect(shown(engine)).toHaveLength(9);
    version[0] = 4;
    await engine.settled();
    expect(shown(engine)).toEqual([5, 6, 7, 8, 9]);
    rules[0] = upTo(9);
    await engine.settled();
    expect(engine.stats()).toMatchObject({ runs: 0 });
    await engine.close();
  });

  it('go when the rule came while they were being merged', async () => {
    let rules: readonly PurgeRule[] = [];
    let asked = 0;
    // The rule is there behind the look at it that the merge was planned with.
    const { engine } = await held(() => {
      asked++;
      const now = rules;
      if (asked === 3) rules = [upTo(9)];
      return now;
    });
    expect(asked).toBeGreaterThan(3);
    expect(engine.stats()).toMatchObject({ runs: 0 });
    await engine.close();
  });

  it('stay while the rules throw, which is told, and nothing else stops', async () => {
    const mood = {
      rules: (): readonly PurgeRule[] => {
        throw new Error('no rules today');
      },
    };
    const { engine } = await held(() => mood.rules());
    const cause = expect.objectContaining({ message: 'no rules today' }) as Error;
    expect(engine.stats()).toMatchObject({ state: 'open', compactionFailure: { code: 'INVALID_ARGUMENT', cause } });
    await engine.put(bytes('x'), bytes('v'));
    await engine.compact();
    expect(shown(engine)).toHaveLength(10);
    mood.rules = () => [upTo(9)];
    await engine.settled();
    expect([...engine.scan({ tombstones: true })].map(({ key }) => key)).toEqual([bytes('x')]);
    expect(engine.stats().compactionFailure).toBeUndefined();
    mood.rules = () => Promise.resolve([]) as never;
    await engine.settled();
    expect(engine.stats().compactionFailure).toBeInstanceOf(Error);
    await engine.close();
  });

  it('go with the next flush, without being asked for', async () => {
    let rules: readonly PurgeRule[] = [];
    const { engine } = await held(() => rules);
    rules = [upTo(9)];
    await engine.put(bytes('x'), bytes('v'));
    await engine.flush();
    await engine.settled();
    expect([...engine.scan({ tombstones: true })].map(({ key }) => key)).toEqual([bytes('x')]);
    await engine.close();
  });
});
