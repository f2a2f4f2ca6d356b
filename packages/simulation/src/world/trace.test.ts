import { describe, expect, it } from 'vitest';
import { Trace } from './trace.ts';

const base = (): Trace => {
  const trace = new Trace();
  trace.record(1.5, 'deliver', 'a>b', new Uint8Array([1, 2, 3, 4, 5]));
  trace.record(2, 'timer', 'a');
  return trace;
};

describe('Trace', () => {
  it('has one hash for one course of events', () => {
    expect(base().hash).toBe(base().hash);
    expect(base().hash).toMatch(/^[0-9a-f]{16}$/);
    expect(base().count).toBe(2);
  });

  it('differs when a time, a kind, a subject, a byte, a length or the order differs', () => {
    const variants: [number, string, string, number[] | undefined][][] = [
      [[1.5, 'deliver', 'a>b', [1, 2, 3, 4, 5]]],
      [
        [1.5000001, 'deliver', 'a>b', [1, 2, 3, 4, 5]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [1.5, 'delivers', 'a>b', [1, 2, 3, 4, 5]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [1.5, 'deliver', 'a>c', [1, 2, 3, 4, 5]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [1.5, 'deliver', 'a>b', [1, 2, 3, 4, 6]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [1.5, 'deliver', 'a>b', [1, 2, 3, 5, 5]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [1.5, 'deliver', 'a>b', [1, 2, 3, 4, 5, 0]],
        [2, 'timer', 'a', undefined],
      ],
      [
        [2, 'timer', 'a', undefined],
        [1.5, 'deliver', 'a>b', [1, 2, 3, 4, 5]],
      ],
    ];
    const hashes = variants.map((events) => {
      const trace = new Trace();
      for (const [at, kind, subject, bytes] of events) {
        trace.record(at, kind, subject, bytes === undefined ? undefined : new Uint8Array(bytes));
      }
      return trace.hash;
    });
    expect(new Set([base().hash, ...hashes]).size).toBe(variants.length + 1);
  });

  it('tells a listener each line, with the hash up to there', () => {
    const lines: string[] = [];
    const trace = new Trace((line) => lines.push(line));
    trace.record(3, 'crash', 'node-1');
    expect(lines).toEqual([`3.000 crash node-1  ${trace.hash}`]);
  });
});
