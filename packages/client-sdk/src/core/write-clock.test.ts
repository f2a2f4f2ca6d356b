import { compareVersions, formatVersion } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteClock } from './write-clock.ts';

const actor = 'a'.repeat(32);

/** A machine whose wall clock is off by `skewMs`, and a cluster whose clocks show `1e12` and the time since. */
function machine(skewMs: number): { clock: WriteClock; pass: (ms: number) => void; cluster: () => number } {
  let elapsed = 0;
  const ports = { wallMs: () => 1e12 + skewMs + elapsed, monotonicMs: () => 500 + elapsed };
  let actors = 0;
  const newActor = (): string => (actors++ === 0 ? actor : String(actors).padStart(32, '0'));
  return { clock: new WriteClock(ports, newActor), pass: (ms) => (elapsed += ms), cluster: () => 1e12 + elapsed };
}

describe('the clock of writes', () => {
  it('follows a right machine clock, whatever the nodes said last', () => {
    const { clock, pass, cluster } = machine(0);
    clock.heard({ ms: 0, counter: 0 });
    pass(1000);
    expect(clock.stamp()).toEqual({ ms: cluster(), counter: 0, actor });
  });

  it.each([1000, 86_400_000])(
    'follows the nodes and is never ahead of them once its %i ms ahead were refused',
    (skewMs) => {
      const { clock, pass, cluster } = machine(skewMs);
      clock.heard({ ms: cluster(), counter: 0 });
      expect(clock.stamp().ms).toBeGreaterThan(cluster());
      clock.refusedAsAhead();
      for (let round = 0; round < 20; round += 1) {
        const sentAt = cluster();
        pass(3);
        clock.heard({ ms: sentAt, counter: 0 });
        pass(1000);
        const version = clock.stamp();
        expect(version.ms).toBeGreaterThanOrEqual(sentAt);
        expect(version.ms).toBeLessThanOrEqual(cluster());
      }
    },
  );

  it.each([-86_400_000, -1000, 0])('stamps after what it heard with a machine clock off by %i ms', (skewMs) => {
    const { clock, pass, cluster } = machine(skewMs);
    for (let round = 0; round < 20; round += 1) {
      const heard = { ms: cluster(), counter: round };
      clock.heard(heard);
      pass(7);
      expect(compareVersions(clock.stamp(), { ...heard, actor })).toBeGreaterThan(0);
    }
  });

  it('never gives two writes one version, however often the clock is set back among them', () => {
    const step = fc.constantFrom('stamp', 'refused', 'pass', 'hear');
    fc.assert(
      fc.property(fc.integer({ min: -2000, max: 2000 }), fc.array(step, { maxLength: 60 }), (skewMs, steps) => {
        const { clock, pass, cluster } = machine(skewMs);
        const versions = new Set<string>();
        let stamped = 0;
        for (const next of steps) {
          if (next === 'refused') clock.refusedAsAhead();
          else if (next === 'pass') pass(1);
          else if (next === 'hear') clock.heard({ ms: cluster(), counter: 0 });
          else versions.add(formatVersion(clock.stamp()));
          if (next === 'stamp') stamped += 1;
        }
        expect(versions.size).toBe(stamped);
      }),
    );
  });

  it('stamps after everything that it heard or stamped before, unless that was refused', () => {
    const heard = fc.record({ ms: fc.integer({ min: 0, max: 2e12 }), counter: fc.integer({ min: 0, max: 65_535 }) });
    fc.assert(
      fc.property(fc.array(fc.tuple(heard, fc.nat(5000), fc.boolean()), { minLength: 1 }), (steps) => {
        const { clock, pass } = machine(0);
        for (const [stamp, ms, refused] of steps) {
          if (refused) clock.refusedAsAhead();
          const before = { ...clock.latest, actor };
          clock.heard(stamp);
          pass(ms);
          const version = clock.stamp();
          expect(compareVersions(version, { ...stamp, actor })).toBeGreaterThan(0);
          expect(compareVersions(version, before)).toBeGreaterThan(0);
        }
      }),
    );
  });
});
