/** The parts of a member that scans need, put together: the reader of its storage, the way to all owners, the coordinator. */
import { type ReplicaScannerDependencies, ReplicaScanner } from './replica-scanner.ts';
import { ScanAccess, type ScanAccessDependencies } from './scan-access.ts';
import { Scanner, type ScannerDependencies } from './scanner.ts';
import { ScanServer, type ScanServerDependencies } from './scan-server.ts';

export interface ScanParts {
  readonly scanServer: ScanServer;
  readonly scanner: Scanner;
}

export type ScanPartsDependencies = ReplicaScannerDependencies &
  Omit<ScanAccessDependencies, 'scanner'> &
  Omit<ScanServerDependencies, 'scanner'> &
  Omit<ScannerDependencies, 'scanAccess'>;

export function scanParts(dependencies: ScanPartsDependencies): ScanParts {
  const scanner = new ReplicaScanner(dependencies);
  const scanAccess = new ScanAccess({ ...dependencies, scanner });
  return {
    scanServer: new ScanServer({ ...dependencies, scanner }),
    scanner: new Scanner({ ...dependencies, scanAccess }),
  };
}
