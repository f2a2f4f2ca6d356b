/**
 * Random stores, in which a random bit of a run or a value file flips: what is outside of the loss is as it should be; of
 * what is inside there is nothing or the newest there was, and never something older.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CrashableFileSystem } from '../../contract/index.ts';
import { ZstdCodec } from '../../node/index.ts';
import { CARE_OPTIONS, filesOf } from '../../testing/care.ts';
import { soak } from '../../testing/soak.ts';
import { bytes, codeOf, contentsOf, openOn, text, valueAt } from '../../testing/store.ts';
import { coversKey } from '../key-ranges.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { KeyRange } from '../versioned-entry.ts';
import type { Loss } from './losses.ts';

const KEYS: readonly string[] = Array.from({ length: 40 }, (_, i) => `k${10 + i}`);
const OVERRIDES = { codec: new ZstdCodec() };

type Step =
  | { readonly type: 'put'; readonly key: number; readonly times: number }
  | { readonly type: 'delete'; readonly key: number }
  | { readonly type: 'delete-range'; readonly key: number; readonly keys: number }
  | { readonly type: 'flush' | 'compact' | 'merge' };

const key = fc.nat({ max: KEYS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ type: fc.constant('put' as const), key, times: fc.constantFrom(1, 3, 60) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete-range' as const), key, keys: fc.nat({ max: 12 }) }) },
  { weight: 4, arbitrary: fc.constant({ type: 'flush' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'compact' as const }, { type: 'merge' as const }) },
);

const harm = fc.record({ file: fc.nat(), byte: fc.nat(), bit: fc.nat({ max: 7 }) });

/** What a key held last: a value, or that it was deleted; and before which flush. */
interface Newest {
  readonly value: string | undefined;
  readonly flush: number;
}

class Model {
  readonly newest: Map<string, Newest> = new Map();
  #writes = 0;
  #flushes = 0;

  async carryOut(engine: StorageEngine, step: Step): Promise<void> {
    switch (step.type) {
      case 'put': {
        const name = KEYS[step.key]!;
        const value = `${name} write ${this.#writes++} `.repeat(step.times);
        this.#set(name, value);
        return engine.put(bytes(name), bytes(value));
      }
      case 'delete':
        this.#set(KEYS[step.key]!, undefined);
        return engine.delete(bytes(KEYS[step.key]!));
      case 'delete-range': {
        const names = KEYS.slice(step.key, step.key + step.keys);
        for (const name of names) this.#set(name, undefined);
        return engine.deleteRange(bytes(KEYS[step.key]!), bytes(`${names.at(-1) ?? ''}\0`));
      }
      case 'flush':
        this.#flushes++;
        return engine.flush();
      case 'compact':
        this.#flushes++;
        return engine.compact();
      case 'merge':
        this.#flushes++;
        return engine.compactRange(bytes('k20'), bytes('k30'));
    }
  }

  /** Whether the key was written after the last flush, so that no damage to a file can have taken it. */
  isInMemory(name: string): boolean {
    return this.newest.get(name)?.flush === this.#flushes;
  }

  value(name: string): string | undefined {
    return this.newest.get(name)?.value;
  }

  #set(name: string, value: string | undefined): void {
    this.newest.set(name, { value, flush: this.#flushes });
  }
}

async function flip(disk: CrashableFileSystem, path: string, at: number, bit: number): Promise<void> {
  const before = disk.contents(path)[at]!;
  const file = await disk.open(path, 'modify');
  await file.write(at, [Uint8Array.of(before ^ (1 << bit))]);
  await file.close();
}

/** Of what a damaged run points to nothing can be told. */
function runsFirst(left: string, right: string): number {
  return Number(right.endsWith('.run')) - Number(left.endsWith('.run'));
}

/** As a caller does it: a merge that reads no values may come between. */
async function heal(engine: StorageEngine, path: string): Promise<Loss> {
  for (;;) {
    const loss = await engine.lossOf(path);
    const outcome = await codeOf(() => engine.cutOut(loss));
    if (outcome === undefined) return loss;
    expect(outcome).toBe('NOT_FOUND');
  }
}

describe('cutting damage out of any store', { timeout: soak.timeout }, () => {
  it('loses what it says, and brings nothing back', async () => {
    let cut = 0;
    let keysLost = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 150 }),
        fc.array(harm, { minLength: 1, maxLength: 3 }),
        fc.array(step, { maxLength: 20 }),
        async (steps, harms, later) => {
          const disk = new CrashableFileSystem();
          const engine = await openOn(disk, { ...CARE_OPTIONS, cacheBytes: 0 }, OVERRIDES);
          const model = new Model();
          for (const each of [...steps, { type: 'flush' } as const]) await model.carryOut(engine, each);
          const writes = later.filter(({ type }) => type === 'put' || type === 'delete' || type === 'delete-range');
          for (const each of writes) await model.carryOut(engine, each);
          await engine.settled();
          const paths = [...(await filesOf(disk, '.run')), ...(await filesOf(disk, '.values'))].sort();
          if (paths.length === 0) return engine.close();
          const damaged = new Set<string>();
          for (const { file, byte, bit } of harms) {
            const path = paths[file % paths.length]!;
            if (damaged.has(path)) continue;
            await flip(disk, path, byte % disk.contents(path).length, bit);
            damaged.add(path);
          }
          const lost: KeyRange[] = [];
          for (const path of [...damaged].sort(runsFirst)) {
            const loss = await heal(engine, path);
            if (loss.runs.length > 0) cut++;
            lost.push(...loss.ranges);
          }
          const check = (): void => {
            const contents = contentsOf(engine);
            for (const name of KEYS) {
              const found = valueAt(engine, name);
              expect(contents.get(name)).toBe(found);
              const isLost = lost.some((range) => coversKey([range], bytes(name)));
              if (!isLost || model.isInMemory(name) || found !== undefined) expect(found, name).toBe(model.value(name));
              else keysLost++;
            }
            const backwards = [...engine.scan({ reverse: true })].map(({ key: name }) => text(name));
            expect(backwards.reverse()).toEqual([...contents.keys()]);
          };
          check();
          expect((await engine.verify()).damage).toEqual([]);
          await engine.compact();
          check();
          await engine.close();
        },
      ),
      { numRuns: soak.times(150), ...soak.drawn },
    );
    expect(cut).toBeGreaterThan(50);
    expect(keysLost).toBeGreaterThan(100);
  });
});
