/** Whole runs: real nodes through all faults. */
import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs/all-planted-bugs.ts';
import { runSeed } from './run-seed.ts';

/** Seeds within which each planted bug is found; most take five. */
const cap = 500;

/** Where the rarer ones were found last: the search begins there, to be short as long as nothing changes what the seeds do. */
const lastFoundAt: Readonly<Record<string, number>> = {
  'starts-on-emptied-folder': 13,
  'forgets-hints-early': 141,
  'refusal-is-absent': 12,
  'context-not-kept': 9,
  'answers-what-it-lost': 74,
  'forgets-seals': 19,
};

describe('runSeed', () => {
  it('finds no violation in the product', async () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const { violations, counts, virtualMs } = await runSeed({ scenario: 'mixed', seed });
      expect(violations, `seed ${seed}`).toEqual([]);
      expect(counts.operations).toBe(300);
      expect(virtualMs).toBeGreaterThan(60_000);
    }
  });

  it('is the same again from the same seed, and not from another', async () => {
    const lines: string[][] = [[], []];
    const [first, again] = [
      await runSeed({ scenario: 'mixed', seed: 5, onTrace: (line) => lines[0]!.push(line) }),
      await runSeed({ scenario: 'mixed', seed: 5, onTrace: (line) => lines[1]!.push(line) }),
    ];
    expect(lines[1]!.find((line, index) => line !== lines[0]![index])).toBeUndefined();
    expect(again).toEqual(first);
    for (const kind of ['deliver', 'disk-sync', 'timer', 'answer', 'crash']) {
      expect(
        lines[0]!.some((line) => line.includes(` ${kind} `)),
        kind,
      ).toBe(true);
    }
    expect((await runSeed({ scenario: 'mixed', seed: 6 })).hash).not.toBe(first.hash);
  });

  it('lets every operation succeed in the calm', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { violations, counts, faults } = await runSeed({ scenario: 'calm', seed });
      expect(violations, `seed ${seed}`).toEqual([]);
      expect(counts.succeeded).toBe(300);
      expect(Object.values(faults).every(({ fired }) => fired === 0)).toBe(true);
    }
  });

  it.each(plantedBugs)('finds a node that $wrong', async (bug) => {
    const scenario = bug.within ?? 'mixed';
    const first = lastFoundAt[bug.name] ?? 1;
    for (let seed = first; seed < first + cap; seed += 1) {
      const { violations } = await runSeed({ scenario, seed, bug });
      if (violations.length > 0) return;
    }
    expect.fail(`${bug.name} was not found within ${cap} seeds`);
  });

  it('leaves out the faults that it is told to', async () => {
    const { faults } = await runSeed({ scenario: 'mixed', seed: 5, without: new Set(['crash']) });
    expect(faults.crash.fired + faults.restart.fired + faults['lost-bytes'].fired).toBe(0);
  });
});
