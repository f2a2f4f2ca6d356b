import { describe, expect, it } from 'vitest';
import type { SiblingRecord, StoredCopy } from '../../history.ts';
import type { KeyspaceHistory } from '../../scenario/recorder.ts';
import { siblingPromises } from './sibling-promises.ts';

let count = 0;

function record(more: Partial<SiblingRecord> & Pick<SiblingRecord, 'kind' | 'startedAt' | 'endedAt'>): SiblingRecord {
  count += 1;
  const outcome = more.kind === 'get' ? 'found' : 'applied';
  return {
    id: `c-${count}`,
    client: 'c',
    key: 'k',
    quorum: 2,
    strict: true,
    outcome,
    values: [],
    replaces: [],
    version: undefined,
    final: false,
    ...more,
  };
}

function put(value: string, startedAt: number, endedAt: number, more: Partial<SiblingRecord> = {}): SiblingRecord {
  return record({ kind: 'put', startedAt, endedAt, values: [value], ...more });
}

function get(values: string[], startedAt: number, endedAt: number, more: Partial<SiblingRecord> = {}): SiblingRecord {
  return record({ kind: 'get', startedAt, endedAt, values, outcome: values.length > 0 ? 'found' : 'absent', ...more });
}

function checksOf(besides: SiblingRecord[], copies: StoredCopy[] = []): string[] {
  const history = { replicas: 3, besides } as unknown as KeyspaceHistory;
  return siblingPromises(history, copies).map(({ check }) => check);
}

describe('the promises of writes beside each other', () => {
  it('hold of a history in which two stand beside each other until a third replaces both', () => {
    const deleted = record({ kind: 'delete', startedAt: 60, endedAt: 70, replaces: ['c'] });
    const history = [
      put('a', 0, 10),
      put('b', 5, 15),
      get(['a', 'b'], 20, 30),
      put('c', 30, 40, { replaces: ['a', 'b'] }),
      get(['a', 'b'], 31, 39),
      get(['c'], 31, 45),
      get(['c'], 50, 55),
      deleted,
      get([], 80, 90),
    ];
    expect(checksOf(history)).toEqual([]);
  });

  it('are broken by an acknowledged write that no read finds, and was replaced by none that had read it', () => {
    expect(checksOf([put('a', 0, 10), put('b', 11, 12), get(['b'], 20, 30)])).toEqual(['no-lost-sibling']);
    expect(checksOf([put('a', 0, 10), get([], 20, 30)])).toEqual(['no-lost-sibling']);
    const replacedLater = put('c', 31, 40, { replaces: ['a'] });
    expect(checksOf([put('a', 0, 10), get([], 20, 30), replacedLater])).toEqual(['no-lost-sibling']);
    const rejected = put('c', 11, 12, { replaces: ['a'], outcome: 'rejected' });
    expect(checksOf([put('a', 0, 10), rejected, get([], 20, 30)])).toEqual(['no-lost-sibling']);
  });

  it('say nothing of a write that was not acknowledged, or that the read need not know', () => {
    expect(checksOf([put('a', 0, 10, { outcome: 'unknown' }), get([], 20, 30)])).toEqual([]);
    expect(checksOf([put('a', 0, 25), get([], 20, 30)])).toEqual([]);
    expect(checksOf([put('a', 0, 10, { quorum: 1 }), get([], 20, 30)])).toEqual([]);
    expect(checksOf([put('a', 0, 10), get([], 20, 30, { strict: false })])).toEqual([]);
    const inDoubt = put('b', 11, 12, { replaces: ['a'], outcome: 'unknown' });
    expect(checksOf([put('a', 0, 10), inDoubt, get([], 20, 30)])).toEqual([]);
    expect(checksOf([put('a', 0, 10), get([], 20, 30, { outcome: 'failed' })])).toEqual([]);
  });

  it('are broken by a value that is back though a write had replaced it', () => {
    const replacing = put('b', 20, 30, { replaces: ['a'] });
    expect(checksOf([put('a', 0, 10), replacing, get(['a', 'b'], 40, 50)])).toEqual(['replaced-for-good']);
    expect(checksOf([put('a', 0, 10), { ...replacing, outcome: 'unknown' }, get(['a', 'b'], 40, 50)])).toEqual([]);
  });

  it('are broken by a read that lacks what another found before it', () => {
    const unknown = put('a', 0, 10, { outcome: 'unknown' });
    expect(checksOf([unknown, get(['a'], 20, 30), get([], 40, 50)])).toEqual(['monotone-siblings']);
    expect(checksOf([unknown, get(['a'], 20, 45), get([], 40, 50)])).toEqual([]);
    expect(checksOf([unknown, get(['a'], 20, 30, { quorum: 1 }), get([], 40, 50)])).toEqual([]);
  });

  it('are broken by values that cannot be there, and by one that shows twice', () => {
    expect(checksOf([get(['x'], 20, 30)])).toEqual(['honest-siblings']);
    expect(checksOf([put('a', 40, 50), get(['a'], 20, 30)])).toEqual(['honest-siblings']);
    expect(checksOf([put('a', 0, 10, { outcome: 'rejected' }), get(['a'], 20, 30)])).toEqual(['honest-siblings']);
    expect(checksOf([put('a', 0, 10), get(['a', 'a'], 20, 30)])).toEqual(['honest-siblings']);
    expect(checksOf([put('a', 0, 10, { key: 'other' }), get(['a'], 20, 30)])).toEqual(['honest-siblings']);
  });

  it('are broken by replicas that hold different bytes in the end, but for one that was damaged', () => {
    const copy = (replica: string, bytes: string): StoredCopy => ({ replica, key: 'k', version: undefined, bytes });
    expect(checksOf([], [copy('a', '1'), copy('b', '1')])).toEqual([]);
    expect(checksOf([], [copy('a', '1'), copy('b', '2')])).toEqual(['convergence']);
    expect(checksOf([], [copy('a', '1'), { ...copy('b', '2'), damaged: true }])).toEqual([]);
  });
});
