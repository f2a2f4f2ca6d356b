/** What the bench reports, for programs that read it. */
export type { Ratio } from './storage/report/ratios.ts';
export type { Row } from './storage/report/rows.ts';
export type { StorageReport } from './storage/report/storage-report.ts';
export type { TargetResult } from './storage/report/targets.ts';
