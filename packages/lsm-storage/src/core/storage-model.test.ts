/**
 * The engine against a sorted map with its history: whatever mix of writes, reads, snapshots, iterators, flushes,
 * compactions, reopenings and power losses it is given, it answers as the map does. Options are drawn as well, down to
 * sizes at which every block, group and tier is tiny.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashableFileSystem } from '../contract/index.ts';
import { ZstdCodec } from '../node/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { ModelPair, operationOf } from '../testing/model-pair.ts';
import { modelOptions, modelStep, modelWrite } from '../testing/model-steps.ts';
import { fromKeyed, iterated, written } from '../testing/model-store.ts';
import type { ModelState } from '../testing/model-store.ts';
import { soak } from '../testing/soak.ts';
import { openOn, turns } from '../testing/store.ts';
import { noCodec } from './ports/codec.ts';

const codec = fc.constantFrom(noCodec, new ZstdCodec());

describe('the engine and a sorted map with its history', () => {
  it('cannot be told apart', { timeout: soak.timeout }, async () => {
    const steps = fc.array(modelStep, { maxLength: 120, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, modelOptions, codec, async (drawn, options, used) => {
        await new ModelPair(options, { codec: used }).run(drawn);
      }),
      { ...soak.drawn, numRuns: soak.times(100) },
    );
  });

  it('show one moment after the other while writes are under way, none half', { timeout: soak.timeout }, async () => {
    const bursts = fc.array(fc.array(fc.array(modelWrite, { maxLength: 4 }), { maxLength: 20 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(bursts, modelOptions, async (drawn, options) => {
        const clock = new ManualClock();
        const engine = await openOn(new CrashableFileSystem(), options, { clock });
        const states: ModelState[] = [new Map()];
        let shown = 0;
        const look = (): void => {
          const found = JSON.stringify([...engine.scan()].map(fromKeyed));
          const seen = states.findIndex((state, i) => {
            return i >= shown && JSON.stringify(iterated(state, {}, clock.now())) === found;
          });
          expect(seen, 'a moment that never was, or an earlier one').toBeGreaterThanOrEqual(shown);
          for (const { key, value } of engine.scan()) expect(engine.getSync(key)).toEqual(value);
          shown = seen;
        };
        for (const burst of drawn) {
          const writing: Promise<void>[] = [];
          for (const writes of burst) {
            writing.push(engine.batch(writes.map(operationOf)));
            states.push(written(states.at(-1) as ModelState, writes));
            look();
            if (writing.length % 7 === 0) await turns();
          }
          await clock.until(Promise.all(writing));
          shown = states.length - 1;
          look();
        }
        await clock.until(engine.close());
      }),
      { ...soak.drawn, numRuns: soak.times(40) },
    );
  });
});
