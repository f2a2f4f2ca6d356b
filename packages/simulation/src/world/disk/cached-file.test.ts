import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../seeded-random.ts';
import { CachedFile } from './cached-file.ts';
import { type CrashLosses, type CrashOutcome, processCrash, totalPowerLoss } from './crash.ts';

const losses = (): CrashLosses => ({ bytes: 0, entries: 0, tornPages: 0 });
const outcome: fc.Arbitrary<CrashOutcome> = fc.record({
  pageReached: fc.double({ min: 0, max: 1, noNaN: true }),
  pageTorn: fc.double({ min: 0, max: 1, noNaN: true }),
  sizeReached: fc.double({ min: 0, max: 1, noNaN: true }),
  entryReached: fc.constant(1),
});
const write = fc.record({ at: fc.nat(60), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
const step = fc.oneof(
  write.map((value) => ({ type: 'write' as const, ...value })),
  fc.nat(80).map((size) => ({ type: 'truncate' as const, size })),
  fc.constant({ type: 'sync' as const }),
);

function writeTo(bytes: Uint8Array, at: number, chunk: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(bytes.length, at + chunk.length));
  result.set(bytes);
  result.set(chunk, at);
  return result;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}

describe('CachedFile', () => {
  it('reads like plain bytes, keeps what was synced through any crash, and never makes a byte up', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), outcome, fc.nat(), (steps, crash, seed) => {
        const file = new CachedFile(16);
        let now: Uint8Array = new Uint8Array(0);
        let synced: Uint8Array = now;
        /** Every state since the last sync: each byte after a crash is one that its place had in one of them. */
        let since: Uint8Array[] = [now];
        for (const command of steps) {
          if (command.type === 'write') {
            file.write(command.at, [command.bytes.slice(0, 3), command.bytes.slice(3)]);
            now = writeTo(now, command.at, command.bytes);
          } else if (command.type === 'truncate') {
            file.truncate(command.size);
            now = resized(now, command.size);
          } else {
            file.endSync(file.beginSync());
            synced = now;
            since = [];
          }
          since.push(now);
          expect(file.read(0, 1000).join()).toBe(now.join());
          expect(file.size).toBe(now.length);
        }
        const dirty = file.dirty;
        file.crash(new SeededRandom(seed), crash, losses());
        const after = file.read(0, 1000);
        expect(file.dirty).toBe(false);
        if (!dirty) expect(after.join()).toBe(synced.join());
        const madeUp = after.findIndex(
          (byte, at) => byte !== 0 && ![synced, ...since].some((state) => state[at] === byte),
        );
        expect(madeUp).toBe(-1);
      }),
      { numRuns: 500 },
    );
  });

  it('loses everything unsynced, or nothing, when the crash is of that kind', () => {
    const make = () => {
      const file = new CachedFile(16);
      file.write(0, [new Uint8Array(20).fill(1)]);
      file.endSync(file.beginSync());
      file.write(10, [new Uint8Array(30).fill(2)]);
      return file;
    };
    const [lost, kept] = [losses(), losses()];
    const unlucky = make();
    unlucky.crash(new SeededRandom(1), totalPowerLoss, lost);
    expect(unlucky.read(0, 99)).toEqual(new Uint8Array(20).fill(1));
    expect(lost.bytes).toBeGreaterThan(0);
    const lucky = make();
    const before = lucky.read(0, 99);
    lucky.crash(new SeededRandom(1), processCrash, kept);
    expect(lucky.read(0, 99)).toEqual(before);
    expect(kept).toEqual(losses());
  });

  it('syncs what was written before the sync began, and not what came while it ran', () => {
    const file = new CachedFile(16);
    file.write(0, [new Uint8Array([1, 1, 1])]);
    const snapshot = file.beginSync();
    file.write(2, [new Uint8Array([2, 2])]);
    file.endSync(snapshot);
    file.crash(new SeededRandom(1), totalPowerLoss, losses());
    expect([...file.read(0, 99)]).toEqual([1, 1, 1]);
  });

  it('tears a page: its first bytes are new, the others are not', () => {
    const torn = { pageReached: 1, pageTorn: 1, sizeReached: 1, entryReached: 1 };
    const shapes = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const file = new CachedFile(16);
      file.write(0, [new Uint8Array(16).fill(1)]);
      file.endSync(file.beginSync());
      file.write(0, [new Uint8Array(16).fill(2)]);
      const lost = losses();
      file.crash(new SeededRandom(seed), torn, lost);
      expect(lost.tornPages).toBe(1);
      shapes.add(file.read(0, 16).join(''));
    }
    for (const shape of shapes) expect(shape).toMatch(/^2+1+$/);
    expect(shapes.size).toBeGreaterThan(5);
  });

  it('may show zeros where the size arrived and the bytes did not', () => {
    const file = new CachedFile(16);
    file.write(0, [new Uint8Array(40).fill(7)]);
    const sizeOnly = { pageReached: 0, pageTorn: 0, sizeReached: 1, entryReached: 1 };
    file.crash(new SeededRandom(1), sizeOnly, losses());
    expect(file.read(0, 99)).toEqual(new Uint8Array(40));
  });
});
