/** The faults that a store is put through in a process of its own. */

import { CHANGES } from './faulty-disk.ts';
import type { DiskCall, FaultPlan } from './faulty-disk.ts';

export interface Fault {
  readonly name: string;
  readonly during: 'opening' | 'writing' | 'checkpoint' | 'closing' | 'repair';
  /** From which call on, is drawn up to this one: about as many as there are, or 1 where all depends on its coming. */
  readonly within: number;
  readonly plan: Omit<FaultPlan, 'from'>;
}

/**
 * `not opened`, `not closed`: that call failed; `poisoned`; `refused`: writes failed with `DISK_FULL` for a while;
 * `unharmed`: whoever called saw nothing of it.
 */
export type Outcome = 'not opened' | 'not closed' | 'poisoned' | 'refused' | 'unharmed';

export interface FaultReport {
  readonly fault: string;
  readonly from: number;
  /** The calls that were struck. */
  readonly struck: readonly DiskCall[];
  readonly outcome: Outcome;
}

const WRITES: readonly DiskCall[] = ['write', 'pwrite64', 'pwritev64'];
const SYNCS: readonly DiskCall[] = ['fdatasync', 'fsync'];
const READS: readonly DiskCall[] = ['read', 'pread64', 'preadv64'];
const always = 2 ** 32 - 1;

export const FAULTS: readonly Fault[] = [
  {
    name: 'a write fails',
    during: 'writing',
    within: 60,
    plan: { calls: WRITES, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a large write fails',
    during: 'writing',
    within: 1,
    plan: { calls: ['pwritev64'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a write fails half-way',
    during: 'writing',
    within: 60,
    plan: { calls: WRITES, action: 'half-then-fail', error: 'EIO', count: 1 },
  },
  { name: 'writes are short', during: 'writing', within: 1, plan: { calls: WRITES, action: 'half', count: always } },
  {
    name: 'a sync of the log fails',
    during: 'writing',
    within: 10,
    plan: { calls: ['fdatasync'], action: 'fail', error: 'EIO', count: 1, suffix: '.log' },
  },
  {
    name: 'a sync fails',
    during: 'writing',
    within: 25,
    plan: { calls: SYNCS, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a sync of a name fails',
    during: 'writing',
    within: 1,
    plan: { calls: ['fsync'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a sync finds no space',
    during: 'writing',
    within: 25,
    plan: { calls: SYNCS, action: 'fail', error: 'ENOSPC', count: 1 },
  },
  {
    name: 'the disk is full',
    during: 'writing',
    within: 40,
    plan: { calls: ['open64', ...WRITES], action: 'fill', error: 'ENOSPC', count: always },
  },
  {
    name: 'the disk is full for a moment',
    during: 'writing',
    within: 40,
    plan: { calls: ['open64', ...WRITES], action: 'fill', error: 'ENOSPC', count: 3 },
  },
  {
    name: 'the manifest finds no space',
    during: 'writing',
    within: 5,
    plan: { calls: WRITES, action: 'fill', error: 'ENOSPC', count: always, suffix: '.db-wal' },
  },
  {
    name: 'a change fails',
    during: 'writing',
    within: 60,
    plan: { calls: CHANGES, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a removal fails',
    during: 'writing',
    within: 1,
    plan: { calls: ['unlink'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a read fails',
    during: 'writing',
    within: 20,
    plan: { calls: READS, action: 'fail', error: 'EIO', count: 1 },
  },
  { name: 'reads are short', during: 'writing', within: 1, plan: { calls: READS, action: 'half', count: always } },
  {
    name: 'a change fails at opening',
    during: 'opening',
    within: 10,
    plan: { calls: CHANGES, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a read fails at opening',
    during: 'opening',
    within: 8,
    plan: { calls: READS, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the disk is full at opening',
    during: 'opening',
    within: 6,
    plan: { calls: ['open64', ...WRITES], action: 'fill', error: 'ENOSPC', count: always },
  },
  {
    name: 'a change fails in a checkpoint',
    during: 'checkpoint',
    within: 15,
    plan: { calls: CHANGES, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the disk is full in a checkpoint',
    during: 'checkpoint',
    within: 10,
    plan: { calls: ['open64', 'link', ...WRITES], action: 'fill', error: 'ENOSPC', count: always },
  },
  {
    name: 'a change fails in a repair',
    during: 'repair',
    within: 20,
    plan: { calls: CHANGES, action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the new manifest of a repair cannot be written',
    during: 'repair',
    within: 6,
    plan: { calls: ['pwrite64'], action: 'fail', error: 'EIO', count: always, suffix: '.db.new' },
  },
  {
    name: 'a change of names fails',
    during: 'repair',
    within: 1,
    plan: { calls: ['rename'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the lock fails',
    during: 'opening',
    within: 1,
    plan: { calls: ['link'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the lock is written by half',
    during: 'opening',
    within: 1,
    plan: { calls: ['write'], action: 'half-then-fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a change of names fails at opening',
    during: 'opening',
    within: 1,
    plan: { calls: ['rename'], action: 'fail', error: 'EIO', count: 1 },
  },
  {
    name: 'a change fails at closing',
    during: 'closing',
    within: 4,
    plan: { calls: CHANGES, action: 'half-then-fail', error: 'EIO', count: 1 },
  },
  {
    name: 'the disk is full at closing',
    during: 'closing',
    within: 1,
    plan: { calls: ['open64', ...WRITES], action: 'fill', error: 'ENOSPC', count: always },
  },
];
