import type { Version } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import type { ReadRecord, WriteRecord } from '../history.ts';
import { checkHistory } from './check-history.ts';
import { rememberingDeletions } from './forgotten-deletions.ts';

const versionAt = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });
const nobody = { client: 'c', key: 'k' } as const;

function write(ms: number, kind: 'put' | 'delete', change: Partial<WriteRecord> = {}): WriteRecord {
  const value = kind === 'put' ? `v${ms}` : undefined;
  const common = { w: 2, strict: true, outcome: 'applied', ordered: true, seen: undefined } as const;
  const times = { startedAt: ms, endedAt: ms + 1 };
  return { id: `w-${ms}`, kind, value, version: versionAt(ms), ...nobody, ...common, ...times, ...change };
}

function read(at: number, change: Partial<ReadRecord> = {}): ReadRecord {
  const nothing = { outcome: 'absent', version: undefined, value: undefined } as const;
  const common = { kind: 'get', r: 2, strict: true, lasting: true, final: true, ...nobody } as const;
  const clocks = { lowestMs: at, highestMs: at };
  return { id: `r-${at}`, startedAt: at, endedAt: at + 1, clocks, ...common, ...nothing, ...change };
}

const checksOf = (writes: WriteRecord[], reads: ReadRecord[], forgets = true): string[] =>
  checkHistory({ replicas: 3, ...(forgets && { forgetsAfterMs: 20 }), writes, reads }, []).map(({ check }) => check);

describe('a deletion that was forgotten', () => {
  it('is as good as there for whoever reads nothing', () => {
    const writes = [write(1, 'put'), write(5, 'delete'), write(200, 'delete')];
    const { reads } = rememberingDeletions({ replicas: 3, writes, reads: [read(100)] }, 20);
    expect(reads[0]?.version).toEqual(versionAt(5));
    expect(checksOf(writes.slice(0, 2), [read(100)])).toEqual([]);
    expect(checksOf(writes.slice(0, 2), [read(100)], false), 'where nothing is forgotten').toContain('no-lost-write');
  });

  it('is not one that is too young to be', () => {
    expect(checksOf([write(1, 'put'), write(95, 'delete')], [read(100)])).toContain('no-lost-write');
  });

  it('may be a value whose time has come, and no other', () => {
    expect(checksOf([write(1, 'put', { ttlMs: 10 })], [read(100)])).toEqual([]);
    expect(checksOf([write(1, 'put', { ttlMs: 1000 })], [read(100)])).toContain('no-lost-write');
    expect(checksOf([write(1, 'put')], [read(100)])).toContain('no-lost-write');
    expect(checksOf([write(1, 'delete'), write(5, 'put')], [read(100)])).toContain('no-lost-write');
  });

  it('may be one whose version was told by whoever found it alone', () => {
    const writes = [write(1, 'delete'), write(5, 'put', { ttlMs: 10, version: undefined, outcome: 'unknown' })];
    const found = read(7, { outcome: 'found', version: versionAt(5), value: 'v5', final: false });
    expect(checksOf(writes, [found, read(100)])).toEqual([]);
    const lasting = [write(1, 'delete'), write(5, 'put', { version: undefined, outcome: 'unknown' })];
    expect(checksOf(lasting, [found, read(100)])).toContain('monotone-reads');
  });

  it('may be one whose version nobody ever told', () => {
    const unseen = write(5, 'delete', { version: undefined, outcome: 'unknown' });
    expect(checksOf([write(1, 'put'), unseen], [read(100)])).toEqual([]);
    expect(checksOf([write(1, 'put'), write(95, 'put'), unseen], [read(100)]), 'old enough').toContain('no-lost-write');
    expect(checksOf([write(1, 'put'), { ...unseen, outcome: 'rejected' }], [read(100)])).toContain('no-lost-write');
  });

  it('may be a value whose time has come and whose version nobody ever told', () => {
    const found = read(7, { outcome: 'found', version: versionAt(5), value: 'v5', final: false });
    const unseen = write(9, 'put', { ttlMs: 10, version: undefined, outcome: 'unknown' });
    expect(checksOf([write(5, 'put'), unseen], [found, read(100)])).toEqual([]);
    expect(checksOf([write(5, 'put'), { ...unseen, outcome: 'rejected' }], [found, read(100)])).toContain(
      'no-lost-write',
    );
    const longer = { ...unseen, ttlMs: 98 };
    expect(checksOf([write(5, 'put'), longer], [found, read(100)]), 'not yet over').toContain('monotone-reads');
  });

  it('is only supposed: what comes later need not be newer', () => {
    const late = read(60, { outcome: 'found', version: versionAt(1), value: 'v1', final: false });
    const writes = [write(1, 'put', { endedAt: 55 }), write(5, 'delete', { outcome: 'unknown', endedAt: Infinity })];
    expect(checksOf(writes, [read(50, { final: false }), late])).toEqual([]);
  });

  it('does not excuse an older value that is back', () => {
    const back = read(100, { outcome: 'found', version: versionAt(1), value: 'v1' });
    const writes = [write(1, 'put'), write(5, 'delete')];
    expect(checksOf(writes, [read(50, { final: false }), back])).toEqual(
      expect.arrayContaining(['no-lost-write', 'read-after-write']),
    );
  });
});
