/** The short form of `npm run e2e -- faults`: every kind of fault that this machine can have, once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts';
import { allFaults } from './kinds/all-faults.ts';
import { type FaultsReport, printReport, shortcomings } from './report.ts';
import { runFaults } from './run-faults.ts';

describe('a cluster of real processes under faults', () => {
  let folder: TemporaryFolder;
  let report: FaultsReport | undefined;
  const short = (): string[] => {
    if (report === undefined) return ['the run did not end'];
    return shortcomings(report, { successes: 200, shareDuringFaults: 0.2 });
  };

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    const seed = Math.floor(Math.random() * 2 ** 31);
    report = await runFaults({ folder: folder.path, faults: allFaults, forMs: 30_000, pace: 0.2, seed });
  }, 180_000);

  // What fell short is kept, to be looked at.
  afterAll(async () => {
    if (short().length === 0) await folder[Symbol.asyncDispose]();
  });

  for (const { kind, lacks } of allFaults) {
    it.skipIf(lacks !== undefined)(`goes through: ${kind}${lacks === undefined ? '' : ` (${lacks})`}`, () => {
      const ofKind = report?.kinds.find((candidate) => candidate.kind === kind);
      expect(ofKind?.fired, folder.path).toBeGreaterThan(0);
    });
  }

  it('breaks no promise, and goes on working', () => {
    const told = report === undefined ? [] : printReport(report);
    expect(short(), [`histories: ${folder.path}/histories`, ...told].join('\n')).toEqual([]);
  });
});
