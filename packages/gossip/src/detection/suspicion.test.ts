import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Suspicion, type SuspicionBounds, suspicionTimeoutMs } from './suspicion.ts';

const bounds: SuspicionBounds = { minMs: 2000, maxMs: 12_000, expectedConfirmations: 3 };

describe('suspicion timeout (Lifeguard, section IV-B: max - (max - min) log(C + 1) / log(K + 1), not below min)', () => {
  // Computed by hand: 12000 - 10000 * log2(C + 1) / 2 for K = 3.
  it.each([
    [3, 0, 12_000],
    [3, 1, 7000],
    [3, 2, 4075.187_496_394],
    [3, 3, 2000],
    [3, 9, 2000],
    [1, 0, 12_000],
    [1, 1, 2000],
    [0, 0, 2000],
    [7, 1, 8666.666_666_667],
    [7, 3, 5333.333_333_333],
    [7, 7, 2000],
  ])('of %i expected confirmations with %i received is %f ms', (expectedConfirmations, confirmations, timeout) => {
    expect(suspicionTimeoutMs({ ...bounds, expectedConfirmations }, confirmations)).toBeCloseTo(timeout, 6);
  });

  it('lies within its bounds and never grows by a confirmation', () => {
    const anyBounds = fc.record({ minMs: fc.nat(10_000), more: fc.nat(50_000), expectedConfirmations: fc.nat(20) });
    fc.assert(
      fc.property(anyBounds, fc.nat(25), ({ minMs, more, expectedConfirmations }, confirmations) => {
        const any = { minMs, maxMs: minMs + more, expectedConfirmations };
        const timeout = suspicionTimeoutMs(any, confirmations);
        expect(timeout).toBeGreaterThanOrEqual(any.minMs - 1e-6);
        expect(timeout).toBeLessThanOrEqual(any.maxMs);
        expect(suspicionTimeoutMs(any, confirmations + 1)).toBeLessThanOrEqual(timeout + 1e-6);
      }),
    );
  });
});

describe('Suspicion', () => {
  it('counts the word of a peer once', () => {
    const suspicion = new Suspicion(bounds, 0);
    suspicion.confirm('b');
    suspicion.confirm('b');
    expect(suspicion.confirmations).toBe(1);
    expect(suspicion.deadline).toBeCloseTo(7000, 6);
  });

  it('remembers no more peers than it needs', () => {
    const suspicion = new Suspicion(bounds, 0);
    for (let peer = 0; peer < 1000; peer += 1) suspicion.confirm(`peer-${peer}`);
    expect(suspicion.confirmations).toBe(3);
    expect(suspicion.deadline).toBe(2000);
  });

  it('does not run while the observer itself pauses', () => {
    const suspicion = new Suspicion(bounds, 1000);
    suspicion.excuse(30_000, 33_000);
    expect(suspicion.deadline).toBe(31_000 + 12_000);
    suspicion.excuse(90_000, 34_000);
    expect(suspicion.deadline).toBe(34_000 + 12_000);
  });
});
