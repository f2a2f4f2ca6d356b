/** What the answers of clients mean for the order of operations. */
import type { Version } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import type { StrongRecord } from '../../history.ts';
import { linearizability } from './linearizability.ts';

const versionAt = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });

let count = 0;
function record(at: number, change: Partial<StrongRecord>): StrongRecord {
  count += 1;
  const times = { startedAt: at, endedAt: at + 1 };
  const defaults = { client: 'c', key: 'k', kind: 'put', outcome: 'applied', value: undefined } as const;
  return { id: `c-${count}`, version: undefined, ...defaults, ...times, ...change };
}

const put = (at: number, change: Partial<StrongRecord> = {}): StrongRecord =>
  record(at, { value: `w${at}`, version: versionAt(at), ...change });
const get = (at: number, of: StrongRecord | undefined, change: Partial<StrongRecord> = {}): StrongRecord => {
  const found = { outcome: 'found', value: of?.value, version: of?.version } as const;
  return record(at, { kind: 'get', ...(of === undefined ? { outcome: 'absent' } : found), ...change });
};
const remove = (at: number, change: Partial<StrongRecord> = {}): StrongRecord =>
  record(at, { kind: 'delete', version: versionAt(at), ...change });
const ifAbsent = { condition: { type: 'value', value: undefined } } as const;
const ifVersion = (of: StrongRecord) => ({ condition: { type: 'version', version: of.version! } }) as const;

describe('linearizability', () => {
  const first = put(0);
  const second = put(10);

  it.each<[string, StrongRecord[]]>([
    ['nothing', []],
    ['a read of what was written', [first, get(20, first)]],
    ['a read of nothing', [get(0, undefined)]],
    ['a delete', [first, remove(10), get(20, undefined, { version: versionAt(10) })]],
    ['a write that was rejected and is nowhere', [first, put(10, { outcome: 'rejected' }), get(20, first)]],
    ['a write of unknown outcome that is nowhere', [first, put(10, { outcome: 'unknown' }), get(20, first)]],
    ['a write of unknown outcome that is there', [put(10, { outcome: 'unknown' }), get(20, second)]],
    [
      'one that is there under a version that only its reader was told',
      [put(10, { outcome: 'unknown', version: undefined }), get(20, second), put(30, ifVersion(second))],
    ],
    ['a read that failed', [first, get(20, undefined, { outcome: 'failed' }), get(30, first)]],
    ['a compare-and-set', [first, put(10, ifVersion(first)), get(20, second)]],
    [
      'one that fails because another was first',
      [
        first,
        put(10, ifVersion(first)),
        put(20, { ...ifVersion(first), outcome: 'conflict', version: second.version }),
      ],
    ],
    ['a create that fails', [first, put(10, { ...ifAbsent, outcome: 'conflict', version: first.version })]],
    ['a delete of a version', [first, remove(10, ifVersion(first)), put(20, ifAbsent)]],
    [
      'a conflict with a write of unknown outcome, and then a write on the version that it told',
      [
        first,
        put(10, { outcome: 'unknown', version: undefined }),
        put(20, { ...ifVersion(first), outcome: 'conflict', version: versionAt(10) }),
        put(30, ifVersion(second)),
      ],
    ],
    [
      'a delete that conflicts with nothing',
      [remove(10, { ...ifVersion(first), outcome: 'conflict', version: undefined })],
    ],
    ['another key', [first, get(20, undefined, { key: 'other' })]],
  ])('is content with %s', (_what, records) => {
    expect(linearizability(records)).toEqual([]);
  });

  it.each<[string, StrongRecord[]]>([
    ['a stale read', [first, second, get(20, first)]],
    ['a value under the version of another write', [first, get(20, first, { version: versionAt(3) })]],
    ['a value that nobody wrote', [get(0, first)]],
    ['a rejected write that is there', [put(10, { outcome: 'rejected' }), get(20, second)]],
    ['a read that misses a delete', [first, remove(10), get(20, first)]],
    ['a create of what is there', [first, put(10, ifAbsent)]],
    [
      'a conflict where there is none',
      [first, put(10, { ...ifVersion(first), outcome: 'conflict', version: undefined })],
    ],
    [
      'a conflict with what is not there',
      [first, second, put(20, { ...ifAbsent, outcome: 'conflict', version: first.version })],
    ],
    [
      'a conflict with a version that is known to be that of another write',
      [
        first,
        second,
        put(15, { outcome: 'unknown', version: undefined }),
        put(20, { ...ifAbsent, outcome: 'conflict', version: first.version }),
      ],
    ],
    ['a lost update', [first, put(10, ifVersion(first)), put(20, ifVersion(first))]],
    [
      'a version of an absent key as a condition',
      [first, remove(10), put(20, { condition: { type: 'version', version: versionAt(10) } })],
    ],
  ])('finds %s', (_what, records) => {
    expect(linearizability(records)).toHaveLength(1);
  });

  it('names the operation that cannot be explained, and those that it overlapped', () => {
    const slow = put(15, { endedAt: 30, outcome: 'unknown' });
    const stale = get(20, first);
    const [violation] = linearizability([first, second, slow, stale, get(40, second, { key: 'other' })].slice(0, 4));
    expect(violation).toMatchObject({ check: 'linearizability', key: 'k', operations: [stale.id, slow.id] });
    expect(violation?.message).toContain('until then the key held w10');
  });

  it.each([
    [11, 0],
    [12, 1],
  ])('decides where many unknown writes that nobody saw may explain %d findings', (findings, violations) => {
    // Ten deletes and thirty puts: each finding but the first needs a delete before it, and each a put in it.
    const unknown = Array.from({ length: 40 }, (_, index) => {
      const change = { outcome: 'unknown', version: undefined } as const;
      if (index % 4 === 0) return remove(index, change);
      return put(index, index % 2 === 0 ? change : { ...change, ...ifAbsent });
    });
    const known = Array.from({ length: findings }, (_, index) => {
      const at = 100 + 10 * index;
      const conflict = { ...ifAbsent, outcome: 'conflict', version: versionAt(at + 3) } as const;
      return [put(at, ifAbsent), remove(at + 2), put(at + 4, conflict), put(at + 6)];
    }).flat();
    const found = linearizability([...unknown, ...known], 5000);
    expect(found.map(({ message }) => message.slice(0, 8))).toEqual(
      Array.from({ length: violations }, () => 'no order'),
    );
  });

  it('counts what it could not decide as a violation', () => {
    const writes = Array.from({ length: 10 }, (_, index) => put(index, { endedAt: 100 }));
    expect(linearizability(writes)).toEqual([]);
    expect(linearizability(writes, 50)[0]?.message).toContain('undecided: more than 50 orders');
  });
});
