import type { Version } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import type { History, ScannedRecord, ScanRecord, WriteRecord } from '../history.ts';
import { wholeScans } from './whole-scans.ts';

const versionAt = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });

function write(ms: number, change: Partial<WriteRecord> = {}): WriteRecord {
  const times = { startedAt: ms, endedAt: ms + 1 };
  const common = { client: 'c', key: 'k', kind: 'put', w: 2, strict: true, outcome: 'applied', ordered: true } as const;
  return { id: `w-${ms}`, value: `v${ms}`, version: versionAt(ms), seen: undefined, ...common, ...times, ...change };
}

const shown = (ms: number, key = 'k'): ScannedRecord => ({ key, version: versionAt(ms), value: `v${ms}` });

function scan(found: readonly ScannedRecord[], change: Partial<ScanRecord> = {}): ScanRecord {
  return { id: 's', keyspaceId: 1, bounds: { prefix: '' }, r: 2, startedAt: 100, endedAt: 110, found, ...change };
}

function check(writes: WriteRecord[], scanned: ScanRecord): string[] {
  const history: History = { replicas: 3, writes, reads: [] };
  return wholeScans(history, [scanned]).map(({ message }) => message);
}

describe('wholeScans', () => {
  it.each([
    ['what was acknowledged before it', [write(1), write(5)], scan([shown(5)])],
    ['what was written while it went on, or not', [write(1), write(105)], scan([shown(105)])],
    ['nothing of what may have been deleted', [write(1), write(50, { kind: 'delete', value: undefined })], scan([])],
    ['nothing of what may yet be deleted', [write(1), write(104, { kind: 'delete', outcome: 'unknown' })], scan([])],
    ['nothing of what may have expired', [write(1), write(50, { ttlMs: 9 })], scan([])],
    ['nothing of what was only tried', [write(1, { outcome: 'unknown' })], scan([])],
    ['nothing where R and W need not meet', [write(1)], scan([], { r: 1 })],
    ['nothing where fallbacks were counted', [write(1, { strict: false })], scan([])],
    ['nothing that has not its prefix', [write(1)], scan([], { bounds: { prefix: 'kk' } })],
    ['nothing before or behind its range', [write(1)], scan([], { bounds: { prefix: '', gte: 'a', lt: 'k' } })],
    ['what was written under a version that nobody told', [write(1, { version: undefined })], scan([shown(1)])],
  ])('accepts %s', (_, writes, scanned) => {
    expect(check(writes, scanned)).toEqual([]);
  });

  it.each([
    ['misses a key', [write(1)], scan([]), 'missed w-1'],
    ['shows an older value', [write(1), write(5)], scan([shown(1)]), 'missed w-5'],
    ['misses one in spite of an older deletion', [write(1, { kind: 'delete' }), write(5)], scan([]), 'missed w-5'],
    ['misses a key that has its prefix', [write(1)], scan([], { bounds: { prefix: 'k', gte: 'k' } }), 'missed w-1'],
    ['shows a key without its prefix', [write(1)], scan([shown(1)], { bounds: { prefix: 'l' } }), 'k is not within'],
    ['shows a key at its end', [write(1)], scan([shown(1)], { bounds: { prefix: '', lt: 'k' } }), 'k is not within'],
    ['shows a key twice', [write(1)], scan([shown(1), shown(1)]), 'k came twice'],
    ['shows what nobody wrote', [write(1)], scan([shown(1), shown(2, 'x')]), 'nobody wrote'],
    ['shows what was refused', [write(1, { outcome: 'rejected' })], scan([shown(1)]), 'nobody wrote'],
    ['shows another value under a version', [write(1)], scan([{ ...shown(1), value: 'v2' }]), 'nobody wrote'],
  ])('speaks up when a scan %s', (_, writes, scanned, message) => {
    expect(check(writes, scanned)).toContainEqual(expect.stringContaining(message));
  });
});
