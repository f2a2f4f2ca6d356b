import { changeIdAt, type TopologyState } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../errors.ts';
import { changeKeyspace } from './change-keyspace.ts';
import { keyspaceOf } from './keyspace-settings.ts';

const member = { id: '00000000-0000-4000-8000-000000000001', name: 'a', address: 'a:1', weight: 1 };
const first: TopologyState = {
  ...{ epoch: 1, clusterId: member.id, partitions: 1, members: [member], owners: [0], voters: [member.id] },
  ...{ keyspaces: [keyspaceOf({ name: 'default', replicas: 1 }, 1, 1)], nextKeyspaceId: 2, changes: [] },
};
const idOf = (ms: number): string => changeIdAt(ms, '0'.repeat(19));
const alter = { kind: 'alter', name: 'default', settings: {} } as const;

/** After changes under the ids of these times. */
function after(...times: number[]): TopologyState {
  return times.reduce((state, ms) => changeKeyspace(state, idOf(ms), alter), first);
}

/** What becomes of a try: the epoch that it makes, or the code of its refusal. */
function tried(state: TopologyState, id: string): number | string {
  try {
    return changeKeyspace(state, id, alter).epoch;
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
}

describe('a change that is tried again', () => {
  const times = Array.from({ length: 17 }, (_, i) => 100 + i);

  it('is recognised behind 15 others, and refused as forgotten behind 16', () => {
    expect(tried(after(...times.slice(0, 16)), idOf(100))).toBe(17);
    expect(tried(after(...times), idOf(100))).toBe('OPERATION_FORGOTTEN');
    expect(tried(after(...times), idOf(101))).toBe(18);
  });

  it('is refused as forgotten even where it would make no sense any more', () => {
    const id = idOf(99);
    const made = changeKeyspace(first, id, { kind: 'create', name: 'x', settings: {} });
    const later = times.reduce((state, ms) => changeKeyspace(state, idOf(ms), alter), made);
    expect(() => changeKeyspace(later, id, { kind: 'create', name: 'x', settings: {} })).toThrow(
      expect.objectContaining({ code: 'OPERATION_FORGOTTEN' }),
    );
  });

  it('is recognised however late its id is for the order, and makes room in that order', () => {
    const state = after(...times.slice(1), 201);
    expect(state.changes).toEqual([...state.changes].sort());
    expect(tried(state, idOf(101))).toBe('OPERATION_FORGOTTEN');
    expect(tried(state, idOf(102))).toBe(18);
  });

  it('does not stand behind ids that have no time, which were drawn once', () => {
    const old = Array.from({ length: 16 }, (_, i) => `ffffffff-ffff-4fff-8fff-ffffffffff${10 + i}`);
    const state = { ...first, epoch: 17, changes: old };
    expect(tried(state, idOf(1))).toBe(18);
    expect(tried(state, old[3]!)).toBe(17);
  });

  it('is never made twice, in whatever order changes come and are tried again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 120 }), (tries) => {
        const made = new Map<number, number>();
        let state = first;
        for (const ms of tries) {
          const { epoch } = state;
          try {
            state = changeKeyspace(state, idOf(ms), alter);
          } catch (error) {
            expect(error).toMatchObject({ code: 'OPERATION_FORGOTTEN' });
            // Refused only where 16 were made under later ids.
            expect([...made.keys()].filter((other) => other > ms).length).toBeGreaterThanOrEqual(16);
            continue;
          }
          if (state.epoch > epoch) made.set(ms, (made.get(ms) ?? 0) + 1);
          expect(made.get(ms)).toBe(1);
        }
        expect(state.epoch).toBe(1 + made.size);
      }),
    );
  });
});
