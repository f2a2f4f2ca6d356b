/** A report for people. */
import type { Violation } from '../history.ts';
import type { FailedSeed, Report } from '../report.ts';
import { type FaultKind, faultKinds } from '../world/fault-log.ts';
import { describeFault } from './describe-fault.ts';

/** Violations of one seed that are printed; the rest are counted. */
const violationsShown = 5;

type Print = (line: string) => void;

export function printReport(report: Report, print: Print): void {
  for (const failure of report.failures) printFailure(report.scenario, failure, print);
  for (const seed of report.mismatches) print(`seed ${seed}: two runs in two processes were not the same`);
  const { seeds, virtualHours, operations, succeeded, duringFaults, violations, hashMismatches } = report;
  const duringFaultsShare = share(duringFaults.succeeded, duringFaults.begun);
  print(`${seeds} seeds of ${report.scenario}, ${virtualHours} virtual hours, ${operations} operations`);
  print(`  succeeded        ${share(succeeded, operations)}, of those begun during faults ${duringFaultsShare}`);
  print(`  violations       ${violations}`);
  print(`  hash mismatches  ${hashMismatches}`);
  printFaults(report, print);
  if (report.plantedBugs.planted > 0) printPlantedBugs(report.plantedBugs, print);
}

function printPlantedBugs({ planted, found, medianSeeds, each }: Report['plantedBugs'], print: Print): void {
  print(`  planted bugs     ${found} of ${planted} found, median ${medianSeeds ?? '–'} seeds`);
  for (const { name, seeds, seed, check } of each) {
    print(`    ${name.padEnd(24)} ${seeds === null ? 'NOT FOUND' : `${seeds} seeds (seed ${seed}, ${check})`}`);
  }
}

function printFailure(
  scenario: string,
  { seed, replay, reduced, violations, options, plan }: FailedSeed,
  print: Print,
): void {
  print(`seed ${seed} of ${scenario} broke ${violations.length} promise${violations.length === 1 ? '' : 's'}:`);
  for (const violation of violations.slice(0, violationsShown)) print(`  ${describeViolation(violation)}`);
  if (violations.length > violationsShown) print(`  and ${violations.length - violationsShown} more`);
  print(`  options ${JSON.stringify(options)}`);
  for (const episode of plan) print(`  fault   ${describeFault(episode)}`);
  print(`  replay with: ${replay}`);
  if (reduced !== undefined) print(`  fails also with fewer faults: ${reduced}`);
  print('');
}

function describeViolation({ check, key, message }: Violation): string {
  return `${check}${key === undefined ? '' : ` of ${key}`}: ${message}`;
}

function printFaults({ faults, seeds }: Report, print: Print): void {
  print('  faults           fired, and seeds in which it hit operations under way');
  for (const kind of faultKinds) print(faultLine(kind, faults[kind], seeds));
}

function faultLine(kind: FaultKind, count: Report['faults'][FaultKind], seeds: number): string {
  return `    ${kind.padEnd(14)} ${String(count.fired).padStart(9)}  ${share(count.seeds, seeds)}`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
